"""Residual networks between images and maps of vectors at a lower resolution."""

import math

import keras
from keras import layers

from keras_genzoo.networks.conv import crop_to


def map_shape(image_shape, num_halvings):
    """Height and width of the map of an image, rounded up: `(28, 28, 1), 2` -> `(7, 7)`."""
    factor = 2**num_halvings
    return math.ceil(image_shape[0] / factor), math.ceil(image_shape[1] / factor)


def check_halvings(image_shape, **numbers):
    """Raises `ValueError` unless each named number of halvings changes a map of the image, down to one pixel."""
    if len(image_shape) < 3:  # no image, which is refused with a sentence of its own
        return
    most = math.ceil(math.log2(max(image_shape[:2])))
    for name, number in numbers.items():
        if number > most:
            raise ValueError(
                f"Expected {name} of at most {most} for images of {image_shape[0]}x{image_shape[1]}. "
                f"Received: {name}={number}"
            )


def map_encoder(image_shape, dim, num_halvings, filters, num_blocks, dtype=None, name="encoder"):
    """Builds a network from an image to a map: convolutions of stride 2, then residual blocks.

    Args:
        image_shape: `(height, width, channels)`.
        dim: Channels of the map.
        num_halvings: How often the resolution is halved, at least 1.
        filters: Channels inside.
        num_blocks: Number of residual blocks.
        dtype: Dtype policy of the layers.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: images -> maps, float32, `(batch, *map_shape(image_shape, num_halvings), dim)`.
    """
    image = x = keras.Input(image_shape, name="image")
    for _ in range(num_halvings):
        x = layers.Conv2D(filters, 4, strides=2, padding="same", activation="relu", dtype=dtype)(x)
    x = layers.Conv2D(filters, 3, padding="same", dtype=dtype)(x)
    x = _residual_blocks(x, filters, num_blocks, dtype)
    return keras.Model(image, layers.Conv2D(dim, 1, dtype="float32", name="vectors")(x), name=name)


def map_decoder(image_shape, dim, num_halvings, filters, num_blocks, dtype=None, name="decoder"):
    """Builds a network from a flat map to an image: residual blocks, then transposed convolutions of stride 2.

    Args:
        image_shape: `(height, width, channels)`.
        dim: Channels of the map.
        num_halvings: How often the resolution is doubled, at least 1.
        filters: Channels inside.
        num_blocks: Number of residual blocks.
        dtype: Dtype policy of the layers.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: `z` `(batch, height * width * dim)` of the map -> images, float32, not bounded.
    """
    height, width = map_shape(image_shape, num_halvings)
    z = keras.Input((height * width * dim,), name="z")
    x = layers.Reshape((height, width, dim), dtype=dtype)(z)
    x = layers.Conv2D(filters, 3, padding="same", dtype=dtype)(x)
    x = _residual_blocks(x, filters, num_blocks, dtype)
    for index in range(num_halvings):
        last = index == num_halvings - 1
        x = layers.Conv2DTranspose(
            image_shape[2] if last else filters,
            4,
            strides=2,
            padding="same",
            activation=None if last else "relu",
            dtype=dtype,
        )(x)
    x = crop_to(x, image_shape, dtype)
    # No tanh: while codes carry nothing yet, the best image is the mean image, and of dark images a tanh would be
    # driven to its flat end, from where no gradient leads back.
    return keras.Model(z, layers.Activation("linear", dtype="float32", name="image")(x), name=name)


def _residual_blocks(x, filters, num_blocks, dtype):
    for _ in range(num_blocks):
        inner = layers.Conv2D(filters, 3, padding="same", dtype=dtype)(layers.ReLU(dtype=dtype)(x))
        inner = layers.Conv2D(filters, 1, use_bias=False, dtype=dtype)(layers.ReLU(dtype=dtype)(inner))
        x = layers.Add(dtype=dtype)([x, inner])
    return layers.ReLU(dtype=dtype)(x)
