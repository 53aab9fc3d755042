"""Convolutional networks that several models use: from a code to an image, and from an image to features.

Images may have sides of 8..256 pixels and need not be square. A generator starts at 4..7 pixels on the shorter side and
doubles the resolution; if the sides are not multiples of the total factor, the surplus pixels are cropped. For signals,
`image_shape=(length, channels)`, the same networks are built of one-dimensional layers.
"""

import math

import keras
from keras import layers

from keras_genzoo.layers import (
    BatchNormalization,
    ConditionalBatchNormalization,
    Dropout,
    MinibatchStdDev,
    SelfAttention,
    SpectralNormalization,
)
from keras_genzoo.networks.conditions import append_to_vector, condition_inputs, network_of
from keras_genzoo.networks.sides import layers_of, sides_of

SMALLEST_SIDE = 4
MAX_WIDENING = 8  # the widest layer has at most this many times the filters of the full resolution


def num_doublings(image_shape):
    """Number of times that a generator doubles the resolution, starting at 4..7 pixels: 28 -> 2, 64 -> 4.

    >>> num_doublings((28, 28, 1)), num_doublings((64, 48, 3))
    (2, 3)
    """
    return math.floor(math.log2(min(sides_of(image_shape)) / SMALLEST_SIDE))


def num_halvings(image_shape):
    """Number of times that a discriminator halves the resolution, rounding up, until the shorter side has 3..4 pixels.

    This is one more than in the generator if the side is not a power of two. For a 28x28 image, a discriminator that
    stops at 7x7 has a receptive field of 10x10 pixels: it can miss that an image is right in each part but wrong as a
    whole.

    >>> num_halvings((28, 28, 1)), num_halvings((64, 48, 3))
    (3, 4)
    """
    return math.ceil(math.log2(min(sides_of(image_shape)) / SMALLEST_SIDE))


def start_shape(image_shape):
    """Sides of a generator's smallest feature map, rounded up: (28, 28, 1) -> (7, 7)."""
    factor = 2 ** num_doublings(image_shape)
    return tuple(math.ceil(side / factor) for side in sides_of(image_shape))


def widths(num, base_filters):
    """Filters of `num` layers, doubled from layer to layer up to 8 times `base_filters`: 3, 64 -> [64, 128, 256]."""
    return [base_filters * min(2**level, MAX_WIDENING) for level in range(num)]


