"""Random numbers: latent codes that depend only on (seed, index), and noise for training steps.

TensorFlow is used here because Keras has no counter-based random number generator.
"""

import contextlib
import math
import random

import tensorflow as tf
from keras import ops

_PHILOX = 1  # tf.random.Algorithm.PHILOX


def normal_rows(seed, start, num, dim, stream=0):
    """Standard normal rows; row i depends only on `(seed, start + i)` and `dim`.

    Each row is drawn from its own range of counters of one Philox stream, so any part of a collection can be generated
    on any machine, in any order and with any batch size: rows 500..502 of a thousand equal three rows that start at
    500, bit for bit on one kind of device. Takes numbers or, inside a graph, tensors.

    Args:
        seed: Integer, or int64 scalar tensor.
        start: Index of the first row, at least 0.
        num: Number of rows.
        dim: Length of a row (a Python integer).
        stream: Integer, or integer scalar tensor, at least 0. Different streams give different rows for the same seed,
            for example one stream for each step of a chain.

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
    """Uniform rows on [0, 1), float32 `(num, dim)`; row i depends only on `(seed, start + i)`: see `normal_rows`."""
    return _rows(tf.raw_ops.StatelessRandomUniformV2, seed, start, num, dim, stream)


def _rows(draw, seed, start, num, dim, stream):
    # A counter gives four numbers, so a row takes whole counters, and surplus numbers are dropped. The lower half of
    # the 128 bits of a counter is the row, the upper half the stream.
    per_row = math.ceil(dim / 4)
    key = tf.reshape(tf.bitcast(tf.cast(seed, tf.int64), tf.uint64), [1])
    first = tf.cast(start, tf.int64) * per_row
    counter = tf.bitcast(tf.stack([first, tf.cast(stream, tf.int64)]), tf.uint64)
    shape = tf.reshape(tf.cast(num, tf.int32) * (per_row * 4), [1])
    flat = draw(shape=shape, key=key, counter=counter, alg=_PHILOX)
    return tf.reshape(flat, [-1, per_row * 4])[:, :dim]


def step_seed(seed_generator):
    """The next seed for a training step; under `tf.distribute`, each replica gets a different one.

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


def step_key(seed_generator):
    """The next seed for the functions of rows in a training step: an int64 scalar tensor."""
    seed = step_seed(seed_generator)
    return tf.random.stateless_uniform((), seed, minval=None, maxval=None, dtype=tf.int64)


def step_normal(shape, seed_generator):
    """Standard normal noise of a training step: float32, `shape`."""
    return tf.random.stateless_normal(shape, step_seed(seed_generator))


def step_uniform(shape, seed_generator):
    """Uniform noise on [0, 1) of a training step: float32, `shape`."""
    return tf.random.stateless_uniform(shape, step_seed(seed_generator))


def uniform_from_normal(normal):
    """Uniform numbers on [0, 1] from standard normal ones, by their distribution function; any shape and dtype."""
    return 0.5 * (1.0 + ops.erf(normal / math.sqrt(2.0)))


def bernoulli(probabilities, noise):
    """Draws of 0 or 1, float32: 1 where uniform `noise` is below the probability. Both tensors have the same shape."""
    return ops.cast(noise < probabilities, "float32")


def fresh_seed():
    """A random seed in 0..2**31 - 1 from Python's `random`, as in Keras: `keras.utils.set_random_seed` repeats it."""
    return random.randrange(2**31)


@contextlib.contextmanager
def seeded_initializers(seed):
    """Within this context, layers draw their initial weights from `seed`; `None` changes nothing.

    Keras seeds initializers without a seed from Python's `random`; its state is restored afterwards.
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
