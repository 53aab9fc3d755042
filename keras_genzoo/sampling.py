"""Random numbers: latent codes that depend on (seed, index) alone, and noise for a training step.

This file and the family classes are where TensorFlow is named: Keras has no counter-based generator.
"""

import contextlib
import math
import random
import secrets

import tensorflow as tf
from keras import ops

_PHILOX = 1  # the algorithm's number in tf.random.Algorithm


def normal_rows(seed, start, num, dim, stream=0):
    """Standard normal rows of which row i depends on `(seed, start + i)` and `dim` alone.

    All rows are cut from one Philox stream, each from a range of counters of its own, so any part of a collection
    can be made anywhere, in any order, with any batch size: rows 500..502 of a thousand equal three rows started at
    500, bit for bit on one kind of device. Works on numbers and, inside a graph, on tensors.

    Args:
        seed: Integer, or int64 scalar tensor: which stream.
        start: Index of the first row, at least 0.
        num: Number of rows.
        dim: Numbers in a row (a Python integer).
        stream: Integer, or integer scalar tensor, 0 or more: each gives rows of their own under one seed, for example
            one for each step of a chain.

    Returns:
        Float32 tensor `(num, dim)`.

    References:
        Salmon et al., 2011, Parallel random numbers: as easy as 1, 2, 3 (Philox).

    Example:

    >>> rows = normal_rows(seed=7, start=0, num=1000, dim=10)
    >>> same = normal_rows(seed=7, start=500, num=3, dim=10)
    >>> bool((rows[500:503].numpy() == same.numpy()).all())
    True
    """
    return _rows(tf.raw_ops.StatelessRandomNormalV2, seed, start, num, dim, stream)


def uniform_rows(seed, start, num, dim, stream=0):
    """Uniform rows on [0, 1), float32 `(num, dim)`; row i depends on `(seed, start + i)` alone: see `normal_rows`."""
    return _rows(tf.raw_ops.StatelessRandomUniformV2, seed, start, num, dim, stream)


def _rows(draw, seed, start, num, dim, stream):
    # A counter gives four numbers, so a row takes whole counters and what is over is cut off. Rows are counted in the
    # lower half of its 128 bits, and streams in the upper one.
    per_row = math.ceil(dim / 4)
    key = tf.reshape(tf.bitcast(tf.cast(seed, tf.int64), tf.uint64), [1])
    first = tf.cast(start, tf.int64) * per_row
    counter = tf.bitcast(tf.stack([first, tf.cast(stream, tf.int64)]), tf.uint64)
    shape = tf.reshape(tf.cast(num, tf.int32) * (per_row * 4), [1])
    flat = draw(shape=shape, key=key, counter=counter, alg=_PHILOX)
    return tf.reshape(flat, [-1, per_row * 4])[:, :dim]


def step_seed(seed_generator):
    """The next seed for a training step; under `tf.distribute` each replica gets another one.

    Args:
        seed_generator: The model's `keras.random.SeedGenerator`; its state is saved with the model.

    Returns:
        Tensor of two integers, as the stateless functions of `tf.random` take them.
    """
    seed = seed_generator.next()
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return seed
    return seed + ops.cast(context.replica_id_in_sync_group, seed.dtype) * ops.convert_to_tensor([1, 0], seed.dtype)


def step_normal(shape, seed_generator):
    """Standard normal noise of a training step: float32, `shape`."""
    return tf.random.stateless_normal(shape, step_seed(seed_generator))


def step_uniform(shape, seed_generator):
    """Uniform noise on [0, 1) of a training step: float32, `shape`."""
    return tf.random.stateless_uniform(shape, step_seed(seed_generator))


def bernoulli(probabilities, noise):
    """Draws of 0 or 1: float32, 1 where uniform `noise` is below the probability. Both tensors have one shape."""
    return ops.cast(noise < probabilities, "float32")


def fresh_seed():
    """A seed that nobody chose: 0..2**31 - 1, from the operating system."""
    return secrets.randbelow(2**31)


@contextlib.contextmanager
def seeded_initializers(seed):
    """Within this context, layers that are built draw their first weights from `seed`; `None` leaves them as they are.

    Keras gives an initializer without a seed one from Python's `random`; its state is put back afterwards.
    """
    if seed is None:
        yield
        return
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
