"""Pairs of images of two domains: which image belongs to which, and what happens to one without its partner."""

import warnings

import numpy as np

from keras_genzoo.data.edges import EdgesPart
from keras_genzoo.data.parts import ArrayPart, EncodedPart
from keras_genzoo.data.pixels import inspect_image
from keras_genzoo.data.sources import whole_part
from keras_genzoo.data.splits import parse_split, split_rows
from keras_genzoo.data.wav import WavPart

_NAMED = 5  # images in one message


def matched_parts(a, b, limit=None, data_dir=None):
    """Opens the same range of two domains as two parts of which image i of one belongs to image i of the other.

    Files of two folders are matched by their paths in the folder without suffixes; a file without a partner is left out
    with a warning. Other images are matched by their order. Both images of a pair are left out with a warning if one is
    wider for its height than the other: scaled and cropped, they would not show the same place in the same pixel.

    Args:
        a: Dict of `source`, `split` and `image_key` of domain a.
        b: The same of domain b.
        limit: As for `keras_genzoo.data.load`.
        data_dir: As for `keras_genzoo.data.load`.

    Returns:
        List of two parts of equal length.

    Raises:
        ValueError: If the splits are different ranges, no names match or one occurs twice, the numbers of images that
            are matched by their order differ, or all pairs are of different proportions.
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
    return _of_equal_proportions([part if len(rows) == len(part) else part.take(rows) for part in parts])


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


def _of_equal_proportions(parts):
    """Both parts without the pairs whose images are not of the same proportions, up to the rounding of their sides."""
    sizes = [_sizes(part) for part in parts]
    if any(each is None for each in sizes):
        return parts
    slopes = [each[:, 1] / each[:, 0] for each in sizes]
    rounding = sum(0.5 / side for each in sizes for side in each.T)
    wrong = np.abs(np.log(slopes[0] / slopes[1])) > rounding + 1e-9  # false for NaN, a file that cannot be read
    if not wrong.any():
        return parts
    told = [_told(parts, sizes, position) for position in np.flatnonzero(wrong)[:_NAMED]]
    some = "; ".join(told) + (f"; and {wrong.sum() - _NAMED} more" if wrong.sum() > _NAMED else "")
    expected = "pairs of images of the same proportions, of which each pixel of one belongs to one of the other"
    if wrong.all():
        raise ValueError(f"Expected {expected}. Received (height x width): {some}")
    left = len(wrong) - wrong.sum()
    warnings.warn(f"Left out {wrong.sum()} pairs, {left} are left: expected {expected}: {some}", stacklevel=4)
    return [part.take(np.flatnonzero(~wrong)) for part in parts]


def _sizes(part):
    """Heights and widths of the images of a part, `(n, 2)`, NaN where unreadable; `None` if they are not known."""
    part = part.part if isinstance(part, EdgesPart) else part
    if isinstance(part, EncodedPart):
        found = part.each(inspect_image, f"Looking through {part.name}")
        return np.array([(np.nan, np.nan) if error else shape[:2] for _, shape, error in found], float)
    if isinstance(part, ArrayPart) and not (part.of_signals or part.of_points):
        return np.tile(np.array(part.images.shape[1:3], float), (len(part), 1))
    return None


def _told(parts, sizes, position):
    """Names and sizes of both images of a pair."""
    names = [f"image {position}"] * 2
    if all(isinstance(part, EncodedPart) for part in parts):
        names = [part.describe(position) for part in parts]
    return " and ".join(
        f"{name} is {each[position][0]:g}x{each[position][1]:g}" for name, each in zip(names, sizes, strict=True)
    )


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
