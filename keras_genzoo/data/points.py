"""The sources `points:...`, draws from mixtures of Gaussians in the plane, and points in arrays."""

import functools
import math
from typing import NamedTuple

import numpy as np

from keras_genzoo.data.classes import Classes
from keras_genzoo.data.parts import ArrayPart, Part
from keras_genzoo.data.pixels import to_bytes
from keras_genzoo.data.signals import are_signals, signal_part
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.points import MAX_COORDINATES, check_points
from keras_genzoo.utils.text import nearest

NUM = {"train": 100_000, "test": 10_000}  # points of a split: 100,000 in section 4.1 of 1712.04086
SEEDS = {"train": 0, "test": 1}


class Modes(NamedTuple):
    """The modes of a mixture of equally likely Gaussians.

    Fields:
        means: float64 `(modes, 2)`.
        std: Standard deviation of each coordinate of a point around the mean of its mode.
    """

    means: np.ndarray
    std: float


def _ring(num):
    angles = 2.0 * math.pi * np.arange(num) / num
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _grid(side):
    steps = 2.0 * np.arange(side) - (side - 1)
    return np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)


MODES = {"grid25": Modes(_grid(5), 0.05), "ring8": Modes(_ring(8), 0.01)}


def modes_of(name):
    """The modes of a source `points:NAME`.

    Args:
        name: `"grid25"`, 25 Gaussians of standard deviation 0.05 on a square grid from -4 to 4 with a distance of 2,
            or `"ring8"`, 8 Gaussians of standard deviation 0.01 on the unit circle; with or without `points:`.

    Returns:
        `Modes`, a tuple of `means` `(modes, 2)` and `std`.

    References:
        Lin et al., 2018, https://arxiv.org/abs/1712.04086, section 4.1.

    Example:

    >>> modes = modes_of("points:grid25")
    >>> modes.means.shape, modes.std, modes.means[:2].tolist()
    ((25, 2), 0.05, [[-4.0, -4.0], [-4.0, -2.0]])
    """
    key = name.removeprefix("points:") if isinstance(name, str) else name
    if not isinstance(key, str) or key not in MODES:
        known = [f"points:{each}" for each in MODES]
        hint = f"; {nearest(name, known)}" if isinstance(name, str) else ""
        raise ValueError(f"Expected one of {', '.join(known)}. Received: {name!r}{hint}")
    return MODES[key]


def known_modes(source):
    """The `Modes` of a source of `keras_genzoo.data.load`; `None` for a source without any."""
    return modes_of(source) if isinstance(source, str) and source.startswith("points:") else None


def draw_points(name, num, seed=0):
    """Draws points from the mixture of a source: any number of them, by a seed of its own.

    Args:
        name: As for `modes_of`.
        num: Number of points, at least 1.
        seed: Integer of at least 0.

    Returns:
        Tuple of the points, float32 `(num, 2)`, and their modes, int32 `(num,)`.

    Example:

    >>> points, labels = draw_points("points:ring8", 100, seed=3)
    >>> points.shape, str(points.dtype), int(labels.max())
    ((100, 2), 'float32', 7)
    """
    check_at_least(1, num=num)
    check_at_least(0, seed=seed)
    means, std = modes_of(name)
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(means), num)
    points = means[labels] + std * rng.standard_normal((num, 2))
    return points.astype("float32"), labels.astype("int32")


class PointPart(Part):
    """Points in memory.

    Args:
        points: Float array `(n, coordinates)`.
        labels: Array of `n` labels, not yet checked, or None.
        name: Name of the source in error messages.
        classes: `Classes` of the labels, if the source declares them.
    """

    in_memory = of_points = True

    def __init__(self, points, labels, name, classes=None):
        check_points(points)
        if not len(points):
            raise ValueError(f"Expected at least one point in {name}. Received: shape {points.shape}")
        super().__init__(len(points), labels, name, classes)
        self.points = np.asarray(points, "float32")

    def __len__(self):
        return len(self.points)

    @property
    def images(self):
        """The points, as parts of images and of signals name what they hold."""
        return self.points

    def take(self, rows):
        """The points of these numbers as a part."""
        labels = None if self.labels is None else self.labels[rows]
        return PointPart(self.points[rows], labels, self.name, self._declared)._with_classes_of(self)

    def shape(self, image_size, channels):
        """`(coordinates,)`; raises `ValueError` if a size or channels are asked for, which points do not have."""
        if image_size is not None and len(image_size) == 1:
            raise ValueError(f"Expected signals for image_size={image_size}. Received: {self.name}, which has points")
        if image_size is not None or channels is not None:
            raise ValueError(
                f"Expected images, which have image_size and channels. Received: {self.name}, points of "
                f"{self.points.shape[1]} coordinates, for a model of image_shape=({self.points.shape[1]},)"
            )
        return self.points.shape[1:]

    def arrays(self, shape):
        """float32 points `(n, coordinates)` and the labels, not yet checked, or None."""
        return self.points, self.labels


def points_splits(name):
    """The splits of the source `points:NAME`; labels are the numbers of the modes."""
    modes = modes_of(f"points:{name}")

    @functools.cache
    def part(split):
        points, labels = draw_points(name, NUM[split], SEEDS[split])
        source = f"points:{name}"
        return PointPart(points, labels, source, Classes(len(modes.means), source=source))

    return {split: functools.partial(part, split) for split in NUM}


def array_part(values, labels, name):
    """The part of an array: points, of rank 2, few columns and no bytes; signals; or else images."""
    values = as_array(values, name)
    if are_signals(values):
        return signal_part(values, labels, name)
    if values.ndim == 2 and 1 <= values.shape[1] <= MAX_COORDINATES and values.dtype.kind in "fi":
        return PointPart(values, labels, name)
    return ArrayPart(to_bytes(values, name), labels, name)
