"""A finished file or folder takes the place of an old one: a reader sees the old or the new, never a half.

An old folder is gone for the moment between two renames.
"""

import contextlib
import os
import secrets
import shutil
from pathlib import Path


def swap(new, target):
    """Renames `new`, a file or folder beside `target`, to `target`; where that fails, `target` is as it was."""
    new, target = Path(new), Path(target)
    if not new.is_dir():
        os.replace(new, target)
        return
    if not target.exists():
        os.rename(new, target)
        return
    # A folder cannot be renamed onto one that is not empty, so the old one steps aside for the length of two renames.
    old = target.with_name(f".{target.name}.{secrets.token_hex(4)}.old")
    os.rename(target, old)
    try:
        os.rename(new, target)
    except BaseException:
        os.rename(old, target)
        raise
    remove(old)


def remove(path):
    """Removes a file or folder as far as that is possible."""
    path = Path(path)
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
