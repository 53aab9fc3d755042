"""Sources by name: digits, shapes, points, TFDS, Keras data sets, npz files, folders and arrays."""

import os
import re
from pathlib import Path

import numpy as np

from keras_genzoo.data.checks import check_labels, check_size
from keras_genzoo.data.edges import EdgesPart
from keras_genzoo.data.files import image_suffixes
from keras_genzoo.data.folder import folder_splits
from keras_genzoo.data.labelling import labelled_rows
from keras_genzoo.data.npz import label_map_part, npz_splits
from keras_genzoo.data.packaged import digits_splits, keras_splits
from keras_genzoo.data.points import array_part, points_splits
from keras_genzoo.data.shapes import shapes_splits
from keras_genzoo.data.signals import signals_splits
from keras_genzoo.data.split_names import split_kind
from keras_genzoo.data.splits import find_split, parse_split, split_rows
from keras_genzoo.data.tfds import tfds_splits
from keras_genzoo.data.views import HALVES, VIEWS, unviewed
from keras_genzoo.data.wav import wav_splits
from keras_genzoo.utils.checks import check_none_or_at_least
from keras_genzoo.utils.text import nearest

_MADE = ("digits", "shapes")  # sources without a path, always available
_IMAGES = ("edges", "folder", "keras", "label_maps", "labelled", "left", "npz", "points", "right", "tfds")
_PREFIXES = (*_MADE, *_IMAGES, "signals", "wav")
_VERSION = re.compile(r"(\d+|\*)(\.(\d+|\*)){2}|experimental_latest")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")
_REPLACEMENTS = ("test", "validation", "train")  # kinds of splits, the best for an evaluation first


def load_arrays(
    source, *, split="train", image_size=None, channels=None, limit=None, data_dir=None, image_key=None, label_key=None
):
    """Loads the images of a source into memory, in stored order.

    Args:
        source: As for `load`: `"digits"`, `"points:NAME"`, `"signals:NAME"`, `"tfds:NAME"`, `"keras:NAME"`,
            `"npz:PATH"`, `"folder:PATH"`, `"wav:PATH"`, an array, ...
        split: `"train"`, `"test[:90%]"`, `"train[1000:2000]"`, ...
        image_size: `(height, width)`: each image is scaled to cover this size and cropped at the centre. None keeps the
            size (`digits`: 28x28).
        channels: 1 (luminance), 3 (grey is repeated), or None to keep the channels.
        limit: Maximum number of images, drawn like a range of the split; None takes all.
        data_dir: Folder of prepared data sets, for TFDS.
        image_key: Name of the images in an npz file or a data set of TFDS; None for a common name. Several arrays of an
            npz file, separated by commas, are taken one after another: `"noto, twemoji"`.
        label_key: Name of the labels there; None for a common name.

    Returns:
        Tuple of the images, uint8 `(n, height, width, channels)`, points, float32 `(n, coordinates)`, or signals,
        float32 `(n, length, channels)`, and their labels, int32 `(n,)`, or None.

    Raises:
        ValueError: If the source, the split, an argument, the images or the labels are invalid.
        FileNotFoundError: If the file or folder does not exist.
        ConnectionError: If a download fails.

    Example:

    >>> import keras_genzoo
    >>> images, labels = keras_genzoo.data.load_arrays("digits", split="test")
    >>> images.shape, str(images.dtype), labels[:3].tolist()
    ((297, 28, 28, 1), 'uint8', [1, 7, 4])
    """
    image_size, channels = check_size(image_size, channels)
    part = open_part(source, split, limit, data_dir, image_key, label_key)
    images, labels = part.arrays(part.shape(image_size, channels))
    return images, None if labels is None else check_labels(labels, len(images), part.name)


