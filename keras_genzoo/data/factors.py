"""Known factors of the images of a source."""

from keras_genzoo.data.shapes import shapes_factors
from keras_genzoo.data.sources import named, parse_source
from keras_genzoo.utils.checks import check_none_or_at_least


def load_factors(source="shapes", *, split="train", limit=None):
    """Loads the known factors of images: what was varied to make each of them.

    `"shapes"` has `shape` (rectangle, ellipse, triangle), `scale` (half the length: 5, 6, 7, 8 pixels), `orientation`
    (0, 18, ..., 90 degrees), and `x` and `y` (0, 2, ..., 14 pixels to the right and down): each combination once.

    Args:
        source: `"shapes"`.
        split: As for `load_arrays`.
        limit: As for `load_arrays`.

    Returns:
        `Factors` of the images that `load_arrays` gives for the same arguments, in the same order: `names` of the
        factors, `sizes`, how many different values each has, and `values`, int32 `(n, number of factors)`.

    Raises:
        ValueError: If the factors of the source are not known, or the split or limit is invalid.

    Example:

    >>> factors = load_factors("shapes")
    >>> factors.names, factors.sizes, factors.values[-1].tolist()
    (('shape', 'scale', 'orientation', 'x', 'y'), (3, 4, 6, 8, 8), [2, 3, 5, 7, 7])
    """
    check_none_or_at_least(1, limit=limit)
    if not has_factors(source):
        raise ValueError(f"Expected a source whose factors are known: 'shapes'. Received: {named(source)!r}")
    return shapes_factors(split, limit)


def has_factors(source):
    """Whether `load_factors` knows the factors of a source."""
    return parse_source(source)[0] == "shapes"
