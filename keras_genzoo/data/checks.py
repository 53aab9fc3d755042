"""Checks of arguments; each error is one sentence."""

import numbers

import numpy as np

from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import is_number
from keras_genzoo.utils.signals import MAX_CHANNELS

UNLABELLED = -1  # in place of a label, for an image without one


def check_size(image_size, channels):
    """Returns `image_size` as a tuple of one or two ints, and `channels`; both may be None. Or raises a ValueError."""
    if image_size is None:  # images or signals: the source tells
        return None, check_channels(channels, of_signals=True)
    listed = isinstance(image_size, tuple | list | np.ndarray) and len(image_size) in (1, 2)
    if not listed or not all(is_number(s) and isinstance(s, numbers.Integral) and s > 0 for s in image_size):
        raise ValueError(
            f"Expected image_size to be two positive integers (height, width), or one of signals, (length,). "
            f"Received: image_size={image_size!r}"
        )
    sides = tuple(map(int, image_size))
    return sides, check_channels(channels, of_signals=len(sides) == 1)


def check_channels(channels, of_signals=False):
    """Returns `channels`, which must be 1, 3 or None, or of signals 1..16 or None, or raises a ValueError."""
    allowed = (None, *range(1, MAX_CHANNELS + 1)) if of_signals else (None, 1, 3)
    if isinstance(channels, bool | str | list | tuple) or channels not in allowed:
        wanted = f"1..{MAX_CHANNELS} or None" if of_signals else "1 (grey), 3 (red, green, blue) or None"
        raise ValueError(f"Expected channels to be {wanted}. Received: {channels!r}")
    return channels


def check_labels(labels, count, name, partial=False):
    """Returns labels as int32 `(n,)`.

    Args:
        labels: Array of `n` integers of at least 0, `(n,)` or `(n, 1)`.
        count: Number of images, which must equal the number of labels.
        name: Name of the source in error messages.
        partial: Whether an image may have -1, no label.

    Returns:
        int32 array `(n,)`.

    Raises:
        ValueError: If the shape is wrong, or a label is negative, not an integer, or too large for int32.

    Example:

    >>> check_labels([[3], [1]], 2, "label")
    array([3, 1], dtype=int32)
    """
    labels = as_array(labels, f"the labels in {name}")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (count,):
        raise ValueError(
            f"Expected {count} labels, one integer per image, in {name} (for one-hot labels take their argmax). "
            f"Received: shape {labels.shape}"
        )
    if labels.dtype.kind not in "biuf":
        raise ValueError(f"Expected the labels in {name} to be integers. Received: dtype {labels.dtype}")
    low = UNLABELLED if partial else 0
    with np.errstate(invalid="ignore"):
        bad = ~((labels >= low) & (labels <= np.iinfo(np.int32).max) & (labels == np.floor(labels)))
    if bad.any():
        first, rest = int(np.argmax(bad)), " (labelled:SOURCE leaves images without a label, -1, out)"
        rest = ", or -1 for an image without a label" if partial else rest * bool((labels[bad] == UNLABELLED).any())
        raise ValueError(
            f"Expected the labels in {name} to be integers of at least 0{rest}. Received: {int(bad.sum())} of {count} "
            f"that are not, such as {labels[first].item()!r} at position {first}"
        )
    return labels.astype(np.int32)
