"""Silences libraries whose C++ code writes to the error stream and has no option to stop it."""

import contextlib
import os
import sys


@contextlib.contextmanager
def quiet_stderr():
    """Within this context, output to the error stream is dropped; errors are still raised as exceptions."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
