"""Counts the passes over a dataset, and lets a check look at its first batch without counting one."""

import contextlib
import threading

_looks = []  # looks in progress; TensorFlow calls the counters from threads of its own
_lock = threading.Lock()


class Epochs:
    """Numbers of the epochs of a dataset: each call begins the next one, except inside of `not_counted`.

    Args:
        first: Number of the first epoch.
    """

    def __init__(self, first):
        self._next = first

    def begin(self):
        """The number of the epoch that begins."""
        with _lock:
            number = self._next
            self._next += not _looks
            return number


@contextlib.contextmanager
def not_counted():
    """Context in which a pass that begins, over any dataset of `keras_genzoo.data`, is not counted as an epoch."""
    with _lock:
        _looks.append(True)
    try:
        yield
    finally:
        with _lock:
            _looks.pop()


def first_batch(dataset):
    """The first batch of a dataset, which does not count as an epoch."""
    with not_counted():
        passing = iter(dataset.take(1))
        batch = next(passing)
        del passing  # ends its threads, which may have begun another pass, before passes count again
    return batch
