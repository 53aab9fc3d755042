"""Finds the image files of a folder, and says which files were left out."""

import functools
import os
import re
import warnings
from collections import Counter
from pathlib import Path

from PIL import Image, ImageFile

from keras_genzoo.utils.own_files import is_before_after

# Pillow recognizes these, and cannot decode them, or by another program only.
_NOT_DECODED = {"EPS", "MPEG"}
# What systems put into folders, in lower case: not images of the user, and not reported.
_OF_SYSTEMS = {
    "__macosx",
    "__pycache__",
    "@eadir",
    "lost+found",
    "$recycle.bin",
    "system volume information",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
}
_OF_PAGES = (".apng", ".gif", ".tif", ".tiff", ".webp")


@functools.cache
def image_suffixes():
    """Suffixes of the files that the installed Pillow decodes, in lower case: `.jpg`, `.webp`, `.tiff` and others."""
    Image.init()

    def decodes(name):
        if name not in Image.OPEN or name in _NOT_DECODED:
            return False
        opener = Image.OPEN[name][0]
        return not (isinstance(opener, type) and issubclass(opener, ImageFile.StubImageFile))

    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if decodes(name))


def is_image(path):
    """Whether the name of a file says that it is an image that Pillow reads."""
    return path.suffix.lower() in image_suffixes() and is_visible(path.name) and path.is_file()


def is_visible(name):
    """Whether a name is neither hidden (`.git`, `._photo.jpg`) nor one that systems make (`__MACOSX`, `Thumbs.db`)."""
    return not name.startswith(".") and name.casefold() not in _OF_SYSTEMS


def children(folder):
    """Files and folders in a folder, hidden ones and grids of ours left out, in the order of their names."""
    paths = sorted(Path(folder, entry.name) for entry in _entries(folder))
    return [path for path in paths if not is_before_after(path)]


def subfolders(folder):
    """Folders in a folder, and links to such, hidden ones left out, in the order of their names."""
    return sorted(Path(folder, entry.name) for entry in _entries(folder) if entry.is_dir())


def _entries(folder):
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if is_visible(entry.name)]
    except OSError as error:  # not left out without a word
        raise ValueError(f"Expected a folder that can be read. Received: {folder} ({error.strerror})") from error


def walk(folder, is_wanted=is_image):
    """Image files at any depth below a folder, in the order of their paths, and the kinds of other files.

    Links to folders are followed, except to a folder that the link is in, or that is found in another place.

    Args:
        folder: The folder.
        is_wanted: Function of a path: whether it is that of an image, or of another file that is looked for.

    Returns:
        List of paths, and a `Counter` of the other files by their kinds.

    Raises:
        ValueError: If a folder cannot be read.
    """
    images, others = [], Counter()
    for inside in folders_below(folder):
        for file in children(inside):
            if is_wanted(file):
                images.append(file)
            elif not file.is_dir():
                others[kind_of_file(file)] += 1
    return sorted(images), others


def folders_below(folder):
    """A folder and all folders below it, each real folder once: own folders come before those that links lead to."""
    seen, waiting = set(), [folder]
    while waiting:
        path = waiting.pop(0)
        real = os.path.realpath(path)
        if real not in seen:
            seen.add(real)
            yield path
            inside = subfolders(path)
            own = [child for child in inside if not child.is_symlink()]
            waiting = [
                *own,
                *waiting,
                *(child for child in inside if child.is_symlink() and not _leads_up(child, real)),
            ]


def _leads_up(path, real):
    """Whether a link leads to the folder `real` that it is in, or to one above."""
    return Path(real).is_relative_to(os.path.realpath(path))


def kind_of_file(path):
    """The kind of a file that is not read as an image, for messages: its suffix."""
    if not path.exists():
        return "broken link"
    return path.suffix.lower() or "without a suffix"


def tell_left_out(others, name):
    """Warns of the files of a folder that are not images, by kind and count."""
    if others:
        warnings.warn(
            f"Left out files of {name} that Pillow does not read as images: {listed_kinds(others)}", stacklevel=2
        )


def tell_pages(images, name):
    """Warns of animations and of TIFF files of several pages, of which the first frame or page is read."""
    pages = [_pages(path) for path in images if path.suffix.lower() in _OF_PAGES]
    several = [number for number in pages if number > 1]
    if several:
        warnings.warn(
            f"Left out all frames or pages but the first of {len(several)} files of {name}: "
            f"{sum(several) - len(several)} frames or pages",
            stacklevel=2,
        )


def _pages(path):
    """Number of pages of a file; 1 if it cannot be read, which is told where it is read."""
    try:
        with Image.open(path) as image:
            return getattr(image, "n_frames", 1)
    except Exception:  # decoders raise many kinds of them
        return 1


def listed_kinds(others):
    """The counts of a `Counter` of kinds of files as text, the greatest first."""
    return ", ".join(f"{count} {kind}" for kind, count in sorted(others.items(), key=lambda item: (-item[1], item[0])))


def natural(name):
    """Sort key of natural order: runs of digits count as numbers, so `2` comes before `10`.

    >>> sorted(["10", "2", "a"], key=natural)
    ['2', '10', 'a']
    """
    pieces = re.split(r"(\d+)", name)
    return [(piece, 0) if i % 2 == 0 else ("", int(piece)) for i, piece in enumerate(pieces)], name


def thread_count():
    """Number of threads that read files: one per core, at most 8."""
    return min(8, os.cpu_count() or 1)
