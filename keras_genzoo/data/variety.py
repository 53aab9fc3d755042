"""Warnings for training data without variety: what a model learns from them is rarely what was meant."""

import warnings

import numpy as np

from keras_genzoo.data.checks import UNLABELLED

DARK = 16 / 255  # the share of white that 12 of 16 bits have


def warn_of_no_variety(images, labels=None, name="the given arrays"):
    """Warns if all images of a training are equal or nearly black, or all of its labels are equal.

    Args:
        images: Array of images or points, one per row.
        labels: Integers, one per row, -1 for an image without a label; `None` without labels.
        name: Name of the source in the warning.

    Warns:
        UserWarning: If there are several rows, and all are the same.

    Example:

    >>> import numpy as np, warnings
    >>> with warnings.catch_warnings(record=True, action="always") as found:
    ...     warn_of_no_variety(np.zeros((3, 8, 8, 1), "uint8"))
    >>> str(found[0].message)
    'All 3 images of the given arrays are equal: a model can only learn to repeat this one.'
    """
    if _equal(np.asarray(images)):
        noun = {2: "points", 3: "signals"}.get(np.ndim(images), "images")
        _warn(f"All {len(images)} {noun} of {name} are equal: a model can only learn to repeat this one.")
    warn_of_darkness(images, name)
    if labels is None:
        return
    labels = np.asarray(labels).reshape(-1)
    labels = labels[labels != UNLABELLED]
    if _equal(labels):
        _warn(f"All {len(labels)} labels of {name} are {labels[0]}: a model learns no other class from them.")


def warn_of_darkness(images, name):
    """Warns if several images are not all 0, and none has a value above 16 of 255.

    So are images that were divided by 255 twice, and the files of 16 bits of a camera that has 10 or 12.

    Args:
        images: Array of images, uint8 0..255 or float 0..1; of points and signals, nothing is said.
        name: Name of the source in the warning.
    """
    if np.ndim(images) != 4 or len(images) < 2:
        return
    images = np.asarray(images)
    greatest = images.max() / (255 if images.dtype == np.uint8 else 1.0)
    if 0.0 < greatest <= DARK:
        _warn(
            f"All images of {name} are nearly black: no value is above {greatest * 255:.3g} of 255. "
            "Scale them to use the whole range; files of 16 bits may hold 10 or 12 bits alone, and maps of classes are "
            "the source label_maps:."
        )


def _equal(rows):
    return len(rows) > 1 and all(np.array_equal(row, rows[0]) for row in rows)  # stops at the first that differs


def _warn(sentence):
    warnings.warn(sentence, stacklevel=5)
