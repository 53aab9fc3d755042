"""Silence for libraries whose C++ code writes to the error stream whatever they are told."""

import contextlib
import os
import sys


@contextlib.contextmanager
def quiet_stderr():
    """Drops what C++ code writes to the error stream meanwhile; exceptions carry what the user must know."""
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
