"""Fully connected networks that several models share."""

import math

import keras
from keras import layers

from keras_genzoo.networks.labels import beside_code, label_input, network_of


def mlp_features(x, hidden_units, activation="tanh", dtype=None):
    """Flattens `x` and applies dense layers of `hidden_units`: `(batch, ...)` -> `(batch, hidden_units[-1])`."""
    x = layers.Flatten(dtype=dtype)(x)
    for units in hidden_units:
        x = layers.Dense(units, activation=activation, dtype=dtype)(x)
    return x


def mlp_generator(
    image_shape,
    latent_dim,
    hidden_units=(500,),
    activation="tanh",
    output_activation=None,
    num_classes=None,
    dtype=None,
    name="decoder",
):
    """A network from a code to an image: dense layers only.

    Args:
        image_shape: `(height, width, channels)` of the output.
        latent_dim: Length of the code.
        hidden_units: Units of the hidden layers, from the code to the image.
        activation: Of the hidden layers.
        output_activation: `"tanh"` for [-1, 1], `None` for logits.
        num_classes: Number of classes of a second input, the labels; `None` for no such input.
        dtype: Dtype policy of the layers.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: `z` `(batch, latent_dim)`, or `[z, labels]` with labels `(batch,)`, ->
        `(batch, height, width, channels)`, float32.
    """
    z = keras.Input((latent_dim,), name="z")
    labels, one_hot = label_input(num_classes)
    x = mlp_features(beside_code(z, one_hot, dtype), hidden_units, activation, dtype)
    x = layers.Dense(math.prod(image_shape), dtype=dtype)(x)
    x = layers.Reshape(image_shape, dtype=dtype)(x)
    image = layers.Activation(output_activation, dtype="float32", name="image")(x)
    return network_of(z, labels, image, name)
