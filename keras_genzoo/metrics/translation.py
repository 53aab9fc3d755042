"""Error of translated images against matched target images."""

import numpy as np

from keras_genzoo.metrics._arrays import check_image_pair
from keras_genzoo.metrics.reconstruction import mse
from keras_genzoo.utils.checks import check_flag
from keras_genzoo.utils.pixels import check_images

_IMAGES_AT_ONCE = 64
_LEAST_ERROR = 0.01  # squared grey levels


def translation_l1(images, translations, per_image=False):
    """Computes the mean absolute error per pixel and channel, in grey levels.

    Args:
        images: What the translations should be: (n, height, width, channels), uint8 or float in [0, 1].
        translations: same shape, uint8 or float in [0, 1], whatever the type of `images`.
        per_image: whether to return one value per image instead of the mean.

    Returns:
        float in [0, 255], lower is better. Or float64 (n,).

    Raises:
        ValueError: if the shapes differ, there are no images, or values are out of range.

    References:
        - Isola et al. 2017, https://arxiv.org/abs/1611.07004, eq. 3, which pix2pix is trained with, too.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import translation_l1
    >>> translation_l1(np.zeros((1, 8, 8, 1), "uint8"), np.full((1, 8, 8, 1), 51, "uint8"))
    51.0
    """
    check_flag(per_image=per_image)
    images, translations = check_image_pair(images, translations, "translations")
    errors = np.empty(len(images))
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        part = slice(start, start + _IMAGES_AT_ONCE)
        errors[part] = np.abs(_levels(images[part]) - _levels(translations[part])).mean(axis=(1, 2, 3))
    return errors if per_image else float(errors.mean())


def psnr(images, translations, per_image=False):
    """Computes the peak signal-to-noise ratio, `10 log10(255^2 / mse)` with the mean squared error in grey levels.

    Args:
        images: What the translations should be: (n, height, width, channels), uint8 or float in [0, 1].
        translations: same shape, uint8 or float in [0, 1], whatever the type of `images`.
        per_image: whether to return one value per image instead of their mean.

    Returns:
        float in decibels, higher is better; a mean squared error below 0.01 counts as 0.01, 68 dB, so that
        the mean over images stays finite. Or float64 (n,).

    Raises:
        ValueError: if the shapes differ, there are no images, or values are out of range.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import psnr
    >>> round(psnr(np.zeros((1, 8, 8, 1), "uint8"), np.full((1, 8, 8, 1), 51, "uint8")), 2)
    13.98
    """
    check_flag(per_image=per_image)
    images, translations = check_image_pair(images, translations, "translations")
    squares = mse(images, translations, per_image=True) * 255.0**2
    ratios = 10.0 * np.log10(255.0**2 / np.maximum(squares, _LEAST_ERROR))
    return ratios if per_image else float(ratios.mean())


def _levels(images):
    """Pixels as float64 in 0..255."""
    check_images(images)
    return images.astype("float64") if images.dtype == np.uint8 else images * 255.0
