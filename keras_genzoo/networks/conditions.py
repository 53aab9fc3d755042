"""Conditions as inputs of networks: concatenated with a code as a vector, or with an image as a channel."""

import math

import keras
import numpy as np
from keras import layers, ops


def condition_inputs(conditions):
    """Creates the inputs of a network for its conditions.

    Args:
        conditions: Sequence of conditions: see `keras_genzoo.families.conditions`.

    Returns:
        Tuple `(inputs, vector)`. `inputs` is a list with one symbolic input per condition: int32 `(batch,)` for
        classes, float32 `(batch, dim)` for real numbers. `vector` is the concatenation of all conditions `(batch, d)`,
        with classes one-hot encoded; `None` if there are no conditions.
    """
    inputs, vectors = [], []
    for condition in conditions:
        spec = condition.spec
        inputs.append(keras.Input(tuple(spec.shape[1:]), dtype=spec.dtype.name, name=spec.name))
        vectors.append(one_hot(inputs[-1], condition.num_classes) if spec.dtype.is_integer else inputs[-1])
    if not vectors:
        return inputs, None
    return inputs, vectors[0] if len(vectors) == 1 else layers.Concatenate(dtype="float32")(vectors)


def one_hot(labels, num_classes):
    """One-hot encodes labels: `(batch,)` -> `(batch, num_classes)`."""
    # Not ops.one_hot: in an 8-bit LiteRT file its output would take the scale of the tensor that it is concatenated
    # with, and ones would no longer be exactly one.
    return ops.take(np.eye(num_classes, dtype="float32"), labels, axis=0)


def append_to_vector(x, vector, dtype=None):
    """Appends the conditions to a code or features: `(batch, n)` -> `(batch, n + d)`; `x` without conditions."""
    return x if vector is None else layers.Concatenate(dtype=dtype)([x, vector])


def append_to_image(image, vector, dtype=None):
    """Appends a channel learned from the conditions to an image; `image` if there are no conditions.

    A convolution takes spatial inputs only, so a dense layer without bias maps the conditions to a value for each
    pixel: one learned plane per class.
    """
    if vector is None:
        return image
    sides = image.shape[1:-1]
    plane = layers.Dense(math.prod(sides), use_bias=False, dtype=dtype)(vector)  # (batch, height * width)
    plane = layers.Reshape((*sides, 1), dtype=dtype)(plane)
    return layers.Concatenate(dtype=dtype)([image, plane])


def network_of(main, inputs, outputs, name):
    """Builds a functional model from one main input and, if there are any, the inputs of conditions.

    Args:
        main: Symbolic main input.
        inputs: List of the inputs of conditions, as returned by `condition_inputs`.
        outputs: Symbolic output or dict of outputs.
        name: Name of the network.
    """
    return keras.Model([main, *inputs] if inputs else main, outputs, name=name)
