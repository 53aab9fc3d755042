"""Pairs of images of two domains: which image belongs to which, and what happens to one without its partner."""

import warnings

import numpy as np

from keras_genzoo.data.sources import whole_part
from keras_genzoo.data.splits import parse_split, split_rows
from keras_genzoo.data.wav import WavPart

_NAMED = 5  # images in one message


def matched_parts(a, b, limit=None, data_dir=None):
    """Opens the same range of two domains as two parts of which image i of one belongs to image i of the other.

    Files of two folders are matched by their paths in the folder without suffixes; a file without a partner is left out
    with a warning. Other images are matched by their order.

    Args:
        a: Dict of `source`, `split` and `image_key` of domain a.
        b: The same of domain b.
        limit: As for `keras_genzoo.data.load`.
        data_dir: As for `keras_genzoo.data.load`.

    Returns:
        List of two parts of equal length.

    Raises:
        ValueError: If the splits are different ranges, no names match or one occurs twice, or the numbers of images
            that are matched by their order differ.
    """
    if parse_split(a["split"])[1:] != parse_split(b["split"])[1:]:
        raise ValueError(
            "Expected the same range of the splits of both domains for matched pairs. "
            f"Received: {a['split']!r} and {b['split']!r}"
        )
    parts = [whole_part(data_dir=data_dir, **side) for side in (a, b)]
    if all(part.names for part in parts):
        parts = _by_names(*parts)
    check_equal_numbers([len(part) for part in parts])
    rows = split_rows(a["split"], len(parts[0]), limit, all(part.stored_shuffled for part in parts))
    return [part if len(rows) == len(part) else part.take(rows) for part in parts]


def matched_arrays(parts, shape):
    """The images of matched parts as two uint8 arrays `(n, *shape)`; both of a pair go if one cannot be read."""
    for part, other in (parts, parts[::-1]):
        if isinstance(part, WavPart):
            part.check_partners(other)
    images = [part.arrays(shape)[0] for part in parts]
    common = np.intersect1d(parts[0].rows, parts[1].rows)
    if not len(common):
        raise ValueError("Expected pairs of images that can both be read. Received: none")
    if any(len(part.rows) > len(common) for part in parts):
        warnings.warn(
            f"Left out the partners of images that cannot be read: {len(common)} pairs are left", stacklevel=3
        )
    return [array[np.isin(part.rows, common)] for array, part in zip(images, parts, strict=True)]


def check_equal_numbers(numbers):
    """Raises `ValueError` unless both domains have as many images."""
    if numbers[0] != numbers[1]:
        raise ValueError(
            f"Expected as many images of domain b as of domain a, one for each, for matched pairs. "
            f"Received: {numbers[0]} and {numbers[1]}"
        )


def _by_names(a, b):
    """Both parts without the files that have no partner, in the order of the first."""
    places = [_places(part) for part in (a, b)]
    common = [name for name in a.names if name in places[1]]
    if not common:
        raise ValueError(
            f"Expected files of the same names (without suffixes) in {a.name} and {b.name} for matched pairs. "
            f"Received: none, such as {a.names[0]!r} and {b.names[0]!r}"
        )
    alone = [f"{name} of {a.name}" for name in a.names if name not in places[1]]
    alone += [f"{name} of {b.name}" for name in b.names if name not in places[0]]
    if alone:
        some = ", ".join(alone[:_NAMED]) + (f" and {len(alone) - _NAMED} more" if len(alone) > _NAMED else "")
        warnings.warn(
            f"Left out {len(alone)} images without a partner of the same name, {len(common)} pairs are left: {some}",
            stacklevel=4,
        )
    return [part.take([place[name] for name in common]) for part, place in zip((a, b), places, strict=True)]


def _places(part):
    """Dict from the names of a part to their positions; a name that occurs twice is refused."""
    places = {}
    for position, name in enumerate(part.names):
        if name in places:
            twice = f"{part.describe(places[name])} and {part.describe(position)}"
            raise ValueError(f"Expected one file of each name, without suffixes, for matched pairs. Received: {twice}")
        places[name] = position
    return places
