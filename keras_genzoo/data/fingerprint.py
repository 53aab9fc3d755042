"""A number that tells the data of a run from other data of the same size."""

import zlib

import numpy as np

_ROWS = 64


def fingerprint(*columns):
    """A checksum of arrays of equally many rows: of some rows in equal distances of the first, of all of the others.

    Args:
        *columns: Images, and what stands next to them.

    Returns:
        An integer in 0..2**32 - 1.

    Example:

    >>> images = np.arange(6).reshape(3, 2)
    >>> fingerprint(images) == fingerprint(images.copy()), fingerprint(images) == fingerprint(images[::-1])
    (True, False)
    """
    first, *others = columns
    value = 0
    for column in (first[:: max(1, len(first) // _ROWS)], *others):
        value = zlib.crc32(np.ascontiguousarray(column).view(np.uint8), value)
    return value
