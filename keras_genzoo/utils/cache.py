"""The folder of downloads, and one download of a thing at a time."""

import contextlib
import os
import re
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


def cache_folder(name):
    """Path of the folder `name` in the cache; created if it does not exist.

    The cache is `KERAS_GENZOO_CACHE`, or `~/.cache/keras_genzoo`.
    """
    root = os.environ.get("KERAS_GENZOO_CACHE") or Path.home() / ".cache" / "keras_genzoo"
    folder = Path(root) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def one_at_a_time(name):
    """Context that one process or thread of this user on this machine is in at a time, for the same `name`.

    For downloads by libraries that write to the same file. A process that ends in any way leaves the context. Without
    locks, on Windows or in a cache that cannot be written, nothing is waited for.

    Args:
        name: Any text, such as the name of a data set.
    """
    with contextlib.ExitStack() as stack:
        if fcntl is not None:
            with contextlib.suppress(OSError):
                path = cache_folder("locks") / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)}.lock"
                file = stack.enter_context(open(path, "a", encoding="utf-8"))
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
