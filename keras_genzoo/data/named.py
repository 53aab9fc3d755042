"""Images with the names of their files, for results that are written beside them."""

import warnings
from pathlib import Path

from keras_genzoo.data.checks import check_labels
from keras_genzoo.data.parts import EncodedPart, attempt
from keras_genzoo.data.pixels import read_image
from keras_genzoo.data.sources import open_part


def load_named_images(source, split="train", image_size=None, channels=None, limit=None):
    """Loads images, their labels, and a name for each.

    Args:
        source: Path of one image file, or as for `keras_genzoo.data.load`.
        split: As for `load`.
        image_size: As for `load`.
        channels: As for `load`.
        limit: As for `load`.

    Returns:
        Tuple of uint8 images `(n, height, width, channels)`, int32 labels `(n,)` or None, and a list of names: paths of
        files in their folder without suffix, with the suffix where two would be equal (`cat`, `cat.jpg`), or numbers.

    Raises:
        ValueError: If the images cannot be read.
        FileNotFoundError: If the file or folder does not exist.
    """
    part = _part(source, split, limit)
    images, labels = part.arrays(part.shape(image_size, channels))
    labels = None if labels is None else check_labels(labels, len(images), part.name)
    return images, labels, _names(part, len(images))


def named_images(source, split="train", channels=None, limit=None):
    """Images at their own sizes, one after another, so that only one is in memory.

    Args:
        source: As for `load_named_images`.
        split: As for `load`.
        channels: As for `load`.
        limit: As for `load`.

    Returns:
        Tuple of the names, as `load_named_images` gives them, and a generator of `(name, image)`, uint8
        `(height, width, channels)`. Files that cannot be read are left out, with a warning at the end.

    Raises:
        ValueError: If the images cannot be read.
        FileNotFoundError: If the file or folder does not exist.
    """
    part = _part(source, split, limit)
    names = _names(part, len(part))
    return names, _decoded(part, names, channels)


def _decoded(part, names, channels):
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


def _part(source, split, limit):
    """The part of a source; an image file is a part of its own."""
    if not is_image_file(source):
        return open_part(source, split, limit)
    path = Path(source).expanduser()
    return EncodedPart([path], None, str(path), names=[path.stem])


def is_image_file(source):
    """Whether a source is the path of a file that is no npz file."""
    if not isinstance(source, str | Path) or str(source).endswith(".npz"):
        return False
    return Path(source).expanduser().is_file()


def _names(part, num):
    names = getattr(part, "names", None)
    if names is None:
        return [f"{index:06d}" for index in range(num)]
    seen, unique = set(), []
    for name, item in zip(names, part.items, strict=True):
        name = name if name.casefold() not in seen else f"{name}{Path(item).suffix}"
        seen.add(name.casefold())
        unique.append(name)
    return unique
