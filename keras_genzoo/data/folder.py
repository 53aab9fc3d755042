"""Folders of image files."""

from pathlib import Path

import numpy as np

from keras_genzoo.data.parts import EncodedPart

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
_SPLITS = ("train", "test", "val", "valid", "validation")


def folder_splits(path):
    """Finds the splits of a folder of images.

    A folder with a subfolder `train` or `test` has those splits (also `val`, `valid`, `validation`); any other is all
    `train`. A split's images lie in it directly, or in one subfolder a class. Classes are numbered alphabetically over
    all splits; files are in the order of their paths; hidden files and other kinds of file are left alone.

    Args:
        path: The folder.

    Returns:
        Dict from the name of a split to a function that gives its part.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    root = Path(path).expanduser()
    if not root.exists():
        raise FileNotFoundError(f"Expected a folder of images. Received: {str(root)!r}, which does not exist")
    if not root.is_dir():
        raise ValueError(f"Expected a folder of images. Received: {str(root)!r}, which is a file")
    inside = [child.name for child in _children(root) if child.is_dir()]
    if "train" in inside or "test" in inside:
        folders = {name: root / name for name in _SPLITS if name in inside}
    else:
        folders = {"train": root}
    return {name: lambda folder=folder: _part(folder, folders.values()) for name, folder in folders.items()}


def _part(folder, all_folders):
    name = f"folder:{folder}"
    flat = [child for child in _children(folder) if _is_image(child)]
    classes = _classes(folder)
    if flat and classes:
        raise ValueError(
            f"Expected images either directly in a folder or in one subfolder a class. Received: {folder} with "
            f"{len(flat)} images and {len(classes)} subfolders of images ({', '.join(sorted(classes)[:5])})"
        )
    if flat:
        return EncodedPart(flat, None, name)
    if not classes:
        raise ValueError(
            f"Expected images ({', '.join(suffix[1:] for suffix in SUFFIXES)}) in a folder, flat or in one subfolder a "
            f"class. Received: {folder} with none"
        )
    names = sorted(set().union(*(_classes(other) for other in all_folders)))
    items = [file for label in sorted(classes) for file in classes[label]]
    labels = np.repeat([names.index(label) for label in sorted(classes)], [len(classes[c]) for c in sorted(classes)])
    return EncodedPart(items, labels, name)


def _classes(folder):
    """Dict from the name of each subfolder that holds images, at any depth, to its images."""
    found = {}
    for child in _children(folder):
        if child.is_dir():
            files = sorted(file for file in child.rglob("*") if _is_image(file))
            if files:
                found[child.name] = files
    return found


def _children(folder):
    return sorted(child for child in folder.iterdir() if not child.name.startswith("."))


def _is_image(path):
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
