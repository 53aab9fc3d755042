"""Splits: their names, and the grammar `NAME` or `NAME[a:b]` of TensorFlow Datasets."""

import re

import numpy as np

from keras_genzoo.data.split_names import split_domain, split_kind

FIXED_SEED = 2718  # of the fixed order that parts of a split, and labels that are kept, are taken from
_SPLIT = re.compile(r"(?P<name>[\w.-]+)(\[(?P<start>-?\d+%?)?:(?P<stop>-?\d+%?)?\])?")


def parse_split(split, name="split"):
    """Splits a string such as `"train[:90%]"` into the name and the two bounds.

    Args:
        split: `"NAME"` or `"NAME[a:b]"`: `a` and `b` are integers or percentages, both optional; negative ones count
            from the end.
        name: Name of the setting in the error message.

    Returns:
        Tuple `(name, start, stop)`; the bounds are strings, or None if omitted.

    Raises:
        ValueError: If `split` does not have this form.

    Example:

    >>> parse_split("train[10%:500]")
    ('train', '10%', '500')
    """
    match = _SPLIT.fullmatch(split.strip()) if isinstance(split, str) else None
    if match is None:
        one = "one split (no sum) " if "+" in str(split) else "a split "
        raise ValueError(
            f"Expected {one}of the form 'NAME' or 'NAME[a:b]' with integers or percentages, such as 'train', "
            f"'train[:90%]' or 'train[1000:2000]'. Received: {name}={split!r}"
        )
    return match["name"], match["start"], match["stop"]


def split_range(split, size):
    """The range of positions that a split selects.

    Args:
        split: As for `parse_split`.
        size: Number of images in the named split.

    Returns:
        Tuple `(start, stop)` with `0 <= start < stop <= size`.

    Raises:
        ValueError: If the range is empty or reaches beyond the split's images.

    Example:

    >>> split_range("train[-25%:]", 1000)
    (750, 1000)
    """
    name, start, stop = parse_split(split)
    first = 0 if start is None else _position(start, size)
    last = size if stop is None else _position(stop, size)
    if not (0 <= first <= size and 0 <= last <= size):
        raise ValueError(f"Expected a split within the {size} images of {name!r}. Received: split={split!r}")
    if first >= last:
        raise ValueError(f"Expected a split with at least one image; {name!r} has {size}. Received: split={split!r}")
    return first, last


def split_rows(split, size, limit=None, stored_shuffled=False):
    """Numbers of the images of a part of a split, in rising order.

    Parts are ranges of the fixed order `numpy.random.default_rng(2718).permutation(size)`, not of the stored order, in
    which images are often sorted by class. So each part has images of all classes, `"train[:80%]"` and `"train[80%:]"`
    are disjoint and together complete, and they are the same for all seeds of a training.

    Args:
        split: As for `parse_split`.
        size: Number of images in the named split.
        limit: Maximum number of images, the first ones of the range; None takes all.
        stored_shuffled: Whether the stored order is random already, and the ranges are those of the stored order.

    Returns:
        int64 array of at least one number.

    Raises:
        ValueError: If the range is empty or reaches beyond the split's images.

    Example:

    >>> split_rows("train[:50%]", 6).tolist(), split_rows("train[50%:]", 6).tolist()
    ([0, 2, 4], [1, 3, 5])
    """
    start, stop = split_range(split, size)
    stop = stop if limit is None else min(stop, start + limit)
    if stored_shuffled or (start, stop) == (0, size):
        return np.arange(start, stop)
    return np.sort(fixed_order(size)[start:stop])


def fixed_order(size):
    """The order that images of a source are taken from, the same for all seeds of a training: int64 `(size,)`."""
    return np.random.default_rng(FIXED_SEED).permutation(size)


def find_split(name, names, source):
    """The split of a source that a name means, in any common spelling: `"validation"` finds `Val`.

    Args:
        name: The name that was asked for.
        names: Names of the splits of the source.
        source: Name of the source in error messages.

    Returns:
        One of `names`.

    Raises:
        ValueError: If none of them, or several, is meant; the message names all.
    """
    kind = split_kind(name)
    same_word = [other for other in names if other.casefold() == name.casefold()]
    domain = split_domain(name)
    same_kind = [other for other in names if kind is not None and split_kind(other) == kind]
    if domain is not None:
        same_kind = [other for other in same_kind if split_domain(other) == domain]
    for found in ([name] if name in names else [], same_word, same_kind):
        if len(found) == 1:
            return found[0]
    valid = ", ".join(repr(valid) for valid in names)
    if {"a", "b"} <= {split_domain(other) for other in same_kind} and split_domain(name) is None:
        raise ValueError(
            f"Expected the split of one domain of {source}, which has {valid} (keras_genzoo.data.load_pairs takes "
            f"both). Received: split={name!r}"
        )
    raise ValueError(f"Expected a split of {source}, which has {valid}. Received: split={name!r}")


def _position(bound, size):
    """Position from the start; percentages are rounded to the nearest image, as TensorFlow Datasets does."""
    position = round(int(bound[:-1]) * size / 100) if bound.endswith("%") else int(bound)
    return position + size if bound.startswith("-") else position
