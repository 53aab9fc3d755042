"""A number that tells the data of a run from other data of the same size."""

import zlib

import numpy as np

_ROWS = 64


def fingerprint(images):
    """A checksum of some rows of an array, in equal distances.

    Args:
        images: Array of any shape and dtype; labels and targets of a training are not part of it.

    Returns:
        An integer in 0..2**32 - 1.

    Example:

    >>> images = np.arange(6).reshape(3, 2)
    >>> fingerprint(images) == fingerprint(images.copy()), fingerprint(images) == fingerprint(images[::-1])
    (True, False)
    """
    return zlib.crc32(np.ascontiguousarray(images[:: max(1, len(images) // _ROWS)]).view(np.uint8))
