"""Warnings for training data without variety: what a model learns from them is rarely what was meant."""

import warnings

import numpy as np

from keras_genzoo.data.checks import UNLABELLED


def warn_of_no_variety(images, labels=None, name="the given arrays"):
    """Warns if all images of a training are equal, or all of its labels.

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
    if labels is None:
        return
    labels = np.asarray(labels).reshape(-1)
    labels = labels[labels != UNLABELLED]
    if _equal(labels):
        _warn(f"All {len(labels)} labels of {name} are {labels[0]}: a model learns no other class from them.")


def _equal(rows):
    return len(rows) > 1 and all(np.array_equal(row, rows[0]) for row in rows)  # stops at the first that differs


def _warn(sentence):
    warnings.warn(sentence, stacklevel=5)
