"""The split grammar: `NAME` or `NAME[a:b]`, as in TensorFlow Datasets."""

import re

_SPLIT = re.compile(r"(?P<name>[\w.-]+)(\[(?P<start>-?\d+%?)?:(?P<stop>-?\d+%?)?\])?")


def parse_split(split):
    """Splits a string such as `"train[:90%]"` into the name and the two bounds.

    Args:
        split: `"NAME"` or `"NAME[a:b]"`: `a` and `b` are integers or percentages, both optional; negative ones count
            from the end.

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
        raise ValueError(
            "Expected a split of the form 'NAME' or 'NAME[a:b]' with integers or percentages, such as 'train', "
            f"'train[:90%]' or 'train[1000:2000]'. Received: split={split!r}"
        )
    return match["name"], match["start"], match["stop"]


def split_range(split, size):
    """The range of images of a split.

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


def check_split_name(name, names, source):
    """Raises `ValueError` if a source does not have the split; the message names its splits."""
    if name not in names:
        valid = ", ".join(repr(valid) for valid in names)
        raise ValueError(f"Expected a split of {source}, which has {valid}. Received: split={name!r}")


def _position(bound, size):
    """Position from the start; percentages are rounded to the nearest image, as TensorFlow Datasets does."""
    position = round(int(bound[:-1]) * size / 100) if bound.endswith("%") else int(bound)
    return position + size if bound.startswith("-") else position
