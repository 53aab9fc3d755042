"""Which seed generator the steps of a model draw from: that of training, or that of tests."""

import contextlib
import threading


class _State(threading.local):  # a replica of tf.distribute traces in a thread of its own
    testing = False


_state = _State()


@contextlib.contextmanager
def noise_for_tests():
    """Within this context, `ZooModel.noise` gives the seed generator of test steps."""
    before, _state.testing = _state.testing, True
    try:
        yield
    finally:
        _state.testing = before


def is_testing():
    """Whether noise is that of test steps at the moment."""
    return _state.testing
