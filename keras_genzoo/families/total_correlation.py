"""What every estimate of a total correlation needs: several components, and batches of several images."""

from keras import ops

from keras_genzoo.utils.graph_checks import check_in_graph
from keras_genzoo.utils.noise import is_testing


def check_components(model):
    """Raises `ValueError` unless the codes of a model have several components."""
    if model.latent_dim < 2:
        raise ValueError(
            "Expected latent_dim of at least 2: a total correlation is one of several components. "
            f"Received: latent_dim={model.latent_dim}"
        )


def checked_batch(model, batch):
    """The record of a batch, which is refused where the first one of a training has a single image.

    The last batch of an epoch may have a single one.
    """
    if is_testing():
        return batch
    enough = (ops.shape(batch.images)[0] > 1) | (model.optimizer.iterations > 0)
    sentence = "Expected batches of at least 2 images, which a total correlation is estimated from. Received: 1"
    return batch.replace(images=check_in_graph(batch.images, enough, sentence))
