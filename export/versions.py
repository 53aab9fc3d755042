"""Version folders of a served model: `<name>/<version>/`, as TensorFlow Serving and KServe expect them."""

from __future__ import annotations

import os
from pathlib import Path


def version_of(path: str | os.PathLike) -> int | None:
    """The version in a path: its last part as an integer, or `None` if it is not a whole number.

    Example:

    >>> from keras_genzoo.export.versions import version_of
    >>> version_of("serving/dcgan/3"), version_of("serving/dcgan")
    (3, None)
    """
    name = os.path.basename(os.path.abspath(path))
    return int(name) if name.isascii() and name.isdigit() else None


def versions(folder: str | os.PathLike) -> dict[int, Path]:
    """The version folders in the folder of a model: number -> path, in ascending order.

    Example:

    >>> import os, tempfile
    >>> from keras_genzoo.export.versions import versions
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("10", "9", "notes"):
    ...         os.mkdir(os.path.join(folder, name))
    ...     list(versions(folder))
    [9, 10]
    """
    folder = Path(folder)
    found = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return dict(sorted((version_of(path), path) for path in found if version_of(path) is not None))


def newest(path: str | os.PathLike) -> Path | None:
    """The SavedModel at a path: the folder itself, or the highest version in it.

    Returns:
        Path of a folder that holds `saved_model.pb`, or `None`.
    """
    path = Path(path)
    candidates = [path, *reversed(versions(path).values())]
    return next((folder for folder in candidates if (folder / "saved_model.pb").is_file()), None)


def folder_to_write(path: str | os.PathLike, overwrite: bool) -> Path:
    """The version folder that an export to `path` writes.

    Args:
        path: The folder of a version, whose name is a whole number, or the folder of a model.
        overwrite: In the folder of a model: whether the newest version is replaced instead of adding one.

    Returns:
        `path` itself, if it is the folder of a version. Else the next version in it: 1, or the highest version plus 1.

    Raises:
        FileExistsError: If `path` is a file, or a folder of other files.

    Example:

    >>> from keras_genzoo.export.versions import folder_to_write
    >>> folder_to_write("serving/dcgan/7", overwrite=False).name, folder_to_write("not/there", overwrite=False).name
    ('7', '1')
    """
    path, name = Path(path), os.fspath(path)
    if version_of(path) is not None:
        return path
    wanted = "Expected the folder of a model, which is new, empty or holds a folder for each version (1, 2, ...)."
    if path.exists() and not path.is_dir():
        raise FileExistsError(f"Expected the path of a folder to write. Received: {name!r}, which is a file.")
    if (path / "saved_model.pb").is_file():
        raise FileExistsError(f"{wanted} Received: {name!r}, which holds a SavedModel itself.")
    found = versions(path)
    # Names of leftovers of an interrupted export begin with a dot, as do hidden files of a desktop.
    if path.is_dir() and not found and any(not entry.name.startswith(".") for entry in path.iterdir()):
        raise FileExistsError(f"{wanted} Received: {name!r}, which holds other files.")
    if not found:
        return path / "1"
    highest = max(found)
    return found[highest] if overwrite else path / str(highest + 1)
