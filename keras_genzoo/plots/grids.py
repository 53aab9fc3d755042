"""Grids of images, written with Pillow."""

import math

import numpy as np

from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.atomic import write_atomically
from keras_genzoo.utils.checks import check_at_least, check_none_or_at_least
from keras_genzoo.utils.own_files import SOFTWARE


def image_grid(images, columns=None, scale=1, gap=2, background=255):
    """Arranges images in a grid.

    Args:
        images: uint8 `(n, height, width, channels)`, n at least 1, 1 or 3 channels.
        columns: Number of images in a row; `None` for the square root of n, rounded up.
        scale: Side of the square that each pixel becomes.
        gap: Number of pixels between images and around them.
        background: Grey value of the gaps, 0..255.

    Returns:
        uint8 array `(rows, columns, channels)` of pixels.

    Example:

    >>> image_grid(np.zeros((4, 8, 8, 1), "uint8"), gap=0).shape
    (16, 16, 1)
    """
    check_none_or_at_least(1, columns=columns)
    check_at_least(1, scale=scale)
    check_at_least(0, gap=gap, background=background)
    if background > 255:
        raise ValueError(f"Expected background in 0..255. Received: background={background}")
    images = as_array(images, "images")
    if images.dtype != np.uint8 or images.ndim != 4 or not images.size or images.shape[-1] not in (1, 3):
        raise ValueError(
            "Expected at least one uint8 image of shape (n, height, width, 1 or 3). "
            f"Received: {images.dtype} of shape {images.shape}"
        )
    num, height, width, channels = images.shape
    columns = min(num, columns or math.ceil(math.sqrt(num)))
    rows = math.ceil(num / columns)
    height, width = height * scale, width * scale
    grid = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), background, "uint8")
    for index, image in enumerate(images.repeat(scale, axis=1).repeat(scale, axis=2)):
        top = gap + index // columns * (height + gap)
        left = gap + index % columns * (width + gap)
        grid[top : top + height, left : left + width] = image
    return grid


def save_grid(images, path, columns=None, scale=None, gap=2):
    """Writes a grid of images as a PNG file, atomically: a reader never sees an incomplete file.

    Args:
        images: uint8 `(n, height, width, channels)`.
        path: File to write.
        columns: Number of images in a row; `None` for the square root of n, rounded up.
        scale: Side of the square that each pixel becomes; `None` for 2 for images of up to 32 pixels, else 1.
        gap: Number of pixels between images and around them.

    Returns:
        Path of the file.
    """
    from PIL import Image, PngImagePlugin

    if scale is None:
        scale = 2 if max(np.shape(images)[1:3], default=0) <= 32 else 1
    grid = image_grid(images, columns, scale, gap)
    mark = PngImagePlugin.PngInfo()
    mark.add_text("Software", SOFTWARE)
    image = Image.fromarray(grid[..., 0] if grid.shape[-1] == 1 else grid)
    return write_atomically(path, lambda file: image.save(file, format="PNG", optimize=True, pnginfo=mark))


def save_pairs(before, after, path, pairs_per_row=None):
    """Writes a grid of images beside what was made of them: before, after, before, after.

    Args:
        before: uint8 `(n, height, width, channels)`.
        after: uint8 of the same shape.
        path: PNG file to write.
        pairs_per_row: Number of pairs in a row; `None` for the square root of n / 2, rounded up.

    Returns:
        Path of the file.
    """
    check_none_or_at_least(1, pairs_per_row=pairs_per_row)
    before, after = as_array(before, "images before"), as_array(after, "images after")
    if before.shape != after.shape or before.dtype != after.dtype:
        raise ValueError(
            "Expected images before and after as uint8 of one shape. "
            f"Received: {before.dtype} of shape {before.shape} and {after.dtype} of shape {after.shape}"
        )
    pairs = np.stack([before, after], axis=1).reshape(-1, *after.shape[1:])
    return save_grid(pairs, path, columns=2 * (pairs_per_row or math.ceil(math.sqrt(len(after) / 2))))
