"""Fully connected networks that several models use."""

import math

import keras
from keras import layers

from keras_genzoo.networks.conditions import append_to_vector, condition_inputs, network_of
from keras_genzoo.networks.conv import wrapped


def mlp_features(x, hidden_units, activation="tanh", dtype=None, wrapper=None):
    """Flattens `x` and applies dense layers of `hidden_units`: `(batch, ...)` -> `(batch, hidden_units[-1])`."""
    x = layers.Flatten(dtype=dtype)(x)
    for units in hidden_units:
        x = wrapped(layers.Dense(units, activation=activation, dtype=dtype), wrapper)(x)
    return x


def mlp_generator(
    image_shape,
    latent_dim,
    hidden_units=(500,),
    activation="tanh",
    output_activation=None,
    conditions=(),
    dtype=None,
    name="decoder",
    wrapper=None,
):
    """Builds a network from a code to an image with dense layers only.

    Args:
        image_shape: `(height, width, channels)` of the output.
        latent_dim: Length of the code.
        hidden_units: Units of the hidden layers, from the code to the image.
        activation: Activation of the hidden layers.
        output_activation: `"tanh"` for [-1, 1], `None` for logits.
        conditions: Conditions that the network takes as further inputs: see `keras_genzoo.families.conditions`.
        dtype: Dtype policy of the layers.
        name: Name of the network.
        wrapper: Class of a layer that wraps each dense layer; `None` for no wrapper.

    Returns:
        Functional `keras.Model`: `z` `(batch, latent_dim)`, or `[z, *conditions]`, ->
        `(batch, height, width, channels)`, float32.
    """
    z = keras.Input((latent_dim,), name="z")
    inputs, vector = condition_inputs(conditions)
    x = mlp_features(append_to_vector(z, vector, dtype), hidden_units, activation, dtype, wrapper)
    x = wrapped(layers.Dense(math.prod(image_shape), dtype=dtype), wrapper)(x)
    x = layers.Reshape(image_shape, dtype=dtype)(x)
    image = layers.Activation(output_activation, dtype="float32", name="image")(x)
    return network_of(z, inputs, image, name)
