"""Folders of image files."""

import itertools
import os
import unicodedata
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from keras_genzoo.data.classes import Classes
from keras_genzoo.data.files import (
    children,
    folders_below,
    image_suffixes,
    is_image,
    kind_of_file,
    listed_kinds,
    natural,
    subfolders,
    tell_left_out,
    tell_pages,
    walk,
)
from keras_genzoo.data.parts import EncodedPart
from keras_genzoo.data.split_names import has_split_word, is_plain, possible_kinds, split_domain, split_kind
from keras_genzoo.utils.text import counted

_COMMON = ("jpg", "png", "webp", "tiff", "bmp", "gif")  # named in error messages


def folder_splits(path):
    """Finds the splits of a folder of images.

    A folder with a subfolder for training or testing, in any common spelling (`train`, `Train`, `training_set`,
    `train2017`, `test images`; also `val`, `valid`, `validation`), has these splits; any other folder is the split
    `train`. Folders such as `trainA` and `trainB` are splits of one domain each. The images of a split
    are in its folder directly, or in one subfolder per class, at any depth. Links to folders are followed. Every
    subfolder is a class, also without images; classes are numbered in natural order (2 before 10) over all splits.
    Files are in the order of their paths; other files are left out with a warning, hidden ones without.

    Args:
        path: The folder.

    Returns:
        Dict by the name of a split of functions that return its part.

    Raises:
        FileNotFoundError: If the folder does not exist.
        ValueError: If it is a file, or has subfolders of splits beside those of classes.
    """
    root = Path(path).expanduser()
    if not root.exists():
        raise FileNotFoundError(f"Expected a folder of images. Received: {str(root)!r}, which does not exist")
    if not root.is_dir():
        raise ValueError(f"Expected a folder of images. Received: {str(root)!r}, which is a file")
    folders = split_folders(root) or {"train": root}
    return {name: lambda folder=folder: _part(folder, folders.values()) for name, folder in folders.items()}


def split_folders(root, is_wanted=is_image):
    """Dict of the folders of splits by their names; empty if the folder has none. `is_wanted` is as for `walk`."""
    inside = subfolders(root)
    found = {child.name: child for child in inside if split_kind(child.name)}
    kinds = {split_kind(name) for name in found}
    unclear = [child.name for child in inside if has_split_word(child.name)]
    _check_clear(root, found, unclear)
    if not kinds & {"train", "test"} and len(found) < max(2, len(inside)):
        return {}
    _check_once(root, found)
    others = {child.name: walk(child, is_wanted)[0] for child in inside if child.name not in found}
    others = {name: len(images) for name, images in others.items() if images}
    if others and len(kinds) == 1:
        raise ValueError(
            f"Expected subfolders of splits alone, or of classes alone (then put all of them into a folder 'train'). "
            f"Received: {root} with {', '.join(map(repr, found))} beside {', '.join(map(repr, list(others)[:5]))}"
        )
    loose = sum(is_wanted(child) for child in children(root))
    others |= {"directly in it": loose} if loose else {}
    if others:
        counts = ", ".join(f"{name} ({count})" for name, count in others.items())
        warnings.warn(f"Left out files of {root} that are in none of its splits: {counts}", stacklevel=3)
    return {name: found[name] for name in sorted(found, key=_order_of_splits)}


def _check_clear(root, found, unclear):
    """Refuses names such as `mnist_train` and `mnist_test`, or `train_cats` beside `test`: splits, or classes?"""
    if unclear and len(set().union(*map(possible_kinds, (*found, *unclear)))) > 1:
        raise ValueError(
            f"Expected subfolders of {root} whose names are those of splits alone ('train', 'test', 'test2017', "
            f"'test images'), or have no word for a split. Received: {', '.join(map(repr, (*found, *unclear)))}"
        )


def _check_once(root, found):
    """Refuses two folders of one split, of which one would be left out."""
    for name in filter(is_plain, found):
        same = [other for other in found if split_kind(other) == split_kind(name) and not split_domain(other)]
        if len(same) > 1:
            raise ValueError(
                f"Expected one folder for each split of {root}. Received: {', '.join(map(repr, same))} for the split "
                f"{split_kind(name)!r}"
            )


def _order_of_splits(name):
    return ("train", "test", "validation").index(split_kind(name)), name


