"""Atomic writing: a temporary sibling is written and renamed, so that a reader sees the old export or the new one.

A folder that is overwritten is missing for the moment between two renames.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from keras_genzoo.utils.atomic import remove, swap


def saved_model_mismatch(folder: Path) -> tuple[str, str] | None:
    """What was expected in a folder and what was found, if it is not a SavedModel; else `None`."""
    return None if (folder / "saved_model.pb").is_file() else ("a SavedModel", "other files")


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike,
    overwrite: bool,
    kind: str,
    mismatch: Callable[[Path], tuple[str, str] | None] = saved_model_mismatch,
) -> Iterator[Path]:
    """Yields a temporary sibling of `path` to write to; renames it to `path` when the block ends without an error.

    After an error, the temporary file or folder and the parent folders created for it are removed, and `path` is
    unchanged.

    Args:
        path: The target.
        overwrite: Whether an earlier export at `path` may be replaced.
        kind: `"file"` or `"folder"`.
        mismatch: Function of a folder that exists at `path`. Returns `None` for an earlier export of this kind, which
            may be replaced; for any other folder, which is never replaced, what was expected in it and what was found.

    Raises:
        FileExistsError: If `path` exists and may not be replaced.
        OSError: If `path` cannot be written: no permission, no space, a parent that is a file.
    """
    target = Path(os.path.realpath(path))  # through a symbolic link, so that the link stays a link
    check_target(path, target, overwrite, kind, mismatch)
    with temporary_sibling(path, target) as temporary:
        yield temporary
        check_target(path, target, overwrite, kind, mismatch)  # another export may have written there meanwhile
        with clear_os_errors(path):
            swap(temporary, target)


@contextlib.contextmanager
def temporary_sibling(path: str | os.PathLike, target: Path) -> Iterator[Path]:
    """Yields the path of a temporary sibling of `target`, which is removed afterwards; creates the parent folders.

    Args:
        path: The target as the caller named it, for messages.
        target: The target.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    made: list[Path] = []
    try:
        with clear_os_errors(path):
            _make_parents(target.parent, made)
        yield temporary
        made.clear()
    finally:
        remove(temporary)
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def clear_os_errors(path: str | os.PathLike, *others: type[Exception]) -> Iterator[None]:
    """Turns an `OSError`, or an error of the classes `others`, into one sentence that names the caller's path."""
    try:
        yield
    except (OSError, *others) as error:
        inner = error.__cause__ or error  # an error raised here before, for a part of the export, has a cause
        reason = getattr(inner, "strerror", None) or _short(str(inner))
        clear = OSError(f"Could not write {os.fspath(path)!r}: {reason}. Nothing there was changed.")
        clear.errno = getattr(error, "errno", None)
        raise clear from error


def _short(message: str) -> str:
    """The cause in a message of TensorFlow, without the name of the op and the temporary path before it."""
    message = re.sub(r"\{\{.*?\}\}|\[Op:\w+\]", "", message.strip().split("\n")[0])
    return message.rpartition("; ")[2].strip()


def check_target(
    path: str | os.PathLike,
    target: Path,
    overwrite: bool,
    kind: str,
    mismatch: Callable[[Path], tuple[str, str] | None] = saved_model_mismatch,
) -> None:
    """Raises `FileExistsError` if `target` exists and may not be replaced by an export of this kind."""
    name = os.fspath(path)
    if not target.exists() or (kind == "folder" and target.is_dir() and not any(target.iterdir())):
        return
    if (kind == "folder") != target.is_dir():
        found = "a folder" if target.is_dir() else "a file"
        raise FileExistsError(f"Expected the path of a {kind} to write. Received: {name!r}, which is {found}.")
    if not overwrite:
        raise FileExistsError(
            f"Expected a path that does not exist, or overwrite=True. Received: {name!r}, which exists."
        )
    found = mismatch(target) if kind == "folder" else None
    if found:
        raise FileExistsError(
            f"Expected a folder that holds {found[0]} to overwrite. Received: {name!r}, which holds {found[1]}."
        )


def write_bytes(path: str | os.PathLike, temporary: Path, content: bytes) -> None:
    """Writes `temporary`, which will replace `path`, and flushes it to disk: else a crash may leave an empty file."""
    with clear_os_errors(path), open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def file_sizes(folder: Path) -> dict[str, int]:
    """Size in bytes of each file in a folder, by its path relative to the folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.stat().st_size for file in files}


def _make_parents(parent: Path, made: list[Path]) -> None:
    missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    there = missing[-1].parent if missing else parent
    if not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"{str(there)!r} is not a folder")
    for folder in reversed(missing):
        folder.mkdir()
        made.append(folder)
    if not os.access(parent, os.W_OK):  # checked before minutes of conversion
        raise PermissionError(errno.EACCES, f"no permission to write in {str(parent)!r}")
