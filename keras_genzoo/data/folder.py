"""Folders of image files."""

from pathlib import Path

import numpy as np

from keras_genzoo.data.parts import EncodedPart

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
_SPLITS = ("train", "test", "val", "valid", "validation")


def folder_splits(path):
    """Finds the splits of a folder of images.

    A folder with a subfolder `train` or `test` has these splits (also `val`, `valid`, `validation`); any other folder
    is the split `train`. The images of a split are in its folder directly, or in one subfolder per class. Classes are
    numbered alphabetically over all splits. Files are in the order of their paths; hidden files and files of other
    types are ignored.

    Args:
        path: The folder.

    Returns:
        Dict by the name of a split of functions that return its part.

    Raises:
        FileNotFoundError: If the folder does not exist.
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
            f"Expected images either directly in a folder or in one subfolder per class. Received: {folder} with "
            f"{len(flat)} images and {len(classes)} subfolders of images ({', '.join(sorted(classes)[:5])})"
        )
    if flat:
        return EncodedPart(flat, None, name)
    if not classes:
        raise ValueError(
            f"Expected images ({', '.join(suffix[1:] for suffix in SUFFIXES)}) in a folder, flat or in one subfolder "
            f"per class. Received: {folder} without images"
        )
    names = sorted(set().union(*(_classes(other) for other in all_folders)))
    items = [file for label in sorted(classes) for file in classes[label]]
    labels = np.repeat([names.index(label) for label in sorted(classes)], [len(classes[c]) for c in sorted(classes)])
    return EncodedPart(items, labels, name, tuple(names))


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