def _part(folder, all_folders):
    name = f"folder:{folder}"
    flat = [child for child in children(folder) if is_image(child)]
    others = Counter(kind_of_file(child) for child in children(folder) if not child.is_dir() and not is_image(child))
    classes = {}
    for label, child in _class_folders(folder).items():
        classes[label], more = walk(child)
        others += more
    full = {label: files for label, files in classes.items() if files}
    if flat and full:
        raise ValueError(
            f"Expected images either directly in a folder or in one subfolder per class. Received: {folder} with "
            f"{counted(len(flat), 'images')} and {counted(len(full), 'subfolders')} of images "
            f"({', '.join(list(full)[:5])})"
        )
    if not flat and not full:
        raise ValueError(
            f"Expected images ({', '.join(_COMMON)} or another of the {len(image_suffixes())} suffixes that Pillow "
            f"reads) in a folder, flat or in one subfolder per class. Received: {folder} without images"
            + (f", with {listed_kinds(others)} files" if others else "")
            + (f" (wav:{folder} reads these)" if ".wav" in others else "")
        )
    tell_left_out(others, name)
    tell_pages([*flat, *itertools.chain.from_iterable(full.values())], name)
    if flat:
        return EncodedPart(flat, None, name, names=_names(flat, folder))
    _check_no_splits_inside(folder, classes)
    _check_one_class_each(folder, full)
    return _labelled(folder, name, classes, all_folders)


def _labelled(folder, name, classes, all_folders):
    """The part of images in one subfolder per class: dict of files by the name of the class."""
    names = _all_classes(all_folders)
    # Images for testing may be of some classes only; for training, a class without images is one that is not learned.
    required = names if split_kind(folder.name) in (None, "train") else classes
    empty = [label for label in names if label in required and not classes.get(label)]
    if empty:
        warnings.warn(
            f"Found no images of {len(empty)} of {len(names)} classes of {name}: {_some(empty)}", stacklevel=2
        )
    items = [file for label in names for file in classes.get(label, [])]
    labels = np.repeat([names.index(label) for label in names], [len(classes.get(label, [])) for label in names])
    return EncodedPart(items, labels, name, Classes(len(names), names, source=name), _names(items, folder))


def _class_folders(folder):
    """Dict of the subfolders by their names, in one form of Unicode, in natural order."""
    found = {}
    for child in subfolders(folder):
        label = unicodedata.normalize("NFC", child.name)
        if label != label.strip():
            raise ValueError(f"Expected names of classes without spaces around them. Received: {label!r} in {folder}")
        if label in found:
            raise ValueError(f"Expected one folder for each class of {folder}. Received: two of the name {label!r}")
        found[label] = child
    return {label: found[label] for label in sorted(found, key=natural)}


def _all_classes(folders):
    """Names of the classes of all splits, in natural order; two that differ in case alone are refused."""
    names = sorted({label for folder in folders for label in _class_folders(folder)}, key=natural)
    spelt = {}
    for name in names:
        other = spelt.setdefault(name.casefold(), name)
        if other != name:
            raise ValueError(f"Expected one spelling of each class in all splits. Received: {other!r} and {name!r}")
    return tuple(names)


def _check_no_splits_inside(folder, classes):
    """Refuses splits at any depth below the classes: training and test images would be mixed."""
    for child in _class_folders(folder).values():
        for inside in folders_below(child):
            splits = [found.name for found in subfolders(inside) if possible_kinds(found.name)]
            kinds = set().union(*map(possible_kinds, splits))
            alone = len(classes) == 1 and any(map(split_kind, splits))
            if {"train", "test"} & kinds and (len(kinds) > 1 or len(list(filter(split_kind, splits))) > 1 or alone):
                advice = f"give folder:{inside}" if len(classes) == 1 else "put the classes into the splits"
                raise ValueError(
                    f"Expected subfolders that are splits or classes ({advice}). Received: {inside} with the splits "
                    f"{', '.join(map(repr, splits))}"
                )


def _check_one_class_each(folder, classes):
    """Refuses a folder that links make part of two classes."""
    found = {}
    for label, files in classes.items():
        for real in {os.path.realpath(parent) for parent in {file.parent for file in files}}:
            other = found.setdefault(real, label)
            if other != label:
                raise ValueError(
                    f"Expected each folder of images in one class of {folder}. Received: {real} in {other!r} and "
                    f"{label!r}, by a link"
                )


def _names(files, folder):
    """Paths in the folder of the split without suffixes, in one form of Unicode, by which pairs are matched."""
    return [unicodedata.normalize("NFC", file.relative_to(folder).with_suffix("").as_posix()) for file in files]


def _some(names):
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
