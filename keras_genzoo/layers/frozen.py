"""Freezes what layers update without gradients: moving statistics and estimates of singular values."""

import contextlib
import threading

_state = threading.local()  # a replica of tf.distribute traces in a thread of its own


@contextlib.contextmanager
def frozen_statistics():
    """Within this context, layers compute as in training but do not update their running estimates.

    A generator update runs the discriminator in training mode and must not change it: neither its weights, nor the
    moving mean and variance of `BatchNormalization`, nor the vectors of `SpectralNormalization`.
    """
    before = is_frozen()
    _state.frozen = True
    try:
        yield
    finally:
        _state.frozen = before


def is_frozen():
    """Whether running estimates are frozen at the moment."""
    return getattr(_state, "frozen", False)
