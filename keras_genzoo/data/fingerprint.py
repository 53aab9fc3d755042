"""A number that tells the data of a run from other data of the same size."""

import zlib

import numpy as np

_ROWS = 64


def fingerprint(images, labels=None):
    """A checksum of 64 rows of an array or a few more, in equal distances, and of all labels.

    Args:
        images: Array of any shape and dtype.
        labels: Array of the labels of the images, or `None`.

    Returns:
        An integer in 0..2**32 - 1.

    Example:

    >>> images = np.arange(6).reshape(3, 2)
    >>> fingerprint(images) == fingerprint(images.copy()), fingerprint(images) == fingerprint(images[::-1])
    (True, False)
    """
    value = zlib.crc32(np.ascontiguousarray(images[:: max(1, len(images) // _ROWS)]).view(np.uint8))
    return value if labels is None else zlib.crc32(np.ascontiguousarray(labels).view(np.uint8), value)
