"""Replaces a file or folder by a finished one: a reader sees the old or the new one, never an incomplete one.

A folder does not exist for the moment between two renames.
"""

import contextlib
import os
import secrets
import shutil
from pathlib import Path


def swap(new, target):
    """Renames `new`, a file or folder next to `target`, to `target`; on an error, `target` is unchanged."""
    new, target = Path(new), Path(target)
    if not new.is_dir():
        os.replace(new, target)
        return
    if not target.exists():
        os.rename(new, target)
        return
    # A folder cannot be renamed to a folder that is not empty, so the old folder is renamed first.
    old = target.with_name(f".{target.name}.{secrets.token_hex(4)}.old")
    os.rename(target, old)
    try:
        os.rename(new, target)
    except BaseException:
        os.rename(old, target)
        raise
    remove(old)


def remove(path):
    """Removes a file or folder; errors are ignored."""
    path = Path(path)
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def write_atomically(path, save, suffix=""):
    """Writes a file, in a folder that is made if it is not there, by `save(file)` under another name at first.

    That name ends with `suffix`, for programs that go by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.part{suffix}")
    try:
        save(scratch)
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    return path
