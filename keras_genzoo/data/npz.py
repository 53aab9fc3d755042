"""NumPy files: `x_train`/`y_train`, `train_images`/`train_labels`, `images`/`labels` and other names."""

import zipfile
from pathlib import Path

import numpy as np

from keras_genzoo.data.label_maps import whole_numbers
from keras_genzoo.data.parts import ArrayPart, EncodedPart
from keras_genzoo.data.points import array_part
from keras_genzoo.data.split_names import SPELLINGS
from keras_genzoo.utils.arrays import as_array

_IMAGES = ("x", "images", "image", "data", "arr_0")
_LABELS = ("y", "labels", "label", "targets")
_SPLITS = [name for kind in ("train", "test", "validation") for name in SPELLINGS[kind]]


def npz_splits(path, image_key=None, label_key=None, part_of_array=array_part):
    """Finds the splits of an npz file by the names of its arrays.

    For images named `x`, the file has either one array `x`, which is the split `train` or is divided by an array
    `split` (0 is train, 1 is test), or arrays `x_train`, `x_test`, ... or `train_x`, `test_x`, ... Without `image_key`,
    the names x, images, image, data and arr_0 are tried, and without `label_key` y, labels, label and targets, in lower
    or upper case. Arrays `jpeg` (concatenated JPEG files as uint8) and `offset` (the start of each file, and the end of
    the last) are read as images, too.

    Args:
        path: The file.
        image_key: Name of the array of images, with or without the name of a split; or several names, separated by
            commas: the images of these arrays one after another.
        label_key: Name of the array of labels, with or without the name of a split.
        part_of_array: Function of an array, labels and a name that returns a part.

    Returns:
        Dict by the name of a split of functions that return its part.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is not an npz file, or does not have such arrays.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"Expected an npz file. Received: {str(path)!r}, which does not exist")
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise ValueError(f"Expected a whole npz file. Received: {str(path)!r}, which is not one or is truncated")
    with np.load(path, allow_pickle=False) as file:
        keys = list(file.keys())
    if image_key is not None and "," in image_key:
        return _several(path, [name.strip() for name in image_key.split(",")], label_key, part_of_array)
    lower = {key.lower(): key for key in keys}
    if image_key is None and {"jpeg", "offset"} <= set(keys):
        images = {None: "jpeg"}
    else:
        images = _find(keys, [image_key] if image_key else [lower.get(stem, stem) for stem in _IMAGES], lower)
    if not images:
        wanted = f"an array {image_key!r}" if image_key else "images called x_train, x_test, x, images, image or data"
        hint = "" if image_key else " (name another with image_key)"
        raise ValueError(f"Expected {wanted}{hint} in {path}. Received: the arrays {', '.join(keys)}")
    labels = _find(keys, [label_key] if label_key else [lower.get(stem, stem) for stem in _LABELS], lower)
    if label_key and not labels:
        raise ValueError(f"Expected labels {label_key!r} in {path}. Received: the arrays {', '.join(keys)}")
    if None not in images:
        owned = _owned(images, labels)
        _check_owned(label_key, owned.values(), images, path, keys)
        return {
            split: lambda key=key, label=owned[split]: _part(path, key, label, part_of_array)
            for split, key in images.items()
        }
    key, label = images[None], labels.get(None)
    _check_owned(label_key, [label], images, path, keys)
    if "split" not in keys:
        return {"train": lambda: _part(path, key, label, part_of_array)}
    rows = {"train": 0, "test": 1}
    return {split: lambda value=value: _part(path, key, label, part_of_array, value) for split, value in rows.items()}


def _owned(images, labels):
    """Names of the labels of the images of each split, or None, by split.

    Labels without the name of a split are those of the images for training, or of the only split.
    """
    owner = "train" if "train" in images else next(iter(images))
    shared = {owner: labels.get(None)} if len(images) == 1 or images[owner].lower() in _IMAGES else {}
    return {split: labels.get(split, shared.get(split)) for split in images}


def _check_owned(label_key, owned, images, path, keys):
    """Raises `ValueError` if labels are named of which no image has any."""
    if label_key and not any(owned):
        raise ValueError(
            f"Expected label_key of the labels of {', '.join(images.values())}. Received: label_key={label_key!r}, of "
            f"other images; the arrays of {path} are {', '.join(keys)}"
        )


def label_map_part(values, labels, name):
    """The part of an array of label maps: class numbers, or colours."""
    values = as_array(values, name)
    if values.ndim == 4 and values.shape[3] == 3:
        return array_part(values, labels, name)
    return ArrayPart(whole_numbers(values, name), labels, name)


def _several(path, names, label_key, part_of_array):
    """The splits of several arrays of images, as one: dict like that of `npz_splits`."""
    if len(set(names)) != len(names) or not all(names):
        raise ValueError(f"Expected different names of arrays in image_key. Received: image_key={', '.join(names)!r}")
    found = {name: npz_splits(path, name, label_key, part_of_array) for name in names}
    first = found[names[0]]
    for name, splits in found.items():
        if set(splits) != set(first):
            raise ValueError(
                f"Expected the same splits of all arrays in image_key. Received: {', '.join(sorted(first))} of "
                f"{names[0]!r}, {', '.join(sorted(splits))} of {name!r}"
            )
    return {split: lambda split=split: _joined([splits[split]() for splits in found.values()]) for split in first}


def _joined(parts):
    """One part of the images, points or signals, and labels, of several."""
    for part in parts:
        if not part.in_memory or (part.images.shape[1:], type(part)) != (parts[0].images.shape[1:], type(parts[0])):
            shapes = ", ".join(str(each.images.shape[1:]) if each.in_memory else "JPEG files" for each in parts)
            raise ValueError(f"Expected images of one shape in all arrays of image_key. Received: {shapes}")
    labels = None if parts[0].labels is None else np.concatenate([part.labels for part in parts])
    name = " and ".join(part.name for part in parts)
    return type(parts[0])(np.concatenate([part.images for part in parts]), labels, name)


def _find(keys, stems, lower):
    """Dict of keys by split for the first of `stems` in the file; the split is None if the array is not divided."""
    for stem in stems:
        name = stem.lower()
        divided = {}
        for split in _SPLITS:
            for key in (f"{name}_{split}", f"{split}_{name}"):
                if key in lower:
                    divided[split] = lower[key]
        if stem in keys and not divided:
            return {None: stem}
        if divided:
            return _with_train(stem, divided) if stem in keys else divided
    return {}


def _with_train(stem, divided):
    """`x` beside `x_test` holds the images for training, unless there is `x_train`, too."""
    trained = [key for split, key in divided.items() if split in SPELLINGS["train"]]
    if trained:
        raise ValueError(
            f"Expected either an array {stem!r} or one for each split, or image_key or label_key to name one. "
            f"Received: {', '.join(map(repr, (stem, *divided.values())))}"
        )
    return {"train": stem, **divided}


def _part(path, image_key, label_key, part_of_array, wanted=None):
    """Reads one split; `wanted` is the value of its rows in the array `split`."""
    labels = None if label_key is None else _read(path, label_key)
    name = f"{image_key!r} of {path}"
    pixels = _read(path, image_key)
    offsets = _read(path, "offset") if image_key == "jpeg" else None
    count = len(pixels) if offsets is None else len(offsets) - 1
    rows = slice(None) if wanted is None else _rows(_read(path, "split"), wanted, count, path)
    if labels is not None:
        labels = labels[rows]
    if offsets is None:
        return part_of_array(pixels[rows], labels, name)
    data = pixels.tobytes()
    items = [data[offsets[row] : offsets[row + 1]] for row in np.arange(count)[rows]]
    return EncodedPart(items, labels, name)


def _read(path, key):
    try:
        with np.load(path, allow_pickle=False) as file:
            return file[key]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise ValueError(f"Expected an array that can be read: {key!r} of {path}. Received: {error}") from error
        raise ValueError(
            f"Expected numbers in {key!r} of {path}. Received: an array of Python objects, which are never unpickled "
            "(save it again as one array of uint8)"
        ) from None
    except Exception as error:  # zlib, zipfile, struct and the operating system raise different errors
        raise ValueError(
            f"Expected {path} whole. Received: a damaged file: reading {key!r} failed with: {error}"
        ) from error


def _rows(split, wanted, count, path):
    if split.shape != (count,) or not np.isin(split, (0, 1)).all():
        raise ValueError(
            f"Expected 'split' of {path} to say 0 (train) or 1 (test) for each of {count} images. "
            f"Received: shape {split.shape}, values {np.unique(split)[:5].tolist()}"
        )
    return np.flatnonzero(split == wanted)
