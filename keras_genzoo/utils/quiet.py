"""Silences libraries whose C++ code writes to the error stream and has no option to stop it."""

import contextlib
import os
import sys
import threading

_lock = threading.Lock()
_depth = 0  # how many contexts are open, in all threads: the stream belongs to the process
_kept = None  # the error stream, while the first of them has replaced it


@contextlib.contextmanager
def quiet_stderr():
    """Within this context, output to the error stream is dropped; errors are still raised as exceptions.

    Contexts may be nested, and open in several threads at once: the stream is back when the last one ends.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter():
    global _depth, _kept
    with _lock:
        if _depth == 0:
            _flush()
            with contextlib.suppress(OSError):  # a service without an error stream has nothing to silence
                _kept = os.dup(2)
                with open(os.devnull, "wb") as nowhere:
                    os.dup2(nowhere.fileno(), 2)
        _depth += 1


def _leave():
    global _depth, _kept
    with _lock:
        _depth -= 1
        if _depth == 0 and _kept is not None:
            _flush()
            os.dup2(_kept, 2)
            os.close(_kept)
            _kept = None


def _flush():
    if sys.stderr is not None:
        sys.stderr.flush()
