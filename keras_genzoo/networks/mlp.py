"""Fully connected networks that several models use."""

import math

import keras
from keras import layers

from keras_genzoo.layers import BatchNormalization, Dropout, MinibatchStdDev
from keras_genzoo.networks.conditions import append_to_vector, condition_inputs, network_of
from keras_genzoo.networks.conv import projected_logits, wrapped


def mlp_features(
    x,
    hidden_units,
    activation="tanh",
    dtype=None,
    wrapper=None,
    batch_norm=False,
    kernel_initializer="glorot_uniform",
    dropout=0.0,
):
    """Flattens `x` and applies dense layers: `(batch, ...)` -> `(batch, hidden_units[-1])`.

    Args:
        x: Symbolic tensor.
        hidden_units: Units of each layer.
        activation: Activation of each layer.
        dtype: Dtype policy of the layers.
        wrapper: Class of a layer that wraps each dense layer; `None` for no wrapper.
        batch_norm: Whether batch normalization comes before each activation.
        kernel_initializer: Initializer of all kernels.
        dropout: Share of the features that is set to zero after each layer in training.
    """
    x = layers.Flatten(dtype=dtype)(x)
    common = dict(kernel_initializer=kernel_initializer, dtype=dtype)
    for units in hidden_units:
        if batch_norm:
            x = wrapped(layers.Dense(units, use_bias=False, **common), wrapper)(x)
            x = layers.Activation(activation, dtype=dtype)(BatchNormalization(dtype=dtype)(x))
        else:
            x = wrapped(layers.Dense(units, activation=activation, **common), wrapper)(x)
        if dropout:
            x = Dropout(dropout, dtype=dtype)(x)
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
    batch_norm=False,
    kernel_initializer="glorot_uniform",
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
        batch_norm: Whether batch normalization comes before the activation of each hidden layer.
        kernel_initializer: Initializer of all kernels.

    Returns:
        Functional `keras.Model`: `z` `(batch, latent_dim)`, or `[z, *conditions]`, ->
        `(batch, height, width, channels)`, float32.
    """
    z = keras.Input((latent_dim,), name="z")
    inputs, vector = condition_inputs(conditions)
    common = dict(kernel_initializer=kernel_initializer, dtype=dtype)
    x = append_to_vector(z, vector, dtype)
    x = mlp_features(x, hidden_units, activation, wrapper=wrapper, batch_norm=batch_norm, **common)
    x = wrapped(layers.Dense(math.prod(image_shape), **common), wrapper)(x)
    x = layers.Reshape(image_shape, dtype=dtype)(x)
    image = layers.Activation(output_activation, dtype="float32", name="image")(x)
    return network_of(z, inputs, image, name)


def mlp_discriminator(
    image_shape,
    hidden_units=(500,),
    conditions=(),
    output_bias=True,
    minibatch_stddev=False,
    kernel_initializer="glorot_uniform",
    wrapper=None,
    dropout=0.0,
    dtype=None,
    name="discriminator",
):
    """Builds a network from an image to one logit: dense layers with LeakyReLU of slope 0.2, not normalized.

    Args:
        image_shape: `(height, width, channels)` of the input.
        hidden_units: Units of the hidden layers, from the image to the logit.
        conditions: Conditions that the network takes as further inputs: see `projected_logits`.
        output_bias: Whether a bias is added to the logit.
        minibatch_stddev: Whether the standard deviation over the batch is appended to the last features.
        kernel_initializer: Initializer of all kernels.
        wrapper: Class of a layer that wraps each dense layer; `None` for no wrapper.
        dropout: Share of the features that is set to zero after each hidden layer in training.
        dtype: Dtype policy of the layers.
        name: Name of the network.

    Returns:
        Functional `keras.Model`: images in [-1, 1], or `[images, *conditions]`, -> logits `(batch, 1)`, float32.
    """
    image = keras.Input(image_shape, name="image")
    inputs, vector = condition_inputs(conditions)
    common = dict(kernel_initializer=kernel_initializer, wrapper=wrapper, dtype=dtype)
    x = mlp_features(image, hidden_units, "leaky_relu", dropout=dropout, **common)
    if minibatch_stddev:
        x = MinibatchStdDev(dtype=dtype)(x)
    return network_of(image, inputs, projected_logits(x, vector, output_bias, **common), name)
