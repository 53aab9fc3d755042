"""Mean squared error and structural similarity (Wang et al. 2004) between images and their reconstructions."""

import numpy as np
from scipy.ndimage import correlate1d

from keras_genzoo.metrics._arrays import check_image_pair
from keras_genzoo.utils.checks import check_at_least, check_flag
from keras_genzoo.utils.pixels import check_images

_WINDOW, _SIGMA, _K1, _K2 = 11, 1.5, 0.01, 0.03  # the constants of the paper
_LEAST_WINDOW = 3  # one pixel has no variance to compare
_PIXELS_AT_ONCE = 2_000_000  # float64 numbers in one of the ten arrays that a batch needs: 16 MB each


def mse(images, reconstructions, per_image=False):
    """Computes the mean squared error per pixel and channel, on pixels in [0, 1].

    Args:
        images: (n, height, width, channels), uint8 or float in [0, 1].
        reconstructions: same shape, uint8 or float in [0, 1], whatever the type of `images`.
        per_image: whether to return one value per image instead of the mean.

    Returns:
        float in [0, 1], lower is better; times 255^2 it is the error of uint8 pixels. Or float64 (n,).

    Raises:
        ValueError: if the shapes differ, there are no images, or values are out of range.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import mse
    >>> round(mse(np.zeros((1, 8, 8, 1), "uint8"), np.full((1, 8, 8, 1), 51, "uint8")), 6)  # 51 = 0.2 * 255
    0.04
    """
    check_flag(per_image=per_image)
    images, reconstructions = check_image_pair(images, reconstructions, "reconstructions")
    errors = np.concatenate([np.square(a - b).mean(axis=(1, 2, 3)) for a, b in _batches(images, reconstructions)])
    return errors if per_image else float(errors.mean())


def ssim(images, reconstructions, per_image=False):
    """Computes the mean structural similarity of images and their reconstructions.

    An 11x11 Gaussian window of deviation 1.5, K1 = 0.01, K2 = 0.03, only where the whole window fits (no padding);
    several channels are averaged. Images with a side below 11 pixels use the largest odd window that fits (7x7 for
    8x8 images), of the same deviation: compare such numbers only with numbers of the same image size.

    Args:
        images: (n, height, width, channels), uint8 or float in [0, 1].
        reconstructions: same shape, uint8 or float in [0, 1].
        per_image: whether to return one value per image instead of the mean.

    Returns:
        float in [-1, 1], 1 for equal images, higher is better. Or float64 (n,).

    Raises:
        ValueError: if the shapes differ, there are no images, or values are out of range.

    References:
        - Wang, Bovik, Sheikh and Simoncelli 2004, Image Quality Assessment: From Error Visibility to
          Structural Similarity, eq. 13.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import ssim
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), dtype="uint8")
    >>> ssim(images, images)
    1.0
    """
    check_flag(per_image=per_image)
    images, reconstructions = check_image_pair(images, reconstructions, "reconstructions")
    window = ssim_window(images.shape[1:3])
    values = np.concatenate([_batch_ssim(a, b, window) for a, b in _batches(images, reconstructions)])
    return values if per_image else float(values.mean())


def ssim_window(image_size):
    """Returns the one-dimensional Gaussian weights that `ssim` uses for images of this (height, width).

    Args:
        image_size: (height, width).

    Returns:
        float64 array of 11 weights, or fewer, an odd number, for images with a side below 11 pixels. They sum to 1.

    Raises:
        ValueError: if a side is not an integer of at least 3.

    Example:

    >>> from keras_genzoo.metrics import ssim_window
    >>> len(ssim_window((28, 28))), len(ssim_window((8, 8)))
    (11, 7)
    """
    if not isinstance(image_size, (list, tuple)) or len(image_size) != 2:
        raise ValueError(f"Expected image_size as (height, width). Received: {image_size!r}")
    check_at_least(_LEAST_WINDOW, height=image_size[0], width=image_size[1])
    side = min(_WINDOW, *image_size)
    side -= 1 - side % 2
    offsets = np.arange(side) - side // 2
    weights = np.exp(-0.5 * np.square(offsets / _SIGMA))
    return weights / weights.sum()


def _batch_ssim(a, b, window):
    mean_a, mean_b = _smooth(a, window), _smooth(b, window)
    variances = _smooth(a * a + b * b, window) - mean_a * mean_a - mean_b * mean_b
    covariance = _smooth(a * b, window) - mean_a * mean_b
    c1, c2 = _K1**2, _K2**2  # the range of pixels is 1
    luminance = (2.0 * mean_a * mean_b + c1) / (mean_a * mean_a + mean_b * mean_b + c1)
    structure = (2.0 * covariance + c2) / (variances + c2)
    return (luminance * structure).mean(axis=(1, 2, 3))


def _smooth(images, window):
    edge = len(window) // 2
    images = correlate1d(images, window, axis=1, mode="constant")
    images = correlate1d(images, window, axis=2, mode="constant")
    return images[:, edge : images.shape[1] - edge, edge : images.shape[2] - edge]  # where the window fits


def _batches(images, reconstructions):
    size = max(1, _PIXELS_AT_ONCE // images[0].size)
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        yield _to_unit_double(images[part]), _to_unit_double(reconstructions[part])


def _to_unit_double(images):
    """Pixels in [0, 1] as float64: variances are small differences of squares, too small for float32."""
    check_images(images)
    return images / 255.0 if images.dtype == np.uint8 else images.astype("float64")