def class_names(source, *, split="train", data_dir=None, image_key=None, label_key=None):
    """Names of the classes of a source, in the order of its labels. Images are not read.

    Args:
        source: As for `load`. A folder with one subfolder per class names them, and so do many data sets of TFDS.
        split: As for `load`.
        data_dir: Folder of prepared data sets, for TFDS.
        image_key: Name of the images in a data set of TFDS; None for a common name.
        label_key: Name of the labels there; None for a common name.

    Returns:
        Tuple of strings, or None if the source has no labels or does not name its classes.

    Raises:
        ValueError: If the source, the split or an argument is invalid.
        FileNotFoundError: If the file or folder does not exist.
        ConnectionError: If a download fails.

    Example:

    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("dog", "cat"):
    ...     (folder / name).mkdir()
    ...     Image.new("L", (8, 8)).save(folder / name / "1.png")
    >>> class_names(folder)
    ('cat', 'dog')
    """
    if parse_source(unviewed(source)[1])[0] not in ("folder", "tfds"):
        return None  # other sources have only numbers
    classes = classes_of(source, split, data_dir, image_key, label_key)
    return None if classes is None else classes.names


def classes_of(source, split="train", data_dir=None, image_key=None, label_key=None):
    """The `Classes` of a source, with the arguments of `load`; None without labels."""
    return open_part(source, parse_split(split)[0], None, data_dir, image_key, label_key).classes


def existing_split(source, split, data_dir=None, image_key=None):
    """The split, or one that a source has in its place, such as `"train"` of a folder without a split for testing.

    Args:
        source: As for `load`.
        split: As for `load`; another split is taken only for a name of training, validation or testing.
        data_dir: As for `load`.
        image_key: As for `load`.

    Returns:
        `split`, or the same range of the split for testing, validation or training, whichever exists first.

    Example:

    >>> existing_split("digits", "validation[:50%]")
    'test[:50%]'
    """
    name, _, _ = parse_split(split)
    names = list(_splits(source, data_dir, image_key))
    kinds = [split_kind(other) for other in names]
    if name in names or split_kind(name) is None or split_kind(name) in kinds:
        return split
    wanted = next((kind for kind in _REPLACEMENTS if kind in kinds), None)
    return split if wanted is None else names[kinds.index(wanted)] + split.strip().removeprefix(name)


def open_part(source, split="train", limit=None, data_dir=None, image_key=None, label_key=None):
    """The part of a source that `split` and `limit` select; images are not decoded.

    Args:
        source: As for `load`.
        split: As for `load`.
        limit: As for `load`.
        data_dir: As for `load`.
        image_key: As for `load`.
        label_key: As for `load`.

    Returns:
        An `ArrayPart`, `EncodedPart` or `TfdsPart`.
    """
    check_none_or_at_least(1, limit=limit)
    part = whole_part(source, split, data_dir, image_key, label_key)
    rows = split_rows(split, len(part), limit, part.stored_shuffled)
    return part if len(rows) == len(part) else part.take(rows)


def whole_part(source, split="train", data_dir=None, image_key=None, label_key=None):
    """All images of the split that `split` names or takes a range of, as a part."""
    return found_split(source, split, data_dir, image_key, label_key)[1]()


def found_split(source, split="train", data_dir=None, image_key=None, label_key=None):
    """The name that a source has for a split, and a function that returns the part of the whole split."""
    splits = _splits(source, data_dir, image_key, label_key)
    found = find_split(parse_split(split)[0], splits, named(source))
    return found, splits[found]


def named(source):
    """Name of a source in error messages."""
    kind, rest = parse_source(source)
    return "the given array" if kind == "array" else f"{kind}:{rest}".rstrip(":")


def _splits(source, data_dir=None, image_key=None, label_key=None, of_maps=False):
    """Dict by the name of a split of functions that return its part; `of_maps` for one inside of `label_maps:`."""
    kind, rest = parse_source(source)
    if kind in VIEWS:
        inner = _splits(rest, data_dir, image_key, label_key, of_maps or kind == "label_maps")
        return {name: lambda part=part: viewed(part(), kind) for name, part in inner.items()}
    if kind not in ("npz", "tfds") and (image_key is not None or label_key is not None):
        raise ValueError(
            "Expected image_key and label_key for npz files and TFDS only. "
            f"Received: image_key={image_key!r}, label_key={label_key!r} for a source of kind {kind!r}"
        )
    if kind == "tfds":
        return tfds_splits(rest, data_dir, image_key, label_key)
    if kind == "npz":
        return npz_splits(rest, image_key, label_key, label_map_part if of_maps else array_part)
    made = {"digits": digits_splits, "shapes": shapes_splits, "points": points_splits, "signals": signals_splits}
    read = {"folder": folder_splits, "wav": wav_splits, "keras": keras_splits, "array": _array}
    return {**made, **read}[kind](rest)


