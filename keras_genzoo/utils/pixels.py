"""Images as users pass and receive them: checks and conversions.

Outside of a model, images are `uint8`, 0..255, of shape `(batch, height, width, channels)`. Float images must be in
0..1. Networks work in [-1, 1] or, with a Bernoulli decoder, in [0, 1].
"""

import numpy as np

from keras_genzoo.utils.arrays import as_array, check_dense

MIN_SIDE = 8
MAX_SIDE = 256

# A dark photo can have no level above 1. An image of 0 and 1 alone has more than this share of ones.
BINARY_SHARE = 0.01

OUT_OF_RANGE = (
    "Expected float images with values in 0..1 (divide pixels of 0..255 by 255, or cast them to uint8). "
    "Received: values outside"
)
BINARY_BYTES = (
    "Expected uint8 images in 0..255 (for black and white images, multiply them by 255 or convert them to float). "
    "Received: 0 and 1 alone"
)


def check_image_shape(image_shape):
    """Returns `image_shape` as a tuple `(height, width, channels)` of ints.

    Args:
        image_shape: Sequence of three integers. Height and width in 8..256, channels 1 (grey) or 3 (RGB).

    Returns:
        The tuple `(height, width, channels)`.

    Raises:
        ValueError: If it is another value.

    Example:

    >>> check_image_shape([28, 28, 1])
    (28, 28, 1)
    """
    expected = (
        "Expected image_shape=(height, width, channels) with sides of "
        f"{MIN_SIDE}..{MAX_SIDE} pixels and 1 or 3 channels. Received: image_shape={image_shape!r}"
    )
    try:
        shape = tuple(int(side) for side in image_shape)
        exact = all(int(side) == side for side in image_shape)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(expected) from None
    if len(shape) != 3 or not exact:
        raise ValueError(expected)
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in shape[:2]) or shape[2] not in (1, 3):
        raise ValueError(expected)
    return shape


def check_spec(shape, dtype, image_shape=None):
    """Raises `ValueError` if a batch of this static shape and dtype cannot be images of `image_shape`.

    Args:
        shape: Static shape of the batch; unknown dimensions are `None`.
        dtype: Name of its dtype: `"uint8"` or a float type.
        image_shape: `(height, width, channels)` of a model, or `None` for any; `None` in it for any side.
    """
    dtype = str(dtype)
    named = zip(("height", "width", "channels"), image_shape or (None,) * 3, strict=True)
    wanted = f"(batch, {', '.join(name if side is None else str(side) for name, side in named)})"
    if dtype != "uint8" and "float" not in dtype:
        raise ValueError(f"Expected images as uint8 in 0..255 or as floats in 0..1. Received: dtype {dtype}")
    fits = len(shape) == 4 and shape[-1] in (1, 3, None)
    if fits and image_shape is not None:
        fits = all(want is None or side in (None, want) for side, want in zip(shape[1:], image_shape, strict=True))
    if not fits:
        points = "; points need a model of points, image_shape=(n,)" if len(shape) == 2 and image_shape else ""
        raise ValueError(f"Expected images of shape {wanted}{points}. Received: shape {tuple(shape)}")


def check_images(images, image_shape=None):
    """Raises `ValueError` unless `images` is a batch of images, values included.

    Args:
        images: Array `(batch, height, width, channels)`, `uint8` in 0..255 or float in 0..1.
        image_shape: As for `check_spec`.

    Raises:
        ValueError: If the rank, shape, dtype or range of values is wrong.
    """
    check_dense(images, "images")
    images = images if hasattr(images, "dtype") else as_array(images, "images")
    dtype = getattr(images.dtype, "name", str(images.dtype))
    check_spec(tuple(images.shape), dtype, image_shape)
    if not np.size(images):
        return
    if dtype == "uint8":
        return check_not_binary(images)
    values = np.asarray(images, "float32")
    low, high = float(values.min()), float(values.max())
    if not (low >= 0.0 and high <= 1.0):  # False for NaN, too
        raise ValueError(OUT_OF_RANGE.replace("values outside", f"values from {low:g} to {high:g}"))


def has_grey(images):
    """Whether a pixel of images, uint8 0..255 or float 0..1, is neither black nor white."""
    white = 255 if images.dtype == np.uint8 else 1.0
    return not ((images == 0) | (images == white)).all()


def check_not_binary(images, name="images"):
    """Raises `ValueError` if bytes hold zeros and ones alone: 1 may stand for white, or for 1/255.

    Args:
        images: Array; only uint8 with the maximum 1 is refused, unless nearly all of it is 0, as in a dark photo.
        name: Name of the array in the error message.
    """
    images = np.asarray(images)
    if images.dtype == np.uint8 and images.size and images.max() == 1 and np.mean(images) >= BINARY_SHARE:
        raise ValueError(BINARY_BYTES.replace("uint8 images", f"uint8 {name}"))


def to_unit(images):
    """Images as a float32 NumPy array in [0, 1].

    Args:
        images: `(batch, height, width, channels)`, uint8 in 0..255 or float in 0..1.

    Returns:
        Float32 array of the same shape, values in [0, 1].
    """
    check_images(images)
    return as_unit(np.asarray(images))


def as_unit(images):
    """The same of an array that has been checked."""
    return images.astype("float32") / np.float32(255) if images.dtype == np.uint8 else images.astype("float32")


def to_uint8(images):
    """Float images in [0, 1] as a uint8 NumPy array in 0..255, rounded to the nearest level."""
    return np.rint(np.clip(np.asarray(images, "float32"), 0.0, 1.0) * np.float32(255)).astype("uint8")
