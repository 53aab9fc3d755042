"""Residual networks without normalization: the generator and the discriminator of R3GAN.

A block is an inverted bottleneck, x + W3 a(W2 a(W1 x)): a 1x1 convolution to more channels, a grouped 3x3 convolution,
and a 1x1 convolution back, with LeakyReLU of slope 0.2 as a. W3 starts at zero, so that a block starts as the identity,
and W1 and W2 start smaller in deeper networks: the initial weights do what normalization did
(https://arxiv.org/abs/1901.09321). Between stages, a 1x1 convolution changes the number of channels, and the resolution
changes by bilinear interpolation, without strided convolutions.

Huang et al., 2025, https://arxiv.org/abs/2501.05441, section 4 and figure 4.
"""

import math

import keras
from keras import layers

from keras_genzoo.layers import GroupedConv2D, LearnedBasis
from keras_genzoo.networks.conditions import append_to_vector, condition_inputs, network_of
from keras_genzoo.networks.conv import crop_to, num_doublings, projected_logits, start_shape, widths

SLOPE = 0.2
GAIN = 2.0 / (1.0 + SLOPE**2)  # keeps the variance through a LeakyReLU: https://arxiv.org/abs/1502.01852, equation 15


class ResidualStages:
    """Builds the layers of one network, all of the same dtype and with initial weights for its depth.

    Args:
        filters: Channels of each stage, first to last.
        num_blocks: Residual blocks of each stage.
        expansion: Channels inside of a block, as a multiple of those outside.
        group_size: Channels of a group of the 3x3 convolutions, a divisor of the channels inside of each block;
            `None` for one group.
        dtype: Dtype policy of the layers.
    """

    def __init__(self, filters, num_blocks=1, expansion=2, group_size=None, dtype=None):
        self.filters, self.num_blocks, self.expansion, self.group_size = filters, num_blocks, expansion, group_size
        self.dtype = dtype
        self.scale = GAIN / math.sqrt(len(filters) * num_blocks)

    def conv(self, x, filters, size=1, scale=1.0, groups=1, use_bias=False):
        start = keras.initializers.VarianceScaling(scale, mode="fan_in") if scale else "zeros"
        options = dict(padding="same", use_bias=use_bias, groups=groups, kernel_initializer=start, dtype=self.dtype)
        return (layers.Conv2D if groups == 1 else GroupedConv2D)(filters, size, **options)(x)

    def block(self, x):
        filters = x.shape[-1]
        inner = filters * self.expansion
        y = self.activated(self.conv(x, inner, scale=self.scale, use_bias=True))
        groups = inner // (self.group_size or inner)
        y = self.activated(self.conv(y, inner, 3, scale=self.scale, groups=groups, use_bias=True))
        return layers.Add(dtype=self.dtype)([x, self.conv(y, filters, scale=0.0)])

    def activated(self, x):
        return layers.LeakyReLU(negative_slope=SLOPE, dtype=self.dtype)(x)

    def blocks(self, x):
        for _ in range(self.num_blocks):
            x = self.block(x)
        return x

    def to_width(self, x, filters):
        return x if x.shape[-1] == filters else self.conv(x, filters)


def stage_widths(image_shape, filters):
    """Filters at each resolution of an image, from the full one down.

    Args:
        image_shape: `(height, width, channels)` of the image.
        filters: Filters at full resolution, which are doubled at each lower one, up to 8 times as many; or a list of
            those at each resolution, the last of which holds for all further ones.

    Raises:
        ValueError: If a list has more numbers than there are resolutions.

    Example:

    >>> stage_widths((32, 32, 3), 16), stage_widths((32, 32, 3), (16, 48))
    ([16, 32, 64, 128], [16, 48, 48, 48])
    """
    num = num_doublings(image_shape) + 1
    if isinstance(filters, int):
        return widths(num, filters)
    if not 1 <= len(filters) <= num:
        raise ValueError(
            f"Expected filters of 1..{num} resolutions of images of {image_shape[0]}x{image_shape[1]}. "
            f"Received: {list(filters)}"
        )
    return [*filters, *[filters[-1]] * (num - len(filters))]


def residual_generator(image_shape, latent_dim, filters=32, conditions=(), dtype=None, name="generator", **blocks):
    """Builds a network from a code to an image.

    Args:
        image_shape: `(height, width, channels)` of the output.
        latent_dim: Length of the code.
        filters: Filters of the resolutions: see `stage_widths`.
        conditions: Conditions that the network takes as further inputs: see `keras_genzoo.families.conditions`.
        dtype: Dtype policy of the layers.
        name: Name of the network.
        **blocks: `num_blocks`, `expansion` and `group_size`: see `ResidualStages`.

    Returns:
        Functional `keras.Model`: `z` `(batch, latent_dim)`, or `[z, *conditions]`, -> images in [-1, 1]
        `(batch, height, width, channels)`, float32.
    """
    filters = stage_widths(image_shape, filters)[::-1]
    stages = ResidualStages(filters, dtype=dtype, **blocks)
    z = keras.Input((latent_dim,), name="z")
    inputs, vector = condition_inputs(conditions)
    x = layers.Dense(filters[0], use_bias=False, kernel_initializer="lecun_normal", dtype=dtype)(
        append_to_vector(z, vector, dtype)
    )
    x = LearnedBasis(*start_shape(image_shape), dtype=dtype)(x)  # (batch, 7, 7, 128)
    for level, width in enumerate(filters):
        if level:
            x = layers.UpSampling2D(interpolation="bilinear", dtype=dtype)(stages.to_width(x, width))
        x = stages.blocks(x)  # (batch, 14, 14, 64), (batch, 28, 28, 32)
    x = crop_to(stages.conv(x, image_shape[2], use_bias=True), image_shape, dtype)
    image = layers.Activation("tanh", dtype="float32", name="image")(x)
    return network_of(z, inputs, image, name)


def residual_discriminator(image_shape, filters=32, conditions=(), dtype=None, name="discriminator", **blocks):
    """Builds a network from an image to one score, which judges each image by itself.

    Args:
        image_shape: `(height, width, channels)` of the input.
        filters: Filters of the resolutions: see `stage_widths`.
        conditions: Conditions that the network takes as further inputs: see `projected_logits`.
        dtype: Dtype policy of the layers.
        name: Name of the network.
        **blocks: `num_blocks`, `expansion` and `group_size`: see `ResidualStages`.

    Returns:
        Functional `keras.Model`: images in [-1, 1], or `[images, *conditions]`, -> scores `(batch, 1)`, float32.
    """
    filters = stage_widths(image_shape, filters)
    stages = ResidualStages(filters, dtype=dtype, **blocks)
    image = keras.Input(image_shape, name="image")
    inputs, vector = condition_inputs(conditions)
    x = stages.conv(image, filters[0], use_bias=True)  # (batch, 28, 28, 32)
    for level, width in enumerate(filters):
        if level:
            x = stages.to_width(layers.AveragePooling2D(2, padding="same", dtype=dtype)(x), width)
        x = stages.blocks(x)  # (batch, 14, 14, 64), (batch, 7, 7, 128)
    size = tuple(x.shape[1:3])
    x = layers.DepthwiseConv2D(size, use_bias=False, depthwise_initializer="lecun_normal", dtype=dtype)(x)
    x = layers.Flatten(dtype=dtype)(x)  # (batch, 128)
    return network_of(image, inputs, projected_logits(x, vector, output_bias=False, dtype=dtype), name)
