"""Holding still what layers learn outside of gradients: moving statistics, estimates of singular values."""

import contextlib
import threading

_state = threading.local()  # a replica of tf.distribute traces in a thread of its own


@contextlib.contextmanager
def frozen_statistics():
    """Within this context layers compute as in training but leave their own running estimates alone.

    A generator update runs the discriminator in training mode, and must not change it: not its weights, and neither
    the moving mean and variance of `BatchNormalization` nor the vectors of `SpectralNormalization`.
    """
    before = is_frozen()
    _state.frozen = True
    try:
        yield
    finally:
        _state.frozen = before


def is_frozen():
    """Whether running estimates are held still at the moment."""
    return getattr(_state, "frozen", False)
