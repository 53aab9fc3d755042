"""Checks of values where images arrive: eagerly, or inside a graph, where their use fails with one sentence."""

import tensorflow as tf
from keras import ops

from keras_genzoo.families.allowed import unit_interval
from keras_genzoo.utils import pixels
from keras_genzoo.utils.graph_checks import check_in_graph

TELLING = 2  # images of 0 and 1 alone: one may be a dark photo with noise


def of_step(model, images):
    """Images of a training or test step, whose use fails unless they hold data as the model takes them.

    Once a training has begun, one image of 0 and 1 alone does not end it: the last batch of an epoch may be a dark
    photo with noise.
    """
    optimizer = getattr(model, "optimizer", None)
    begun = optimizer is not None and optimizer.iterations > 0
    return model.values.in_range(images, least=tf.where(begun, TELLING, 1))


def images_in_range(images, least=1):
    """Images, whose use fails unless they hold pixels.

    Args:
        images: Tensor or array, uint8 in 0..255 or float in 0..1.
        least: Number of images from which on bytes of 0 and 1 alone are refused.

    Returns:
        The same as a tensor.

    Raises:
        ValueError: Outside of a graph, on values out of range; inside one, the step fails with the same sentence.
    """
    if isinstance(images, (list, tuple, dict)):
        raise ValueError(f"Expected images as one tensor. Received: a {type(images).__name__} of {len(images)}")
    images = ops.convert_to_tensor(images)
    if images.dtype.name == "uint8":
        told = _is_binary(images) & (tf.shape(images)[0] >= least)
        return check_in_graph(images, ~told, pixels.BINARY_BYTES)
    if not images.dtype.is_floating:
        return images  # refused by its dtype
    return check_in_graph(images, unit_interval("images").inside(images), pixels.OUT_OF_RANGE)


def of_shape(values, data):
    """Data, whose use fails unless it has the dtype and the size of those of a model.

    Sizes that a graph does not know, as of decoded files or of a generator whose batches differ, are checked in a step.

    Args:
        values: What the data are: see `keras_genzoo.families.values`.
        data: Tensor.

    Returns:
        The same, of static shape `(batch, *values.shape)`.
    """
    shape = values.shape
    sentence = f"Expected {values.noun} of shape (batch, {', '.join(map(str, shape))}). Received:"
    if data.shape.rank is None:
        data = check_in_graph(data, tf.equal(tf.rank(data), len(shape) + 1), sentence, tf.rank(data), "dimensions")
        data.set_shape([None] * (len(shape) + 1))
    values.check_spec(tuple(data.shape), data.dtype.name)
    if None in data.shape[1:]:
        sizes = tf.shape(data)
        text = tf.strings.reduce_join(tf.strings.as_string(sizes), separator=", ")  # an assertion shows three numbers
        received = tf.strings.join(["shape (", text, ")"])
        data = check_in_graph(data, sizes[1:] == list(shape), sentence, received)
        data = tf.ensure_shape(data, (None, *shape))
    return data


def _is_binary(images):
    """Whether bytes are 0 and 1 alone, and enough of them 1 that this is no dark photo with a little noise."""
    ones = tf.reduce_mean(tf.cast(images == 1, tf.float32))
    return (tf.reduce_max(images) == 1) & (ones >= pixels.BINARY_SHARE)
