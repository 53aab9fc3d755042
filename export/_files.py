"""Writing beside the target and renaming: whoever reads the target sees the old export or the new one, never a half.

A folder that is overwritten is gone for the moment between two renames.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from keras_genzoo.atomic import remove, swap


def other_than_saved_model(folder: Path) -> tuple[str, str] | None:
    """What was expected and what is there, where a folder holds no SavedModel; else `None`."""
    return None if (folder / "saved_model.pb").is_file() else ("a SavedModel", "other files")


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike,
    overwrite: bool,
    kind: str,
    other: Callable[[Path], tuple[str, str] | None] = other_than_saved_model,
) -> Iterator[Path]:
    """Yields a temporary sibling of `path` to write to; renames it to `path` when the block ends without an error.

    After an error the temporary file or folder and the parent folders that were made for it are gone, and what stood at
    `path` is as it was.

    Args:
        path: Where the export shall stand.
        overwrite: Whether an earlier export at `path` may be replaced.
        kind: `"file"` or `"folder"`.
        other: Tells a folder of the user's own, which is never replaced, from an earlier export of this kind: takes the
            folder, gives what was expected in it and what is there, or `None` for an earlier export.

    Raises:
        FileExistsError: If something stands at `path` that may not be replaced.
        OSError: If `path` cannot be written: no permission, no space, a parent that is a file.
    """
    target = Path(os.path.realpath(path))  # through a symbolic link, so that the link stays a link
    check_target(path, target, overwrite, kind, other)
    with beside(path, target) as temporary:
        yield temporary
        check_target(path, target, overwrite, kind, other)  # another export may have come first
        with clear_os_errors(path):
            swap(temporary, target)


@contextlib.contextmanager
def beside(path: str | os.PathLike, target: Path) -> Iterator[Path]:
    """Yields a temporary sibling of `target`, which is gone afterwards; makes the folders that lead there.

    Args:
        path: The target as the caller named it, for messages.
        target: What the sibling will replace.
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
    """Turns an `OSError` (or one of the classes `others`) into one sentence that names the user's own path."""
    try:
        yield
    except (OSError, *others) as error:
        inner = (
            error.__cause__ or error
        )  # one that was made clear before, by a part of the export, has the reason there
        reason = getattr(inner, "strerror", None) or _short(str(inner))
        clear = OSError(f"Could not write {os.fspath(path)!r}: {reason}. Nothing there was changed.")
        clear.errno = getattr(error, "errno", None)
        raise clear from error


def _short(message: str) -> str:
    """The cause in a message of TensorFlow: without the name of the op, and without the temporary path before it."""
    message = re.sub(r"\{\{.*?\}\}|\[Op:\w+\]", "", message.strip().split("\n")[0])
    return message.rpartition("; ")[2].strip()


def check_target(
    path: str | os.PathLike,
    target: Path,
    overwrite: bool,
    kind: str,
    other: Callable[[Path], tuple[str, str] | None] = other_than_saved_model,
) -> None:
    """Raises `FileExistsError` if `target` holds something that may not be replaced by an export of this kind."""
    name = os.fspath(path)
    if not target.exists() or (kind == "folder" and target.is_dir() and not any(target.iterdir())):
        return
    if (kind == "folder") != target.is_dir():
        found = "a folder" if target.is_dir() else "a file"
        raise FileExistsError(f"Expected the path of a {kind} to write. Received: {name!r}, which is {found}.")
    if not overwrite:
        raise FileExistsError(
            f"Expected a path where nothing stands yet, or overwrite=True. Received: {name!r}, which exists."
        )
    found = other(target) if kind == "folder" else None
    if found:
        raise FileExistsError(
            f"Expected a folder that holds {found[0]} to overwrite. Received: {name!r}, which holds {found[1]}."
        )


def write_bytes(path: str | os.PathLike, temporary: Path, content: bytes) -> None:
    """Writes `temporary`, on its way to `path`, through to the disk: else a crash may leave it empty."""
    with clear_os_errors(path), open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def file_sizes(folder: Path) -> dict[str, int]:
    """Bytes of each file in a folder, by its path relative to the folder."""
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
    if not os.access(parent, os.W_OK):  # known now, before minutes of conversion
        raise PermissionError(errno.EACCES, f"no permission to write in {str(parent)!r}")
