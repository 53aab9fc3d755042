"""The networks of a ladder of maps: features of an image for each level, and the way down from level to level.

A level has a map whose resolution is that of the image halved some times; levels are counted from the top, which has
the smallest map.
"""

import keras
from keras import layers, ops

from keras_genzoo.networks.code_maps import map_shape
from keras_genzoo.networks.conv import crop_to


def ladder_encoder(image_shape, level_halvings, filters, num_blocks, dtype=None, name="encoder"):
    """Builds the network from an image up the levels.

    Args:
        image_shape: `(height, width, channels)`.
        level_halvings: How often each level halves the resolution, from the top; none more often than the one above.
        filters: Channels inside.
        num_blocks: Residual blocks of each level.
        dtype: Dtype policy of the layers.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: images -> list of features `(batch, height, width, filters)`, from the top.
    """
    image = x = keras.Input(image_shape, name="image")
    features, reached = [], 0
    for halvings in reversed(level_halvings):
        for _ in range(halvings - reached):
            x = layers.Conv2D(filters, 4, strides=2, padding="same", dtype=dtype)(x)
        reached = halvings
        x = residual_blocks(x, filters, num_blocks, dtype)
        features.append(x)
    return keras.Model(image, features[::-1], name=name)


def gaussian_network(shapes, channels, filters, dtype=None, name=None):
    """Builds a network from one or more maps of the same resolution to the means and log-variances of a level.

    Args:
        shapes: List of the shapes of the inputs, `(height, width, channels)`.
        channels: Channels of the level.
        filters: Channels inside.
        dtype: Dtype policy of the layers.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: maps, or a list of them, -> `(batch, height, width, 2 * channels)`, float32: means,
        then log-variances.
    """
    inputs = [keras.Input(shape) for shape in shapes]
    x = inputs[0] if len(inputs) == 1 else layers.Concatenate(dtype=dtype)(inputs)
    x = layers.Activation("elu", dtype=dtype)(x)
    x = layers.Conv2D(filters, 3, padding="same", activation="elu", dtype=dtype)(x)
    outputs = layers.Conv2D(2 * channels, 1, dtype="float32")(x)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs, name=name)


def step_network(map_of_level, map_of_next, channels, filters, num_blocks, first, dtype=None, name=None):
    """Builds the network that takes the map of a level into the state on the way down.

    Args:
        map_of_level: Height and width of the level.
        map_of_next: Shapes of the maps up to the next level, each up to twice as large; empty where the size stays.
        channels: Channels of the level.
        filters: Channels of the state.
        num_blocks: Number of residual blocks.
        first: Whether this is the top level, which has no state yet.
        dtype: Dtype policy of the layers.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: `z`, or `[state, z]`, -> state of the next level `(batch, height, width, filters)`.
    """
    z = keras.Input((*map_of_level, channels), name="level")
    x = layers.Conv2D(filters, 3, padding="same", use_bias=first, dtype=dtype)(z)
    inputs = z
    if not first:
        state = keras.Input((*map_of_level, filters), name="state")
        x, inputs = layers.Add(dtype=dtype)([state, x]), [state, z]
    x = residual_blocks(x, filters, num_blocks, dtype)
    for shape in map_of_next:
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same", dtype=dtype)(x)
        x = crop_to(x, (*shape, filters), dtype)
    return keras.Model(inputs, x, name=name)


def head_network(image_shape, maps, filters, output_activation=None, dtype=None, name="head"):
    """Builds the network from the last state to the image.

    Args:
        image_shape: `(height, width, channels)`.
        maps: Shape of the map of the state, and of those up to the image, each up to twice as large.
        filters: Channels of the state.
        output_activation: `None` for logits or unbounded means.
        dtype: Dtype policy of the layers.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: state -> `(batch, height, width, channels)`, float32.
    """
    state = keras.Input((*maps[0], filters), name="state")
    x = layers.Activation("elu", dtype=dtype)(state)
    for index, shape in enumerate(maps[1:]):
        last = index == len(maps) - 2
        x = layers.Conv2DTranspose(
            image_shape[2] if last else filters,
            6 if last else 4,
            strides=2,
            padding="same",
            activation=None if last else "elu",
            dtype="float32" if last else dtype,
        )(x)
        x = crop_to(x, (*shape, image_shape[2]), "float32" if last else dtype)
    return keras.Model(state, layers.Activation(output_activation, dtype="float32", name="image")(x), name=name)


def maps_between(image_shape, halvings, fewer):
    """Shapes of the maps from `halvings` to `fewer` halvings, the first one left out."""
    return [map_shape(image_shape, number) for number in range(halvings - 1, fewer - 1, -1)]


def residual_blocks(x, filters, num_blocks, dtype=None):
    """Adds to maps what blocks of two convolutions make of them, one after the other."""
    for _ in range(num_blocks):
        inner = layers.Activation("elu", dtype=dtype)(x)
        inner = layers.Conv2D(filters, 3, padding="same", activation="elu", dtype=dtype)(inner)
        inner = layers.Conv2D(filters, 3, padding="same", use_bias=False, dtype=dtype)(inner)
        x = layers.Add(dtype=dtype)([x, inner])
    return x


def ladder_decoder(level_shapes, steps, head, name="decoder"):
    """Builds the network from a code of all levels to the image, of the networks of the way down.

    Args:
        level_shapes: Shapes of the maps of the levels, from the top.
        steps: List of `step_network`, from the top.
        head: `head_network`.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: `z` `(batch, latent_dim)`, the maps of all levels, flattened and one after the other,
        -> `(batch, height, width, channels)`, float32.
    """
    sizes = [height * width * channels for height, width, channels in level_shapes]
    z = keras.Input((sum(sizes),), name="z")
    state, end = None, 0
    for shape, size, step in zip(level_shapes, sizes, steps, strict=True):
        start, end = end, end + size
        level = ops.reshape(z[:, start:end], (-1, *shape))
        state = step(level if state is None else [state, level])
    return keras.Model(z, head(state), name=name)
