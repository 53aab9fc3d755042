"""The U-Net of image translation: strided convolutions down, transposed ones up, and skip connections between them.

Images may have sides of 8..256 pixels and need not be square: where a resolution is odd, the map that comes back up is
cropped to the size of the one that it meets. For signals, the same network is built of one-dimensional layers.
"""

import keras
from keras import layers

from keras_genzoo.layers import Dropout, InstanceNormalization
from keras_genzoo.networks.conv import crop_to, upsampled, widths
from keras_genzoo.networks.patch import max_num_layers
from keras_genzoo.networks.sides import described, layers_of

KERNEL = 4
DROPPED_LEVELS = 3


def unet_translator(
    image_shape,
    base_filters=64,
    num_levels=None,
    dropout=0.5,
    upsampling="transposed",
    kernel_initializer="glorot_uniform",
    dtype=None,
    name="generator",
):
    """Builds a network from an image to an image of the same size, with a path from each resolution to itself.

    Args:
        image_shape: `(height, width, channels)`.
        base_filters: Filters of the first convolution; doubled at each lower resolution, up to 8 times as many.
        num_levels: Number of halvings of the resolution; `None` for as many as leave sides of at least 2 pixels.
        dropout: Share of the features that is set to zero in training, after each of the three lowest transposed
            convolutions.
        upsampling: See `keras_genzoo.networks.conv.upsampled`.
        kernel_initializer: Initializer of all kernels.
        dtype: Dtype policy of the layers.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: images in [-1, 1] -> images in [-1, 1], float32, both
        `(batch, height, width, channels)`.

    Raises:
        ValueError: If the halvings would leave a side of less than 2 pixels.

    References:
        Ronneberger, Fischer and Brox, 2015, https://arxiv.org/abs/1505.04597; in this form Isola et al., 2017,
        https://arxiv.org/abs/1611.07004, section 3.2.1 and appendix 6.1.1.
    """
    most = max_num_layers(image_shape)
    num_levels = most if num_levels is None else num_levels
    if num_levels > most:
        raise ValueError(
            f"Expected at most {most} levels for {described(image_shape)}. Received: num_levels={num_levels}"
        )
    common = dict(kernel_initializer=kernel_initializer, dtype=dtype)
    filters, conv = widths(num_levels, base_filters), layers_of(image_shape).conv
    image = x = keras.Input(image_shape, name="image")
    skips = []
    for level, num in enumerate(filters):
        if level:
            x = layers.LeakyReLU(negative_slope=0.2, dtype=dtype)(x)
        x = conv(num, KERNEL, 2, "same", use_bias=level == 0, **common)(x)  # (batch, 32, 32, 64), (16, 16, 128), ...
        if level:
            x = InstanceNormalization(dtype=dtype)(x)
        skips.append(x)
    for level in reversed(range(1, num_levels)):
        x = upsampled(layers.ReLU(dtype=dtype)(x), filters[level - 1], upsampling, use_bias=False, **common)
        x = InstanceNormalization(dtype=dtype)(crop_to(x, skips[level - 1].shape[1:], dtype))
        if dropout and level >= num_levels - DROPPED_LEVELS:
            x = Dropout(dropout, dtype=dtype)(x)
        x = layers.Concatenate(dtype=dtype)([x, skips[level - 1]])
    x = upsampled(layers.ReLU(dtype=dtype)(x), image_shape[-1], upsampling, **common)
    x = layers.Activation("tanh", dtype="float32", name="translation")(crop_to(x, image_shape, dtype))
    return keras.Model(image, x, name=name)
