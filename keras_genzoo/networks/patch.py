"""The patch discriminator: a convolutional network that scores overlapping patches of an image, or of a signal."""

import math

import keras
from keras import layers

from keras_genzoo.layers import InstanceNormalization
from keras_genzoo.networks.conv import widths
from keras_genzoo.networks.sides import described, layers_of, sides_of

KERNEL = 4
MIN_MAP = 2  # smallest side of a feature map: instance normalization of a single pixel is always zero


def max_num_layers(image_shape):
    """Largest number of strided convolutions that leaves a map with sides of at least 2 pixels: (64, 48, 3) -> 5."""
    side, num = min(sides_of(image_shape)), 0
    while math.ceil(side / 2) >= MIN_MAP:
        side, num = math.ceil(side / 2), num + 1
    return num


def default_num_layers(image_shape):
    """Default number of strided convolutions: 3 (as in the paper) from 128 pixels on, 2 from 64, 1 below.

    >>> [default_num_layers((side, side, 3)) for side in (8, 32, 64, 128, 256)]
    [1, 1, 2, 3, 3]
    """
    return min(3, max(1, math.floor(math.log2(min(sides_of(image_shape)))) - 4))


def receptive_field(num_layers):
    """Side of the patch that one score depends on, in pixels: 16, 34, 70 for 1, 2, 3 strided convolutions.

    >>> [receptive_field(num) for num in (1, 2, 3)]
    [16, 34, 70]
    """
    side = 1
    for stride in [1, 1] + [2] * num_layers:
        side = (side - 1) * stride + KERNEL
    return side


def patch_scores(
    x,
    base_filters=64,
    num_layers=3,
    normalization=InstanceNormalization,
    kernel_initializer="glorot_uniform",
    dtype=None,
):
    """Applies strided convolutions, one convolution of stride 1, and one that gives a score per patch.

    Args:
        x: Symbolic images `(batch, height, width, channels)`; a conditional model stacks two images as channels.
        base_filters: Filters of the first convolution; doubled from layer to layer, up to 8 times as many.
        num_layers: Number of strided convolutions, at least 1.
        normalization: Class of the layers that follow all convolutions except the first and the last.
        kernel_initializer: Initializer of all kernels.
        dtype: Dtype policy of the layers.

    Returns:
        Symbolic scores `(batch, rows, columns, 1)`, float32; `rows` and `columns` are the height and width divided by
        `2^num_layers`, rounded up.
    """
    common, conv = dict(padding="same", kernel_initializer=kernel_initializer), layers_of(x.shape[1:]).conv
    for level, filters in enumerate(widths(num_layers + 1, base_filters)):
        stride = 2 if level < num_layers else 1
        x = conv(filters, KERNEL, strides=stride, use_bias=level == 0, dtype=dtype, **common)(x)
        if level > 0:
            x = normalization(dtype=dtype)(x)
        x = layers.LeakyReLU(negative_slope=0.2, dtype=dtype)(x)  # (batch, 32, 32, 64), (16, 16, 128), (16, 16, 256)
    x = conv(1, KERNEL, dtype=dtype, **common)(x)
    return layers.Activation("linear", dtype="float32", name="scores")(x)


def patch_discriminator(image_shape, base_filters=64, num_layers=None, dtype=None, name="discriminator", **kwargs):
    """Builds a network from an image to a map of scores, one per patch.

    Args:
        image_shape: `(height, width, channels)`.
        base_filters: Filters of the first convolution.
        num_layers: Number of strided convolutions; `None` for 3 from 128 pixels on, 2 from 64, 1 below.
        dtype: Dtype policy of the layers.
        name: Name of the network.
        **kwargs: See `patch_scores`.

    Returns:
        Functional `keras.Model`: images in [-1, 1] -> scores `(batch, rows, columns, 1)`, float32.

    Raises:
        ValueError: If the strided convolutions would leave a side of less than 2 pixels.

    References:
        Isola et al., 2017, https://arxiv.org/abs/1611.07004, section 3.2.2 and appendix 6.1.2.
    """
    num_layers = default_num_layers(image_shape) if num_layers is None else num_layers
    if num_layers > max_num_layers(image_shape):
        raise ValueError(
            f"Expected at most {max_num_layers(image_shape)} strided convolutions for {described(image_shape)}. "
            f"Received: {num_layers}"
        )
    image = keras.Input(image_shape, name="image")
    return keras.Model(image, patch_scores(image, base_filters, num_layers, dtype=dtype, **kwargs), name=name)
