"""Conversion of images to uint8 arrays: decoding, transparency, channels, size."""

import io
import os

import numpy as np
from PIL import Image, ImageOps

from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.pixels import MIN_SIDE, check_not_binary
from keras_genzoo.utils.progress import track

_EXIF_ORIENTATION = 0x0112
_EXIF_PLACES = {"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"}
LUMINANCE = (19595, 38470, 7471)  # 0.299, 0.587, 0.114 times 2**16, as in Pillow
_CHUNK = 4096  # images converted at a time, which bounds the memory of intermediate results


class Half:
    """The left or right half of an image file, which `read_image` and `inspect_image` take in place of the file.

    Args:
        item: Path of a file, or the `bytes` of one.
        side: `"left"` or `"right"`.
    """

    def __init__(self, item, side):
        self.item, self.side = item, side

    def __fspath__(self):
        return os.fspath(self.item)

    def bounds(self, width):
        """The first column of the half of an image of this width, and the one after its last."""
        if width % 2:
            raise ValueError(f"Expected two images side by side, of an even width. Received: a width of {width}")
        return (0, width // 2) if self.side == "left" else (width // 2, width)

    def cropped(self, image):
        """The half of an image of Pillow."""
        first, stop = self.bounds(image.width)
        return image.crop((first, 0, stop, image.height))


def read_image(item, image_size, channels):
    """Decodes one image file into uint8 `(height, width, channels)`.

    The EXIF orientation is applied, the first frame of an animation is used, transparent images get a white background,
    and palettes, CMYK and 16-bit grey are converted to 8-bit grey or colour.

    Args:
        item: Path of a file, the `bytes` of one, a `Half`, or an object with a method `read_image` of its own.
        image_size: `(height, width)`, or None for the size of the file. The image is scaled to cover this size and
            cropped at the centre.
        channels: 1 (luminance) or 3.

    Returns:
        uint8 array `(height, width, channels)`.
    """
    if hasattr(item, "read_image"):
        return item.read_image(image_size, channels)
    with open_image(item) as image:
        # The JPEG decoder skips detail that resizing would remove; a smaller image may have an odd width.
        if image_size is not None and not isinstance(item, Half):
            image.draft(None, (2 * max(image_size),) * 2)
        _check_grey(image)
        image = opaque(ImageOps.exif_transpose(image)).convert("L" if channels == 1 else "RGB")
    if isinstance(item, Half):
        image = item.cropped(image)
    if image_size is not None and image.size != image_size[::-1]:
        image = ImageOps.fit(image, image_size[::-1], Image.Resampling.LANCZOS)
    return np.array(image).reshape(image.height, image.width, channels)


def inspect_image(item):
    """Reads `(height, width, channels)` of an image from its header, as `read_image` returns them."""
    if hasattr(item, "inspect_image"):
        return item.inspect_image()
    with open_image(item) as image:
        width, height = image.size
        # getexif decodes a PNG file without EXIF data, so info is checked first
        if _EXIF_PLACES & image.info.keys() and image.getexif().get(_EXIF_ORIENTATION) in (5, 6, 7, 8):
            width, height = height, width  # rotated by 90 degrees
        if isinstance(item, Half):
            first, stop = item.bounds(width)
            width = stop - first
        grey = image.mode in ("1", "L", "LA", "La", "I", "F") or image.mode.startswith("I;")
        return height, width, 1 if grey else 3


def to_bytes(images, name):
    """Converts an array of images to uint8 `(n, height, width, channels)`.

    uint8 is unchanged; booleans and floats in [0, 1] are scaled to 0..255 and rounded. An array of uint8 with the
    maximum 1 is refused: it may be black and white, or nearly black.

    Args:
        images: Array `(n, height, width)` or `(n, height, width, channels)`.
        name: Name of the array in error messages.

    Returns:
        uint8 array `(n, height, width, 1 or 3)`.

    Raises:
        ValueError: If the rank, the number of channels, the dtype or the range is wrong.
    """
    images = as_array(images, name)
    if images.ndim == 3:
        first, height, width = images.shape
        # Channels are the last axis or the first; models take no image of so few columns.
        if (width <= 4 and min(first, height) >= MIN_SIDE) or (first == 3 and min(height, width) >= MIN_SIDE):
            raise ValueError(
                f"Expected {name} to be (n, height, width) or (n, height, width, channels) (images[None] of one image, "
                f"images[..., None] of several grey ones). Received: shape {images.shape}, which may be one image"
            )
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3) or 0 in images.shape:
        hint = ""
        if images.ndim == 4 and images.shape[1] in (1, 3):
            hint = ": move the channels last with np.moveaxis(images, 1, -1)"
        raise ValueError(
            f"Expected {name} to be (n, height, width) or (n, height, width, channels) with 1 or 3 channels{hint}. "
            f"Received: shape {images.shape}"
        )
    if images.dtype == np.uint8:
        check_not_binary(images, name)
        return np.ascontiguousarray(images)
    if images.dtype == np.bool_:
        return images * np.uint8(255)
    if images.dtype.kind != "f":
        advice = ""
        if images.dtype.kind in "iu":
            bytes_ = images.min() >= 0 and images.max() <= 255
            advice = " (bytes in another type: .astype('uint8'))" if bytes_ else " (of 16 bits: / 65535)"
        raise ValueError(f"Expected {name} to be uint8 or floats in [0, 1]{advice}. Received: dtype {images.dtype}")
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 1):  # also true for NaN
        raise ValueError(
            f"Expected the floats in {name} to lie in [0, 1] (divide pixels of 0..255 by 255). "
            f"Received: values from {low} to {high}"
        )
    return _chunked(images, lambda part: np.rint(part * 255), images.shape[3])


