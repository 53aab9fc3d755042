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
    """One-hot encodes labels: `(batch,)` -> `(batch, num_classes)`; weights of classes of that shape stay."""
    if len(labels.shape) == 2:
        return labels
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


def applied(network, batch, training=False):
    """Output of a network for a record, in which classes may be mixed.

    Where the record has weights of classes `(batch, num_classes)` in place of the classes `(batch,)` of an input, what
    the network looks up of a class, its one-hot vector or its embedding, is the weighted mean over the classes.

    Args:
        network: Functional network.
        batch: `Record`: see `Record.feed`.
        training: As for `network`.
    """
    tensors = batch.feed(network)
    listed = tensors if isinstance(tensors, list) else [tensors]
    mixed = tuple(
        each.name
        for each, values in zip(network.inputs, listed, strict=True)
        if len(each.shape) == 1 and len(values.shape) == 2
    )
    if not mixed:
        return network(tensors, training=training)
    # A function, which Keras neither tracks nor saves, as it would networks in a container.
    kept = network.__dict__.setdefault("_behind_classes", {})
    if mixed not in kept:
        kept[mixed] = _behind_classes(network, mixed)
    return kept[mixed](listed, training)


def _behind_classes(network, names):
    """A function of what a network takes, `(list of tensors, training)`, with weights of classes for some inputs.

    Its network begins behind the lookups of these inputs, and shares all weights.
    """
    starts, sources = [], []
    for index, each in enumerate(network.inputs):
        if each.name in names:
            found = _lookups(network, each)
            starts += found
            sources += [(index, keras.Model(each, output)) for output in found]
        else:
            starts.append(each)
            sources.append((index, None))
    inner = keras.Model(starts, network.output, name=f"{network.name}_of_mixtures")

    def call(tensors, training):
        return inner([_mean(tensors[index], lookup) for index, lookup in sources], training=training)

    return call


def _lookups(network, classes):
    """The symbolic vectors `(batch, n)` that a network looks up of an input of classes."""
    # Calls, not operations: a layer of several networks, such as those of an export, is called in each of them.
    calls = [call for level in network._nodes_by_depth.values() for call in level]
    readers = [call for call in calls if any(x is classes for x in call.input_tensors)]
    found = [output for call in readers if len(call.input_tensors) == 1 for output in call.outputs]
    floats = [len(each.shape) == 2 and "float" in str(each.dtype) for each in found]
    if not readers or len(found) < len(readers) or not all(floats):
        raise ValueError(
            f"Expected one class per image: {network.name} looks up no vector of {classes.name}. Received: weights of "
            "classes"
        )
    return found


def _mean(values, lookup):
    """What is looked up, as a mean over classes weighted by `values`; the values themselves without a lookup."""
    if lookup is None:
        return ops.convert_to_tensor(values)
    table = lookup(ops.arange(values.shape[-1], dtype="int32"))  # (num_classes, n)
    return ops.matmul(ops.cast(values, table.dtype), table)
