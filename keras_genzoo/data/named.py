"""Images with the names of their files, for results that are written beside them."""

from pathlib import Path

from keras_genzoo.data.checks import check_labels
from keras_genzoo.data.parts import EncodedPart
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
    if is_image_file(source):
        path = Path(source).expanduser()
        part = EncodedPart([path], None, str(path), names=[path.stem])
    else:
        part = open_part(source, split, limit)
    images, labels = part.arrays(part.shape(image_size, channels))
    labels = None if labels is None else check_labels(labels, len(images), part.name)
    return images, labels, _names(part, len(images))


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
