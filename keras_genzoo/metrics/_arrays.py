"""Checks of the arrays that metrics take; each error is one sentence."""

import numpy as np

from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.pixels import check_images
from keras_genzoo.utils.signals import check_signals
from keras_genzoo.utils.text import counted

_LARGEST = float(np.finfo("float32").max)  # of larger numbers, the squares and cubes of a metric may overflow


def check_features(features, name="features", least=1):
    """Returns `features` as a finite float64 array of shape (n, d).

    Args:
        features: array-like of shape (n, d): one row per image, one column per feature.
        name: name of the array in error messages.
        least: smallest number of rows that the metric is defined for.

    Returns:
        float64 NumPy array (n, d).

    Raises:
        ValueError: if the rank is not 2, rows are too few, there are no columns, or a value is not a real
            number that float32 can hold.
    """
    features = as_array(features, name)
    if features.ndim != 2:
        raise ValueError(f"Expected {name} as an array of shape (n, d), one row per image. Received: {features.shape}")
    if features.shape[0] < least or features.shape[1] < 1:
        rows = counted(least, "rows")
        raise ValueError(f"Expected {name} with at least {rows} and 1 column. Received: {features.shape}")
    if features.dtype.kind in "cmMOSU":
        raise ValueError(f"Expected {name} as real numbers. Received: dtype {features.dtype}")
    features = features.astype("float64")
    bad_rows = np.flatnonzero(~(np.abs(features) <= _LARGEST).all(axis=1))  # NaN is not
    if bad_rows.size:
        raise ValueError(
            f"Expected finite {name}, as float32. "
            f"Received: NaN or infinity in {bad_rows.size} of {len(features)} rows, first in row {bad_rows[0]}; "
            f"look at the model or the feature extractor that made them"
        )
    return features


def check_pair(real, fake, least=1, names=("real features", "fake features")):
    """Returns both feature sets checked, with equal numbers of columns.

    Args:
        real: array-like (n, d).
        fake: array-like (m, d).
        least: smallest number of rows of each.
        names: names of the arrays in error messages.

    Returns:
        Two float64 NumPy arrays, (n, d) and (m, d).

    Raises:
        ValueError: as `check_features`, and if the numbers of columns differ.
    """
    real, fake = check_features(real, names[0], least), check_features(fake, names[1], least)
    check_equal_width(real.shape[1], fake.shape[1], names)
    return real, fake


def check_equal_width(real_width, fake_width, names=("real features", "fake features")):
    """Raises a `ValueError` if two sets of features have different numbers of columns."""
    if real_width != fake_width:
        raise ValueError(
            f"Expected {names[0]} and {names[1]} from one extractor, with equal numbers of columns. "
            f"Received: {real_width} and {fake_width}"
        )


def check_image_pair(images, others, name):
    """Returns two arrays of images of one shape, at least one image each; their values are checked in batches.

    Args:
        images: array-like (n, height, width, channels).
        others: array-like of the same shape, what a model made of them.
        name: name of the second array in error messages.

    Raises:
        ValueError: if shapes differ, or there are no pixels.
    """
    images, others = as_array(images, "images"), as_array(others, name)
    if images.shape != others.shape or images.ndim != 4 or not images.size:
        raise ValueError(
            f"Expected images and {name} of one shape (n, height, width, channels), n >= 1. "
            f"Received: {images.shape} and {others.shape}"
        )
    return images, others


def check_some_images(images):
    """Returns images, or signals, as an array; raises `ValueError` unless they are such, at least one."""
    images = as_array(images, "images")
    (check_signals if images.ndim == 3 and images.dtype.kind == "f" else check_images)(images)
    if not len(images):
        raise ValueError(f"Expected at least one image. Received: {images.shape}")
    return images


def mean_over_images(values, protocol):
    """The mean of one value per image as a result of `evaluate`, with its standard error."""
    error = {"standard_error": float(values.std(ddof=1) / np.sqrt(len(values)))} if len(values) > 1 else {}
    return {"value": float(values.mean())} | error | {"protocol": {"n": len(values)} | protocol}
