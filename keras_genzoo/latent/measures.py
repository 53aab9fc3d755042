"""Measures of images that a gradient passes through: what an edit is to change, or to leave."""

import numpy as np
from keras import ops

from keras_genzoo.families.checks import images_in_range
from keras_genzoo.utils import pixels

EPSILON = 1e-6


def _moments(images):
    """Shares of the light of each pixel, `(n, height, width)`, and its coordinates from the middle, in pixels."""
    grey = ops.mean(images, axis=-1)
    shares = grey / (ops.sum(grey, axis=(1, 2), keepdims=True) + EPSILON)
    height, width = images.shape[1:3]
    rows = np.arange(height, dtype="float32")[:, None] - (height - 1) / 2
    columns = np.arange(width, dtype="float32")[None] - (width - 1) / 2
    return shares, rows, columns


def _centered(images):
    """Shares, and coordinates from their centre of mass, `(n, height, 1)` and `(n, 1, width)`."""
    shares, rows, columns = _moments(images)
    middle_row = ops.sum(shares * rows, axis=(1, 2))[:, None, None]
    middle_column = ops.sum(shares * columns, axis=(1, 2))[:, None, None]
    return shares, rows - middle_row, columns - middle_column


def brightness(images):
    """Mean of all pixels, in 0..1: for light strokes on black, their area and so their width."""
    return ops.mean(images, axis=(1, 2, 3))


def height(images):
    """Standard deviation of the light along the rows, in pixels."""
    shares, rows, _ = _centered(images)
    return ops.sqrt(ops.sum(shares * ops.square(rows), axis=(1, 2)) + EPSILON)


def width(images):
    """Standard deviation of the light along the columns, in pixels, once the slant is taken out."""
    shares, rows, columns = _centered(images)
    upright = columns + slant(images)[:, None, None] * rows
    return ops.sqrt(ops.sum(shares * ops.square(upright), axis=(1, 2)) + EPSILON)


def slant(images):
    """How far the light leans to the right from row to row upwards, in pixels: the regression of columns on rows."""
    shares, rows, columns = _centered(images)
    covariance = ops.sum(shares * rows * columns, axis=(1, 2))
    return -covariance / (ops.sum(shares * ops.square(rows), axis=(1, 2)) + EPSILON)


MEASURES = {"brightness": brightness, "height": height, "width": width, "slant": slant}


def check_measures(names):
    """Raises `ValueError` unless these are names of measures, at least one."""
    names_are = isinstance(names, (list, tuple)) and len(names) and all(name in MEASURES for name in names)
    if not names_are:
        raise ValueError(f"Expected a list of names of {', '.join(map(repr, MEASURES))}. Received: {names!r}")
    if len(set(names)) < len(names):
        raise ValueError(f"Expected each name once. Received: {names!r}")


def measure(images, names=tuple(MEASURES)):
    """Measures of images.

    Args:
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`, light on dark.
        names: Names of measures: `"brightness"` (mean pixel, 0..1), `"height"` and `"width"` (standard deviations of
            the light in pixels), `"slant"` (pixels to the right per row upwards).

    Returns:
        Tensor float32 `(n, names)`.

    Raises:
        ValueError: If the images have a wrong shape, type or range, or a name is unknown or there twice.

    Example:

    >>> measure(np.eye(9, dtype="float32")[None, ..., None], ("slant",)).numpy().round(2).tolist()
    [[-1.0]]
    """
    check_measures(names)
    images = images_in_range(images)
    dtype = images.dtype.name
    pixels.check_spec(images.shape, dtype)
    return measured(ops.cast(images, "float32") / (255.0 if dtype == "uint8" else 1.0), names)


def measured(images, names):
    """`measure` of what a model gives: float images in [0, 1], and names that have been checked."""
    return ops.stack([MEASURES[name](images) for name in names], axis=-1)