def crop_to(x, image_shape, dtype=None):
    """Crops a feature map centrally to the sides of `image_shape`."""
    spare = [have - want for have, want in zip(sides_of(x.shape[1:]), sides_of(image_shape), strict=True)]
    if not any(spare):
        return x
    margins = [(extra // 2, extra - extra // 2) for extra in spare]
    return layers_of(image_shape).cropping(margins, dtype=dtype)(x)


def upsampled(x, filters, upsampling="transposed", kernel_size=4, wrapper=None, **options):
    """Doubles all sides, with a convolution.

    Args:
        x: Symbolic feature maps `(batch, height, width, channels)`, or `(batch, length, channels)`.
        filters: Channels of the result.
        upsampling: `"transposed"`, a transposed convolution; or `"nearest"`, a convolution, 3x3, of pixels that are
            repeated: it leaves no texture on plain areas (https://doi.org/10.23915/distill.00003).
        kernel_size: Kernel size of a transposed convolution.
        wrapper: Class of a layer that wraps a transposed convolution; `None` for no wrapper.
        **options: Of the layer.

    Raises:
        ValueError: If there is a wrapper of convolutions of repeated pixels.
    """
    of_sides = layers_of(x.shape[1:])
    if upsampling == "transposed":
        return wrapped(of_sides.transposed(filters, kernel_size, 2, "same", **options), wrapper)(x)
    if wrapper is not None:  # it would have to know the smaller kernel
        raise ValueError(f"Expected no wrapper of layers with upsampling='nearest'. Received: {wrapper.__name__}")
    return of_sides.upsampling(filters, **options)(x)


def conv_generator(
    image_shape,
    latent_dim,
    base_filters=64,
    kernel_size=4,
    output_activation="tanh",
    output_channels=None,
    batch_norm=True,
    kernel_initializer="glorot_uniform",
    gamma_initializer="ones",
    conditions=(),
    dtype=None,
    name="generator",
    wrapper=None,
    conditional_norm=False,
    attention_level=None,
    upsampling="transposed",
    dense_units=0,
):
    """Builds a network from a code to an image: a dense layer, then transposed convolutions of stride 2.

    Args:
        image_shape: `(height, width, channels)` of the output.
        latent_dim: Length of the code.
        base_filters: Filters at full resolution; doubled at each lower resolution, up to 8 times as many.
        kernel_size: Kernel size of all convolutions; a multiple of 2 avoids checkerboard artifacts.
        output_activation: `"tanh"` for [-1, 1], `None` for logits.
        output_channels: Channels of the output; `None` for the channels of `image_shape`.
        batch_norm: Whether batch normalization follows every layer except the last.
        kernel_initializer: Initializer of all kernels.
        gamma_initializer: Initializer of the scales of batch normalization.
        conditions: Conditions that the network takes as further inputs: see `keras_genzoo.families.conditions`.
        dtype: Dtype policy of the layers.
        name: Name of the network.
        wrapper: Class of a layer that wraps each dense layer and convolution; `None` for no wrapper.
        conditional_norm: Whether the conditions set the scales and offsets of batch normalization, and are not
            appended to the code.
        attention_level: Halvings from the full resolution to that of the maps that get self-attention; `None` for
            none.
        upsampling: See `upsampled`.
        dense_units: Units of a dense layer before that of the smallest maps; 0 for none.

    Returns:
        Functional `keras.Model`: `z` `(batch, latent_dim)`, or `[z, *conditions]`, ->
        `(batch, height, width, channels)`, float32.
    """
    *outer, widest = widths(num_doublings(image_shape) + 1, base_filters)
    start, common = start_shape(image_shape), dict(kernel_initializer=kernel_initializer, dtype=dtype)
    hidden = dict(use_bias=not batch_norm, **common)

    def normalize_and_activate(x, level=-1):
        x = normalized(x, vector if conditional_norm else None, gamma_initializer, dtype) if batch_norm else x
        x = layers.ReLU(dtype=dtype)(x)
        return attended(x, wrapper, dtype) if level == attention_level else x

    z, (inputs, vector) = keras.Input((latent_dim,), name="z"), condition_inputs(conditions)
    x = z if conditional_norm else append_to_vector(z, vector, dtype)
    x = normalize_and_activate(wrapped(layers.Dense(dense_units, **hidden), wrapper)(x)) if dense_units else x
    x = wrapped(layers.Dense(math.prod(start) * widest, **hidden), wrapper)(x)
    x = normalize_and_activate(layers.Reshape((*start, widest), dtype=dtype)(x), len(outer))  # (batch, 7, 7, 256)
    for level, filters in reversed([*enumerate(outer)]):
        x = upsampled(x, filters, upsampling, kernel_size, wrapper, **hidden)
        x = normalize_and_activate(x, level)  # (batch, 14, 14, 128), (batch, 28, 28, 64)
    last = layers_of(image_shape).conv(output_channels or image_shape[-1], kernel_size, padding="same", **common)
    x = crop_to(wrapped(last, wrapper)(x), image_shape, dtype)  # (batch, 28, 28, channels)
    image = layers.Activation(output_activation, dtype="float32", name="image")(x)
    return network_of(z, inputs, image, name)


def conv_features(
    x,
    image_shape,
    base_filters=64,
    kernel_size=4,
    num_layers=None,
    batch_norm=True,
    kernel_initializer="glorot_uniform",
    gamma_initializer="ones",
    wrapper=None,
    dropout=0.0,
    minibatch_stddev=False,
    dtype=None,
    attention_level=None,
    dense_units=0,
):
    """Applies convolutions of stride 2 with doubled filters; the first one is never normalized.

    Args:
        x: Symbolic images `(batch, height, width, channels)`.
        image_shape: `(height, width, channels)` of the images.
        base_filters: Filters of the first convolution; doubled from layer to layer, up to 8 times as many.
        kernel_size: Kernel size of all convolutions.
        num_layers: Number of convolutions; `None` for as many as leave 3..4 pixels on the shorter side.
        batch_norm: Whether batch normalization follows all convolutions except the first.
        kernel_initializer: Initializer of all kernels.
        gamma_initializer: Initializer of the scales of batch normalization.
        wrapper: Class of a layer that wraps each convolution, for example `SpectralNormalization`; `None` for no
            wrapper.
        dropout: Share of the features that is set to zero after each convolution in training.
        minibatch_stddev: Whether the standard deviation over the batch is appended to the last features.
        dtype: Dtype policy of the layers.
        attention_level: Number of the convolution whose maps get self-attention, from 1; `None` for none.
        dense_units: Units of a dense layer at the end; 0 for none.

    Returns:
        Symbolic features, flattened: `(batch, features)`.
    """
    common = dict(kernel_initializer=kernel_initializer, dtype=dtype)

    def activated(x, normalized):
        if normalized:
            x = BatchNormalization(gamma_initializer=gamma_initializer, dtype=dtype)(x)
        return layers.LeakyReLU(negative_slope=0.2, dtype=dtype)(x)

    num = num_halvings(image_shape) if num_layers is None else num_layers
    for level, filters in enumerate(widths(num, base_filters)):
        normalized = batch_norm and level > 0
        options = dict(strides=2, padding="same", use_bias=not normalized)
        layer = layers_of(image_shape).conv(filters, kernel_size, **options, **common)
        # (batch, 14, 14, 64), (batch, 7, 7, 128), (batch, 4, 4, 256)
        x = activated(wrapped(layer, wrapper)(x), normalized)
        if level + 1 == attention_level:
            x = attended(x, wrapper, dtype)
        if dropout:
            x = Dropout(dropout, dtype=dtype)(x)
    maps, x = x, (MinibatchStdDev(dtype=dtype)(x) if minibatch_stddev and not dense_units else x)
    x = layers.Flatten(dtype=dtype)(x)
    if dense_units:
        x = activated(wrapped(layers.Dense(dense_units, use_bias=not batch_norm, **common), wrapper)(x), batch_norm)
        x = MinibatchStdDev(dtype=dtype)(x, of=maps) if minibatch_stddev else x  # past the normalization of vectors
    return x


def wrapped(layer, wrapper=None):
    """Wraps `layer` in a layer of the class `wrapper`; returns `layer` itself if `wrapper` is `None`."""
    return layer if wrapper is None else wrapper(layer)


def normalized(x, vector=None, gamma_initializer="ones", dtype=None):
    """Features after batch normalization, whose scales and offsets depend on `vector` where it is given."""
    options = dict(gamma_initializer=gamma_initializer, dtype=dtype)
    return BatchNormalization(**options)(x) if vector is None else ConditionalBatchNormalization(**options)([x, vector])


def attended(x, wrapper=None, dtype=None):
    """Maps after self-attention, spectrally normalized where the other layers are."""
    return SelfAttention(spectral_normalization=wrapper is SpectralNormalization, dtype=dtype)(x)


def conv_discriminator(image_shape, conditions=(), output_bias=True, dtype=None, name="discriminator", **kwargs):
    """Builds a network from an image to one logit: convolutions of stride 2 and a dense layer.

    Args:
        image_shape: `(height, width, channels)` of the input.
        conditions: Conditions that the network takes as further inputs. The logit is then a projection: the weights
            of the last features are the sum of shared weights and weights of the class
            (https://arxiv.org/abs/1802.05637, equation 3).
        output_bias: Whether a bias is added to the logit.
        dtype: Dtype policy of the layers.
        name: Name of the network.
        **kwargs: See `conv_features`.

    Returns:
        Functional `keras.Model`: images in [-1, 1], or `[images, *conditions]`, -> logits `(batch, 1)`, float32.
    """
    image = keras.Input(image_shape, name="image")
    inputs, vector = condition_inputs(conditions)
    x = conv_features(image, image_shape, dtype=dtype, **kwargs)
    common = {key: kwargs[key] for key in ("kernel_initializer", "wrapper") if key in kwargs}
    logits = projected_logits(x, vector, output_bias, dtype=dtype, **common)
    return network_of(image, inputs, logits, name)  # (batch, 1)


def projected_logits(x, vector, output_bias=True, kernel_initializer="glorot_uniform", wrapper=None, dtype=None):
    """One logit of features `(batch, n)`, in float32: a dense layer, to which the conditions add weights of their own.

    Args:
        x: Symbolic features.
        vector: The conditions as one vector, `None` without any: see `condition_inputs`.
        output_bias: Whether a bias is added.
        kernel_initializer: Initializer of all kernels.
        wrapper: Class of a layer that wraps each dense layer; `None` for no wrapper.
        dtype: Dtype policy of the weights of the conditions.

    References:
        Miyato and Koyama, 2018, https://arxiv.org/abs/1802.05637, equation 3.
    """
    common = dict(kernel_initializer=kernel_initializer)
    logits = wrapped(layers.Dense(1, use_bias=output_bias, dtype="float32", name="logits", **common), wrapper)(x)
    if vector is not None:
        class_weights = layers.Dense(x.shape[-1], use_bias=False, dtype=dtype, name="class_weights", **common)
        of_class = wrapped(class_weights, wrapper)(vector)  # (batch, features)
        logits = layers.Add(dtype="float32")([logits, layers.Dot(axes=1, dtype="float32")([x, of_class])])
    return logits  # (batch, 1)
