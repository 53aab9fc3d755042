"""What an epoch of a dataset is: its number, its order and its batches."""

import dataclasses
import math
import threading

import numpy as np
import tensorflow as tf


class Epochs:
    """Numbers of the epochs of a dataset: each call begins the next one.

    Args:
        first: Number of the first epoch.
    """

    def __init__(self, first):
        self._next, self._lock = first, threading.Lock()  # TensorFlow calls this from threads of its own

    def begin(self):
        """The number of the epoch that begins."""
        with self._lock:
            number = self._next
            self._next += 1
            return number


@dataclasses.dataclass(frozen=True)
class Plan:
    """How images become batches."""

    batch_size: int
    shuffle: bool
    repeat: int
    seed: int
    first_epoch: int
    drop_remainder: bool

    @property
    def full(self):
        """Whether another image takes the place of one that cannot be read."""
        return self.drop_remainder

    def steps(self, n):
        """Number of batches in an epoch of `n` images."""
        total = n * self.repeat
        steps = total // self.batch_size if self.drop_remainder else math.ceil(total / self.batch_size)
        if steps == 0:
            times = " times repeat" * (self.repeat > 1)
            raise ValueError(
                f"Expected batch_size of at most the number of images{times}, {total}, with drop_remainder=True. "
                f"Received: batch_size={self.batch_size}"
            )
        return steps

    def passes(self, function):
        """A dataset of one int64 vector, `function(epoch)`; each pass over the dataset is the next epoch."""
        epochs = Epochs(self.first_epoch)
        return tf.data.Dataset.from_tensors(0).map(
            lambda _: tf.ensure_shape(tf.numpy_function(lambda: function(epochs.begin()), [], tf.int64), [None])
        )

    def parts(self, epoch):
        """Numbers of the passes over the images in an epoch; without repetition, that of the epoch."""
        return range(epoch * self.repeat, (epoch + 1) * self.repeat)

    def order(self, number, n):
        """The indices of `n` images in the order of a pass."""
        return np.random.default_rng((self.seed, number)).permutation(n) if self.shuffle else np.arange(n)

    def rows(self, n):
        """A dataset of the indices of each batch of an epoch; only the permutation is made in Python, per epoch."""
        size, steps = self.batch_size, self.steps(n)  # an error in the graph would be a trace
        return self.passes(lambda epoch: np.concatenate([self.order(each, n) for each in self.parts(epoch)])).flat_map(
            lambda order: tf.data.Dataset.range(steps).map(lambda step: order[step * size : (step + 1) * size])
        )
