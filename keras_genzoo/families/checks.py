"""Checks of values where images arrive: eagerly, or inside a graph, where their use fails with one sentence."""

import tensorflow as tf
from keras import ops

from keras_genzoo.families.allowed import unit_interval
from keras_genzoo.utils import pixels
from keras_genzoo.utils.graph_checks import check_in_graph


def images_in_range(images):
    """Images, whose use fails unless they hold pixels.

    Args:
        images: Tensor or array, uint8 in 0..255 or float in 0..1.

    Returns:
        The same as a tensor.

    Raises:
        ValueError: Outside of a graph, on values out of range; inside one, the step fails with the same sentence.
    """
    if isinstance(images, (list, tuple, dict)):
        raise ValueError(f"Expected images as one tensor. Received: a {type(images).__name__} of {len(images)}")
    images = ops.convert_to_tensor(images)
    if images.dtype.name == "uint8":
        return check_in_graph(images, ~_is_binary(images), pixels.BINARY_BYTES)
    if not images.dtype.is_floating:
        return images  # refused by its dtype
    return check_in_graph(images, unit_interval("images").inside(images), pixels.OUT_OF_RANGE)


def _is_binary(images):
    """Whether bytes are 0 and 1 alone, and enough of them 1 that this is no dark photo with a little noise."""
    ones = tf.reduce_mean(tf.cast(images == 1, tf.float32))
    return (tf.reduce_max(images) == 1) & (ones >= pixels.BINARY_SHARE)
