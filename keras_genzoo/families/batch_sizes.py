"""Batches that are large enough for what a training makes of them."""

from keras import ops

from keras_genzoo.layers import BatchNormalization, ConditionalBatchNormalization
from keras_genzoo.utils.graph_checks import check_in_graph
from keras_genzoo.utils.noise import is_testing


def enough_at_first(batch, least, optimizer, sentence):
    """The record of a batch, refused where a training would begin with too few images.

    The last batch of an epoch may be a short one, and so may those of tests.

    Args:
        batch: Record with `images`.
        least: Number of images that are needed.
        optimizer: The optimizer whose steps tell whether the training has begun.
        sentence: The error.
    """
    if is_testing():
        return batch
    enough = (ops.shape(batch.images)[0] >= least) | (optimizer.iterations > 0)
    return batch.replace(images=check_in_graph(batch.images, enough, sentence))


def enough_for_normalization(model, batch, networks, updates=1):
    """The record of a batch, refused where a training would begin with a single image in each update.

    Batch normalization of a vector takes the mean over the images alone: of a single image, nothing is left, and a
    generator would learn one image for all codes.

    Args:
        model: A model with `d_optimizer`.
        batch: Record with `images`.
        networks: The networks that the batch passes through.
        updates: Number of parts that the batch is divided into.
    """
    if not any(normalizes_vectors(network) for network in networks):
        return batch
    each = f" for each of {updates} updates" if updates > 1 else ""
    sentence = f"Expected batches of at least {2 * updates} images, two{each}, to normalize them. Received: fewer"
    return enough_at_first(batch, 2 * updates, model.d_optimizer, sentence)


def normalizes_vectors(network):
    """Whether a network has batch normalization of vectors, whose mean is over the batch alone."""
    kinds = (BatchNormalization, ConditionalBatchNormalization)
    return any(isinstance(layer, kinds) and len(layer.output.shape) == 2 for layer in network.layers)