def viewed(part, view):
    """The part of one view, such as `"edges"`, of the images of a part."""
    made = {"edges": EdgesPart, "label_maps": lambda whole: whole.coloured(), "labelled": labelled_rows}
    return made.get(view, lambda whole: whole.half(view))(part)


def parse_source(source):
    """Splits a source into its kind and a name, path or array.

    Args:
        source: As for `load`.

    Returns:
        Tuple of the kind, `"digits"`, `"shapes"`, `"points"`, `"signals"`, `"tfds"`, `"npz"`, `"folder"`, `"wav"`,
        `"keras"` or `"array"`, and a name, a path or the array; or of a view, such as `"edges"`, and the source that
        they are a view of.

    Raises:
        ValueError: If it is not a source.
        FileNotFoundError: If it is a path that does not exist.

    Example:

    >>> parse_source("mnist:3.0.1")
    ('tfds', 'mnist:3.0.1')
    """
    if isinstance(source, np.ndarray | tuple):
        return "array", source
    if isinstance(source, os.PathLike):
        return _path_kind(source)
    if not isinstance(source, str) or not source.strip():
        raise ValueError(
            "Expected a source such as 'digits', 'tfds:NAME', 'npz:PATH', 'folder:PATH', a path or a NumPy array. "
            f"Received: {repr(source) if isinstance(source, str) else type(source).__name__}"
        )
    prefix, colon, rest = source.partition(":")
    if source in _MADE:
        return source, ""
    if prefix in _PREFIXES[len(_MADE) :] and colon:
        if not rest:
            raise ValueError(f"Expected a name or path after {source!r}. Received: nothing")
        if prefix in VIEWS:
            _check_view(prefix, rest)
        return prefix, rest
    path = Path(source)
    exists = (path.suffix and path.is_file()) or path.is_dir() or ("/" in source and path.exists())
    named_as_file = path.suffix.lower() in {".npz", *image_suffixes()}
    if named_as_file or source[0] in "./~" or exists:
        return _path_kind(source)
    if colon and not _VERSION.fullmatch(rest):
        raise ValueError(
            "Expected a source that begins with folder:, keras:, npz:, points:, signals:, tfds: or wav:, or is "
            "'digits' or 'shapes'. "
            f"Received: {source!r}; {nearest(prefix, _PREFIXES)}"
        )
    return "tfds", source


def _check_view(view, source):
    kind = parse_source(source)[0]
    if view in HALVES and kind not in ("folder", "npz"):
        raise ValueError(f"Expected a folder or an npz file of images side by side after {view}:. Received: {source!r}")
    inner, base = unviewed(source)
    inner, base = (inner or "").split(":"), parse_source(base)[0]
    of_maps = view == "label_maps" and ("edges" in inner or base not in ("folder", "npz"))
    if view in inner or of_maps or base in ("points", "signals", "tfds", "wav"):
        wanted = "a folder or an npz file" if view == "label_maps" else "images in a folder, an npz file or in memory"
        raise ValueError(f"Expected {wanted} after {view}:. Received: {source!r}")


def _path_kind(path):
    path = Path(path).expanduser()
    if path.is_dir():
        return "folder", str(path)
    if not path.exists():
        raise FileNotFoundError(
            f"Expected a folder of images or an npz file. Received: {str(path)!r}, which does not exist"
        )
    if path.suffix.lower() != ".npz":
        advice = " (unpack an archive first)" if path.suffix.lower() in _ARCHIVES else ""
        advice = " (wav:PATH for wav files)" if path.suffix.lower() == ".wav" else advice
        raise ValueError(f"Expected a folder of images or an npz file{advice}. Received: {str(path)!r}")
    return "npz", str(path)


def _array(source):
    if isinstance(source, tuple) and len(source) != 2:
        raise ValueError(f"Expected an array or a pair (images, labels). Received: a tuple of {len(source)}")
    images, labels = source if isinstance(source, tuple) else (source, None)
    if isinstance(images, tuple):
        raise ValueError(
            "Expected an array or a pair (images, labels), such as one of the two of keras.datasets. "
            "Received: a tuple of tuples"
        )
    return {"train": lambda: array_part(images, labels, "the given array")}
