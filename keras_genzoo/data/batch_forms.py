"""Containers of batches: which are taken, and their batches in the forms that Keras takes."""

import keras
import numpy as np
import tensorflow as tf


def as_tuples(batches, rank):
    """A generator of tuples, which is what Keras takes, from one of batches in any form.

    Args:
        batches: Generator of arrays, or of tuples or lists of them; a batch may be a list of single images.
        rank: Rank of a single image.
    """
    return (_as_tuple(batch, rank) for batch in batches)


def _as_tuple(batch, rank):
    if isinstance(batch, list) and batch and all(len(getattr(each, "shape", ())) == rank for each in batch):
        return (stacked(batch),)
    if not isinstance(batch, tuple | list):
        return (batch,)
    return tuple(tuple(part) if isinstance(part, list) else part for part in batch)


def stacked(images):
    """An array of a list of images, which must have one size."""
    shapes = sorted({tuple(np.shape(each)) for each in images})
    if len(shapes) > 1:
        raise ValueError(f"Expected images of one size. Received: {', '.join(map(str, shapes))}")
    return np.stack(images)


def with_nested_inputs(batches, num, rank):
    """Batches whose first `num` parts are what a model is called with, `((first, second), ...)`, for `predict`.

    Args:
        batches: Container of batches; a first part that is itself a tuple is left as it is.
        num: Number of inputs of the model.
        rank: Rank of a single image.
    """
    if not isinstance(batches, tf.data.Dataset):
        return (_nested(batch, num) for batch in as_tuples(batches, rank))
    spec = batches.element_spec
    if not isinstance(spec, tuple) or len(spec) < num or isinstance(spec[0], tuple):
        return batches
    return batches.map(lambda *parts: _nested(parts, num))


def _nested(batch, num):
    return batch if isinstance(batch[0], tuple) or len(batch) < num else (batch[:num],)


def check_ends(x, **names):
    """Raises `ValueError` for a data set without an end where no number of steps is given."""
    ((name, value),) = names.items()
    if value is None and isinstance(x, tf.data.Dataset) and int(x.cardinality()) == tf.data.INFINITE_CARDINALITY:
        raise ValueError(f"Expected {name} for a data set that is repeated without end. Received: {name}=None")


def is_array_like(x):
    """Whether `x` is an array, or a list that might stand for one; not a container of batches."""
    return isinstance(x, (list, tuple, np.ndarray, tf.Tensor, tf.Variable)) or hasattr(x, "__array__")


def is_container(x):
    """Whether Keras takes batches from `x`."""
    known = isinstance(x, (keras.utils.PyDataset, tf.distribute.DistributedDataset))
    return known or any(base.__module__.partition(".")[0] in ("torch", "grain") for base in type(x).__mro__)
