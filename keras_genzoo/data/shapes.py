"""The source `shapes`: images of known factors, made by code, for measures of disentanglement."""

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np

from keras_genzoo.data.parts import ArrayPart
from keras_genzoo.data.splits import find_split, parse_split, split_rows
from keras_genzoo.utils.text import shown

SHAPES = ("rectangle", "ellipse", "triangle")
SCALES = (5, 6, 7, 8)  # half the length, in pixels
ORIENTATIONS = (0, 18, 36, 54, 72, 90)  # degrees, a range in which no two look the same
POSITIONS = (0, 2, 4, 6, 8, 10, 12, 14)  # of the left or upper border of a sprite, in pixels
SIDE, SPRITE, POINTS = 32, 18, 8  # sides of image and sprite in pixels, points along the side of a pixel
_MOST = np.iinfo(np.int32).max
NAMES = ("shape", "scale", "orientation", "x", "y")
SIZES = (len(SHAPES), len(SCALES), len(ORIENTATIONS), len(POSITIONS), len(POSITIONS))


@dataclass(frozen=True, eq=False)
class Factors:
    """Known factors of images: what was varied to make each of them.

    Args:
        names: Names of the factors.
        values: Integers of at least 0, `(n, number of factors)`: the value of each factor of each image.

    Attributes:
        sizes: Tuple of the number of different values of each factor.

    Raises:
        ValueError: If the values have another shape, or are no such integers.

    Example:

    >>> Factors(("shape", "size"), [[0, 0], [0, 1], [0, 2], [1, 0]]).sizes
    (2, 3)
    """

    names: tuple
    values: np.ndarray

    def __post_init__(self):
        names, values = tuple(self.names), np.asarray(self.values)
        if values.ndim != 2 or values.shape[1] != len(names) or len(set(names)) != len(names):
            raise ValueError(
                f"Expected factors of shape (n, {len(names)}), a column for each of as many different names. "
                f"Received: shape {values.shape}, names {shown(names)}"
            )
        if values.dtype.kind not in "iu" or (values.size and (values.min() < 0 or values.max() > _MOST)):
            raise ValueError(
                "Expected factors as integers of 32 bits of at least 0, the numbers of their values. "
                f"Received: {values.dtype} from {values.min(initial=0)} to {values.max(initial=0)}"
            )
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "values", values.astype(np.int32))

    def __len__(self):
        return len(self.values)

    @property
    def sizes(self):
        return tuple(len(np.unique(column)) for column in self.values.T)

    def take(self, rows):
        """The factors of the images of these numbers."""
        return Factors(self.names, self.values[rows])


def inside(shape, scale, degrees, x, y):
    """How far points are inside of a shape around the origin, elementwise; negative outside.

    Args:
        shape: One of `SHAPES`.
        scale: Half the length, in the unit of the points.
        degrees: Rotation from the x axis towards the y axis.
        x: Array of coordinates.
        y: The same, downwards.
    """
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    u, v = (c * x + s * y) / scale, (c * y - s * x) / scale
    if shape == "ellipse":
        return 1.0 - u**2 - (2.0 * v) ** 2
    if shape == "rectangle":
        return np.minimum(0.85 - np.abs(u), 0.4 - np.abs(v))
    return np.minimum(u + 0.7, 0.7 * (1.0 - u) / 1.7 - np.abs(v))  # a triangle with its tip on the u axis


def sprite(shape, scale, degrees):
    """A shape at the centre of a square, uint8 `(18, 18)`: the share of 64 points of each pixel that are inside."""
    points = (np.arange(SPRITE * POINTS) + 0.5) / POINTS - SPRITE / 2
    # A point on the edge is inside, whichever way its distance of 0 is rounded.
    found = inside(shape, scale, degrees, points[None], points[:, None]) >= -1e-9
    counts = found.reshape(SPRITE, POINTS, SPRITE, POINTS).sum(axis=(1, 3))
    return np.rint(counts * (255 / POINTS**2)).astype(np.uint8)


@functools.cache
def _whole():
    """All images, uint8 `(4608, 32, 32, 1)`, the last factor changing fastest."""
    images = np.zeros((*SIZES, SIDE, SIDE), np.uint8)
    places = [*itertools.product(enumerate(POSITIONS), repeat=2)]
    for kind, (shape, scale, degrees) in zip(
        np.ndindex(SIZES[:3]), itertools.product(SHAPES, SCALES, ORIENTATIONS), strict=True
    ):
        drawn = sprite(shape, scale, degrees)
        for (column, x), (row, y) in places:
            images[(*kind, column, row)][y : y + SPRITE, x : x + SPRITE] = drawn
    images = images.reshape(-1, SIDE, SIDE, 1)
    images.flags.writeable = False
    return images


def _values():
    return np.stack([grid.ravel() for grid in np.indices(SIZES)], axis=1).astype(np.int32)


def shapes_splits(_):
    """The one split, all images; labels are the shapes."""
    return {"train": lambda: ArrayPart(_whole(), _values()[:, 0], "shapes")}


def shapes_factors(split, limit):
    """`Factors` of the images that a split and a limit select."""
    find_split(parse_split(split)[0], ["train"], "shapes")
    values = _values()
    return Factors(NAMES, values[split_rows(split, len(values), limit)])
