"""Shares of a batch under `tf.distribute`, so that several replicas make the step that one device would make.

A mean over a batch is the sum over the replicas of their means, each times the share of the batch that the replica
holds. The last batch of an epoch is seldom divided evenly, and a replica may hold nothing of it: it then computes with
one black image, whose share is 0.
"""

import threading

import keras
import tensorflow as tf

_state = threading.local()  # each replica traces in a thread of its own


def several():
    """Whether this runs on one of several replicas."""
    context = tf.distribute.get_replica_context()
    return context is not None and context.num_replicas_in_sync > 1


def total(tensor):
    """Sum of a tensor over the replicas; differentiable."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tensor) if several() else tensor


def begin_step(batch):
    """Notes what this replica holds, which `share` and `rows` give for the rest of the step; returns the batch.

    Args:
        batch: `Record` of tensors `(n, ...)`, where n is the number of images that this replica holds, maybe 0.

    Returns:
        The record, with one row of zeros where it had none.
    """
    _note(_rows(batch))
    return batch.map(_padded) if several() else batch


def begin_part(batch):
    """Like `begin_step`, for a part of the batch of a step."""
    _note(_rows(batch) * held() if several() else _rows(batch))
    return batch


def share():
    """What this replica holds of the batch of the step: a float32 scalar tensor; 1 where there is one replica.

    The shares of all replicas add up to 1. Outside of a step they are equal.
    """
    if not several():
        return tf.constant(1.0)
    return _state.share if _is_noted() else tf.constant(1.0 / tf.distribute.get_strategy().num_replicas_in_sync)


def rows():
    """How many images of the batch of the step this replica holds: a float32 scalar tensor; 1 outside of a step."""
    return _state.rows if _is_noted() else tf.constant(1.0)


def held():
    """1 where this replica holds images of the batch of the step, 0 where it has a black one in their place."""
    return tf.cast(share() > 0.0, tf.float32)


def result(metric):
    """The value of a Keras metric over all replicas; on one of several, Keras gives that of this replica alone."""
    return metric.stateless_result([total(each.value) for each in metric.variables]) if several() else metric.result()


def _note(rows):
    _state.rows, _state.share = rows, rows / total(rows) if several() else None
    _state.graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()


def _is_noted():
    """Whether something is noted for the step that runs here."""
    graphs, graph = [], None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    while graph is not None:  # it may have been noted outside of the body of a loop
        graphs.append(graph)
        graph = getattr(graph, "outer_graph", None)
    return hasattr(_state, "rows") and (_state.graph in graphs or (_state.graph is None and not graphs))


def _rows(batch):
    return tf.cast(tf.shape(keras.tree.flatten(batch.fields())[0])[0], tf.float32)


def _padded(x):
    """`x`, with one row of zeros where it has none."""
    rows = tf.shape(x)[0]
    return tf.concat([x, tf.zeros(tf.concat([[1], tf.shape(x)[1:]], axis=0), x.dtype)], axis=0)[: tf.maximum(rows, 1)]
