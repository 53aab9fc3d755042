"""Functions of a model, compiled once and run over arrays of any length in passes of bounded memory."""

import keras
import numpy as np
import tensorflow as tf

from keras_genzoo.utils.checks import check_at_least


def compiled_function(model, key, function, **kwargs):
    """`function` as a `tf.function`, traced once for each kind of input and kept with the model under `key`.

    It is traced anew once a layer has other variables than before, as after `enable_lora`.
    """
    # Past Keras' tracking: nothing of it belongs into a saved file.
    functions, traced = (model.__dict__.setdefault(*each) for each in (("_functions", {}), ("_traced", [])))
    layers = model._flatten_layers() if isinstance(model, keras.Model) else ()
    variables = [variable for layer in layers for variable in layer._trainable_variables]
    if len(variables) != len(traced) or any(a is not b for a, b in zip(variables, traced, strict=True)):
        functions.clear()
        traced[:] = variables
    if key not in functions:
        functions[key] = tf.function(function, reduce_retracing=True, **kwargs)
        # TensorFlow counts by the place in the code, and would warn of retracing where several models are used.
        functions[key]._omit_frequent_tracing_warning = True
    return functions[key]


def in_batches(model, key, function, batch_size, *arrays, **named):
    """Results of a compiled function of parts of arrays.

    Args:
        model: The model that keeps the compiled function.
        key: Name under which it is kept.
        function: Takes as many tensors as there are arrays; gives tensors of as many rows, in any structure.
        batch_size: Rows in one pass, at least 1.
        *arrays: Arrays of equal length, the first of which says how many rows there are; scalars are passed on as they
            are.
        **named: The same, handed to `function` by name.

    Returns:
        List of what the function gives for each part, as NumPy arrays.
    """
    check_at_least(1, batch_size=batch_size)
    arrays = [np.asarray(x) for x in (*arrays, *named.values())]
    num_positional = len(arrays) - len(named)
    # Traced once for all lengths of a part.
    specs = [tf.TensorSpec((None, *x.shape[1:]) if x.ndim else (), x.dtype) for x in arrays]
    key = " ".join([key, *named, *(x.dtype.name for x in arrays)])

    def call(*tensors):
        return function(*tensors[:num_positional], **dict(zip(named, tensors[num_positional:], strict=True)))

    run, parts = compiled_function(model, key, call, input_signature=specs), []
    for first in range(0, len(arrays[0]), batch_size):
        cut = [x[first : first + batch_size] if x.ndim else x for x in arrays]
        parts.append(keras.tree.map_structure(np.asarray, run(*cut)))
    return parts


def joined(parts, shape, dtype="float32"):
    """The parts of `in_batches` as one array; an empty one of `shape` after its first axis where there are none."""
    return np.concatenate(parts) if parts else np.empty((0, *shape), dtype)
