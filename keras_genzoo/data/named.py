"""Images with the names of their files, for results that are written beside them."""

import os
import warnings
from pathlib import Path

from keras_genzoo.data.checks import check_labels
from keras_genzoo.data.edges import EdgesPart, edge_drawings
from keras_genzoo.data.files import tell_left_out, tell_pages, walk
from keras_genzoo.data.parts import EncodedPart, attempt
from keras_genzoo.data.pixels import read_image
from keras_genzoo.data.sources import open_part, parse_source, viewed
from keras_genzoo.data.splits import split_rows
from keras_genzoo.data.views import unviewed


def load_named_images(source, split="train", image_size=None, channels=None, limit=None, image_key=None):
    """Loads images, their labels, and a name for each.

    Args:
        source: Path of one image file, or as for `keras_genzoo.data.load`.
        split: As for `named_images`.
        image_size: As for `load`.
        channels: As for `load`.
        limit: As for `load`.
        image_key: As for `load`.

    Returns:
        Tuple of uint8 images `(n, height, width, channels)`, int32 labels `(n,)` or None, and a list of names: paths of
        files in their folder without suffix, with the suffix where two would be equal (`cat`, `cat.jpg`), or numbers.

    Raises:
        ValueError: If the images cannot be read.
        FileNotFoundError: If the file or folder does not exist.
    """
    part = _part(source, split, limit, image_key)
    images, labels = part.arrays(part.shape(image_size, channels))
    labels = None if labels is None else check_labels(labels, len(images), part.name)
    return images, labels, _names(part, len(images))


def named_images(source, split="train", channels=None, limit=None, image_key=None):
    """Images at their own sizes, one after another, so that only one is in memory.

    Args:
        source: As for `load_named_images`.
        split: As for `load`; `None` takes all images of a folder, at any depth, whatever its subfolders stand for.
        channels: As for `load`.
        limit: As for `load`.
        image_key: As for `load`.

    Returns:
        Tuple of the names, as `load_named_images` gives them, and a generator of `(name, image)`, uint8
        `(height, width, channels)`. Files that cannot be read are left out, with a warning at the end.

    Raises:
        ValueError: If the images cannot be read.
        FileNotFoundError: If the file or folder does not exist.
    """
    part = _part(source, split, limit, image_key)
    names = _names(part, len(part))
    return names, _decoded(part, names, channels)


def _decoded(part, names, channels):
    drawn = isinstance(part, EdgesPart)
    part = part.part if drawn else part
    for name, image in _each(part, names, channels):
        yield name, edge_drawings(image[None])[0] if drawn else image


def _each(part, names, channels):
    if part.in_memory:
        images = part.arrays(part.shape(None, channels))[0]  # fewer than the names where files cannot be read
        yield from zip(names if len(images) == len(names) else _names(part, len(images)), images, strict=True)
        return
    items, scale = part.items if isinstance(part, EncodedPart) else _bytes_of(part), getattr(part, "scale", 1)
    failed = []
    for name, item in zip(names, items, strict=True):
        image, error = attempt(lambda each: read_image(each, None, channels or 3), item)
        if error is None:
            yield name, image * scale if scale > 1 else image
        else:
            failed.append(f"{name} ({error})")
    if len(failed) == len(names):
        raise ValueError(f"Expected images that can be read in {part.name}. Received: {'; '.join(failed[:10])}")
    if failed:
        told = "; ".join(failed[:10]) + f"; and {len(failed) - 10} more" * (len(failed) > 10)
        warnings.warn(f"Skipped {len(failed)} of {len(names)} images that cannot be read: {told}", stacklevel=2)


def _bytes_of(part):
    return (item for item, _ in part.encoded().as_numpy_iterator())


def _part(source, split, limit, image_key):
    """The part of a source. An image file is a part of its own, and so are, without a split, all images of a folder."""
    views, base = unviewed(source)
    if is_image_file(source):
        path = Path(base).expanduser()
        files, name, names = [path], str(path), [path.stem]
        tell_pages(files, name)
    elif split is None and image_key is None and views != "labelled" and parse_source(base)[0] == "folder":
        parse_source(source)  # which views are possible
        folder = Path(parse_source(base)[1]).expanduser()
        files, others = walk(folder)
        name, names = f"folder:{folder}", [os.fspath(file.relative_to(folder).with_suffix("")) for file in files]
        if not files:
            return open_part(source)  # which says what it expected
        tell_left_out(others, name)
        tell_pages(files, name)
    else:
        return open_part(source, "train" if split is None else split, limit, image_key=image_key)
    part = EncodedPart(files, None, name, names=names)
    rows = split_rows("train", len(part), limit, part.stored_shuffled)  # as `load` draws them
    part = part if limit is None else part.take(rows)
    for view in reversed((views or "").split(":") if views else ()):
        part = viewed(part, view)
    return part


def is_image_file(source):
    """Whether a source is the path of a file that is no npz file, or a view of one: `edges:photo.png`."""
    base = unviewed(source)[1]
    if not isinstance(base, str | Path) or str(base).endswith(".npz"):
        return False
    return Path(base).expanduser().is_file()


def _names(part, num):
    """A name for each image: a file that is written as PNG keeps its name before others of the same stem."""
    names = getattr(part, "names", None)
    if names is None:
        return [f"{index:06d}" for index in range(num)]
    suffixes = [Path(item).suffix for item in part.items]
    png = {name.casefold() for name, suffix in zip(names, suffixes, strict=True) if suffix.lower() == ".png"}
    seen, unique = set(), []
    for name, suffix in zip(names, suffixes, strict=True):
        key = name.casefold()
        alone = key not in seen and (key not in png or suffix.lower() == ".png")
        seen |= {key} if alone else set()
        unique.append(name if alone else f"{name}{suffix}")
    return unique
