"""Checks of values inside a graph.

XLA drops assertions. `fit`, `evaluate`, `train_on_batch` and `test_on_batch` therefore run the checks of a batch before
a step that XLA compiles: see `keras_genzoo.families.compiling`. In a `tf.function(jit_compile=True)` of your own, check
the batches before it.
"""

import contextlib
import threading

import keras
import tensorflow as tf

_state = threading.local()  # a replica of tf.distribute traces in a thread of its own


def eager_value(variable):
    """The value of a variable as a NumPy array, also while a graph is traced, which does not follow later values."""
    with tf.init_scope():
        return keras.ops.convert_to_numpy(variable)


def check_in_graph(values, inside, *sentence):
    """`values`, whose use fails with one sentence unless all of `inside` is true.

    Args:
        values: Tensor, or structure of tensors, that waits for the check.
        inside: Boolean tensor of any shape.
        *sentence: The parts of the error, strings and tensors: "Expected ... Received: ...".

    Returns:
        The same structure.

    Raises:
        ValueError: Outside of a graph, where a check fails.

    Example:

    >>> float(check_in_graph(tf.constant(0.5), True, "Expected a number. Received: none"))
    0.5
    """
    if tf.executing_eagerly():
        if not tf.reduce_all(inside):
            raise ValueError(" ".join(map(str, sentence)))
        return keras.tree.map_structure(tf.convert_to_tensor, values)
    with refusal(tf.reduce_all(inside), *sentence):
        return keras.tree.map_structure(tf.identity, values)


def after(values, others):
    """A tensor that waits for another one, and for the checks of it."""
    with tf.control_dependencies([others]):
        return tf.identity(values)


def refusal(condition, *message):
    """A context: what is computed in it fails with a message, of texts and tensors, unless `condition` is true."""
    check = tf.debugging.Assert(condition, [*message])  # None outside of a graph, where it has been made
    getattr(_state, "checks", []).append(check)
    return tf.control_dependencies([check])


@contextlib.contextmanager
def collected_checks():
    """Context that gives the list of the operations of all checks within it."""
    before, _state.checks = getattr(_state, "checks", []), []
    try:
        yield _state.checks
    finally:
        _state.checks = before
