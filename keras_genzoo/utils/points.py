"""Points as users pass and receive them: checks of shape, type and range.

Outside and inside of a model, points are float32 in their own units, of shape `(batch, n)`. Networks see them as they
are, so that a saved or exported model needs no data to be right. Coordinates of a size far from 1 would train badly in
silence, and are refused above `LIMIT`.
"""

import numpy as np

from keras_genzoo.utils.arrays import as_array, check_dense, check_range

MAX_COORDINATES = 16
LIMIT = 100.0  # largest size of a coordinate

OUT_OF_RANGE = (
    f"Expected points with finite coordinates of at most {LIMIT:g} in size (networks see them as they are: scale them "
    "to a standard deviation of about 1). Received: values outside"
)


def is_point_shape(shape):
    """Whether a value for `image_shape` is that of points, `(n,)`, and not of images.

    Example:

    >>> is_point_shape((2,)), is_point_shape((28, 28, 1))
    (True, False)
    """
    return isinstance(shape, (list, tuple)) and len(shape) == 1


def check_point_shape(shape):
    """Returns `(n,)`, the shape of a point of n coordinates, or raises `ValueError` unless n is in 1..16."""
    (num,) = shape
    if isinstance(num, bool) or not isinstance(num, (int, np.integer)) or not 1 <= num <= MAX_COORDINATES:
        raise ValueError(
            f"Expected image_shape=(n,) for points of n coordinates, n in 1..{MAX_COORDINATES}, or "
            f"image_shape=(height, width, channels) for images. Received: image_shape={shape!r}"
        )
    return (int(num),)


def check_spec(shape, dtype, point_shape=None):
    """Raises `ValueError` if a batch of this static shape and dtype cannot be points of `point_shape`.

    Args:
        shape: Static shape of the batch; unknown dimensions are `None`.
        dtype: Name of its dtype, of a float type.
        point_shape: `(n,)` of a model, or `None` for any number of coordinates.
    """
    wanted = "(batch, n)" if point_shape is None else f"(batch, {point_shape[0]})"
    fits = len(shape) == 2 and (shape[1] is None or 1 <= shape[1] <= MAX_COORDINATES)
    if fits and point_shape is not None:
        fits = shape[1] in (None, point_shape[0])
    if not fits:
        raise ValueError(f"Expected points of shape {wanted}. Received: shape {tuple(shape)}")
    if "float" not in str(dtype):
        raise ValueError(f"Expected points as floats in their own units. Received: dtype {dtype}")


def check_points(points, point_shape=None):
    """Raises `ValueError` unless `points` is a batch of points, values included.

    Args:
        points: Array `(batch, n)` of floats.
        point_shape: `(n,)` of a model, or `None` for any number of coordinates.

    Example:

    >>> check_points(np.zeros((3, 2), "float32"), (2,))
    """
    check_dense(points, "points")
    points = points if hasattr(points, "dtype") else as_array(points, "points")
    check_spec(tuple(points.shape), getattr(points.dtype, "name", str(points.dtype)), point_shape)
    check_range(np.asarray(points, "float32"), OUT_OF_RANGE, LIMIT)
