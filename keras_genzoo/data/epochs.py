"""Counts the passes over a dataset."""

import threading


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