def to_channels(images, channels):
    """Converts uint8 `(n, height, width, c)` to 1 (luminance, ITU-R 601) or 3 channels (repeated), or keeps them."""
    if channels in (None, images.shape[3]):
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=3)
    weights = np.array(LUMINANCE, "uint32")
    return _chunked(images, lambda part: (part @ weights + 0x8000 >> 16)[..., None], 1)


def resize(images, image_size, resample=Image.Resampling.LANCZOS):
    """Scales uint8 `(n, height, width, c)` to cover `image_size` and crops at the centre; None keeps the size."""
    if image_size in (None, images.shape[1:3]):
        return images
    n, channels = len(images), images.shape[3]
    resized = np.empty((n, *image_size, channels), np.uint8)
    for i in track(range(n), "Resizing images"):
        pixels = Image.fromarray(images[i, :, :, 0] if channels == 1 else images[i])
        fitted = ImageOps.fit(pixels, image_size[::-1], resample)
        resized[i] = np.asarray(fitted).reshape(resized.shape[1:])
    return resized


def open_image(item):
    """The image of a file, its bytes, or a `Half` of one, opened by Pillow and not yet decoded."""
    item = item.item if isinstance(item, Half) else item
    return Image.open(io.BytesIO(item) if isinstance(item, bytes) else os.fspath(item))


def _check_grey(image):
    """Raises `ValueError` for grey of more than 8 bits whose range, or transparency, is not known."""
    if image.mode == "I" and image.format not in ("PNG", "PPM"):  # of these, Pillow opens 16 bits so
        raise ValueError("Expected grey of 8 or 16 bits. Received: integers of 32 bits or with a sign")
    if image.mode.startswith("I") and image.info.get("transparency") is not None:
        raise ValueError("Expected 16-bit grey without a transparent value (convert the file to 8 bits). Received: one")


def opaque(image):
    """The image in a mode without transparency and with at most 8 bits per channel."""
    if image.mode == "I" or image.mode.startswith("I;"):  # 16-bit grey, which Pillow would clip at 255
        pixels = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        return Image.fromarray(((pixels + 128) // 257).astype(np.uint8))
    if image.mode == "F":  # which Pillow would clip at 255, too
        pixels = np.asarray(image)
        low, high = pixels.min(), pixels.max()
        if not (low >= 0 and high <= 1):
            raise ValueError(f"Expected float pixels in 0..1. Received: values from {low:g} to {high:g}")
        return Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
    if not image.has_transparency_data:
        return image
    grey = image.mode in ("LA", "La", "L", "1")
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("L" if grey else "RGB")


def _chunked(images, function, channels):
    result = np.empty((*images.shape[:3], channels), np.uint8)
    for start in range(0, len(images), _CHUNK):
        result[start : start + _CHUNK] = function(images[start : start + _CHUNK])
    return result
