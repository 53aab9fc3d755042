"""The residual network of image translation: two convolutions of stride 2, residual blocks, two upsampling layers.

Images may have sides of 8..256 pixels and need not be square. Sides that are not multiples of 4 are padded by
reflection, and the output is cropped by the same margins. For signals, the same network is built of one-dimensional
layers.
"""

import functools

import keras
from keras import layers

from keras_genzoo.layers import Dropout, InstanceNormalization, ReflectionPadding
from keras_genzoo.networks.conv import crop_to, upsampled
from keras_genzoo.networks.sides import layers_of, sides_of

STRIDE = 4  # the residual blocks work at a quarter of the resolution
BLOCKS, BLOCKS_OF_LARGE_IMAGES, LARGE = 6, 9, 128


def default_num_blocks(image_shape):
    """Default number of residual blocks: 6 for images of up to 128 pixels per side, 9 for larger ones.

    >>> default_num_blocks((64, 64, 3)), default_num_blocks((256, 128, 3))
    (6, 9)
    """
    return BLOCKS if max(sides_of(image_shape)) <= LARGE else BLOCKS_OF_LARGE_IMAGES


def reflect(x, *margins):
    """Pads all sides by reflection.

    Args:
        x: Symbolic feature maps `(batch, height, width, channels)`, or `(batch, length, channels)`.
        *margins: One number of pixels for all ends, or a pair of two numbers for each side: `(top, bottom)` and
            `(left, right)`.
    """
    pairs = [(margins[0], margins[0])] * len(sides_of(x.shape[1:])) if isinstance(margins[0], int) else margins
    return ReflectionPadding(pairs, dtype=x.dtype)(x) if any(map(any, pairs)) else x


def padded(image):
    """Pads all sides of symbolic images by reflection to multiples of the stride, half of it at each end."""
    surplus = [-side % STRIDE for side in sides_of(image.shape[1:])]
    return reflect(image, *((extra // 2, extra - extra // 2) for extra in surplus))


def residual_translator(
    image_shape,
    base_filters=64,
    num_blocks=None,
    separable=False,
    dropout=0.0,
    upsampling="transposed",
    kernel_initializer="glorot_uniform",
    dtype=None,
    name="generator",
):
    """Builds a network from an image to an image of the same size.

    The convolutions that change the resolution have 4x4 kernels. Their size is a multiple of the stride 2, which avoids
    checkerboard artifacts, and their padding is symmetric, so that the output is not shifted against the input.

    Args:
        image_shape: `(height, width, channels)`.
        base_filters: Filters at full resolution; twice as many at half the resolution, four times as many at a quarter.
        num_blocks: Number of residual blocks; `None` for 6 up to 128 pixels per side and 9 above.
        separable: Whether each convolution of a block is one of each channel by itself, 3x3, normalized, and one of
            each pixel by itself: an eighth of the weights of the blocks, for devices
            (https://arxiv.org/abs/2003.08936, section 3.2).
        dropout: Share of the features that is set to zero in training, within each block.
        upsampling: See `keras_genzoo.networks.conv.upsampled`.
        kernel_initializer: Initializer of all kernels.
        dtype: Dtype policy of the layers.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: images in [-1, 1] -> images in [-1, 1], float32, both
        `(batch, height, width, channels)`.

    References:
        Johnson, Alahi and Fei-Fei, 2016, https://arxiv.org/abs/1603.08155; in this form Zhu et al., 2017,
        https://arxiv.org/abs/1703.10593, appendix 7.2.
    """
    num_blocks = default_num_blocks(image_shape) if num_blocks is None else num_blocks
    common, of_sides = dict(kernel_initializer=kernel_initializer, dtype=dtype), layers_of(image_shape)

    def normalized(layer, x, activate=True):
        x = InstanceNormalization(dtype=dtype)(layer(x))
        return layers.ReLU(dtype=dtype)(x) if activate else x

    def conv(filters, kernel_size, **kwargs):
        return of_sides.conv(filters, kernel_size, use_bias=False, **kwargs, **common)

    def block_conv(x):
        each = of_sides.depthwise(3, use_bias=False, depthwise_initializer="he_normal", dtype=dtype)
        x = normalized(each, reflect(x, 1), activate=False) if separable else reflect(x, 1)
        return conv(4 * base_filters, 1 if separable else 3), x

    image = keras.Input(image_shape, name="image")
    x = normalized(conv(base_filters, 7), reflect(padded(image), 3))  # (batch, 64, 64, 64)
    for filters in (2 * base_filters, 4 * base_filters):
        x = normalized(conv(filters, 4, strides=2, padding="same"), x)  # (batch, 32, 32, 128), (batch, 16, 16, 256)
    for _ in range(num_blocks):
        inner = normalized(*block_conv(x))
        inner = Dropout(dropout, dtype=dtype)(inner) if dropout else inner
        x = layers.Add(dtype=dtype)([x, normalized(*block_conv(inner), activate=False)])
    for filters in (2 * base_filters, base_filters):
        larger = functools.partial(upsampled, filters=filters, upsampling=upsampling, use_bias=False, **common)
        x = normalized(larger, x)  # (batch, 32, 32, 128), (batch, 64, 64, 64)
    x = crop_to(of_sides.conv(image_shape[-1], 7, **common)(reflect(x, 3)), image_shape, dtype)
    return keras.Model(image, layers.Activation("tanh", dtype="float32", name="translation")(x), name=name)
