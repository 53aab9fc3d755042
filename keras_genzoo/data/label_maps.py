"""Label maps, images whose pixels are the numbers of classes, as images in colour: one colour for each class."""

import os

import numpy as np
from PIL import Image, ImageOps

from keras_genzoo.data.pixels import Half, inspect_image, opaque, open_image

_BITS = 8
_DARKEST = 32
_GREYS = ("P", "L", "1", "I", "I;16", "I;16L", "I;16B", "I;16N")


class LabelMap:
    """A label map in a file, which `read_image` and `inspect_image` take in place of the file.

    The numbers of the classes are the indices of a palette, or grey levels, also those of a file in colour or with
    transparency that has dark greys alone; another file in colour has colours of its own. Pixels are never mixed: the
    map is scaled to the nearest one.

    Args:
        item: Path of a file, the `bytes` of one, or a `Half`.
    """

    def __init__(self, item):
        self.item = item

    def __fspath__(self):
        return os.fspath(self.item)

    def inspect_image(self):
        """`(height, width, 3)`."""
        return *inspect_image(self.item)[:2], 3

    def read_image(self, image_size, channels):
        """uint8 `(height, width, 3)`, of `image_size` or of the size of the file."""
        check_channels_of_maps(channels)
        with open_image(self.item) as image:
            image = _numbered(ImageOps.exif_transpose(image), image.format)
        if isinstance(self.item, Half):
            image = self.item.cropped(image)
        if image_size is not None and image.size != image_size[::-1]:
            image = ImageOps.fit(image, image_size[::-1], Image.Resampling.NEAREST)
        pixels = np.asarray(image)
        return pixels if image.mode == "RGB" else class_colours(pixels)


def _numbered(image, file_format):
    """The image in a mode of one number per pixel, or in RGB if its colours are not those of class numbers."""
    if image.mode in _GREYS and file_format == "JPEG":
        raise ValueError(
            "Expected a format that keeps class numbers, such as PNG. Received: a grey JPEG, which mixes them"
        )
    if image.mode in ("LA", "La"):
        image = image.getchannel(0)
    if image.mode == "F":
        return Image.fromarray(whole_numbers(np.asarray(image)[None], "the file")[0, ..., 0])
    if image.mode in _GREYS:
        return image
    image = opaque(image).convert("RGB")
    pixels = np.asarray(image)
    # The darkest colour of a class has a level of 32: darker greys are numbers, which would all look black.
    grey = pixels.max() < _DARKEST and (pixels == pixels[..., :1]).all()
    return image.getchannel(0) if grey else image


def check_channels_of_maps(channels):
    """Raises `ValueError` unless label maps are asked for in colour: grey would not tell all classes apart."""
    if channels != 3:
        raise ValueError(f"Expected 3 channels for label maps, which become colours. Received: {channels}")


def whole_numbers(values, name):
    """The class numbers in an array of label maps, as uint8.

    Args:
        values: Integers in 0..255, booleans or whole floats, `(n, height, width)` or `(n, height, width, 1)`.
        name: Name of the array in error messages.

    Returns:
        uint8 array `(n, height, width, 1)`.

    Raises:
        ValueError: If it has another shape, or other numbers.
    """
    values = np.asarray(values)
    shape = values.shape if values.ndim == 4 else (*values.shape, 1)
    if len(shape) != 4 or shape[3] != 1 or values.dtype.kind not in "biuf":
        found = f"shape {values.shape} of {values.dtype}"
        raise ValueError(f"Expected label maps of shape (n, height, width) in {name}. Received: {found}")
    whole = (values >= 0) & (values <= 255)  # false for NaN
    if values.dtype.kind == "f":
        whole &= values == np.floor(values)
    if not whole.all():
        wrong = values[~whole].ravel()[0]
        raise ValueError(f"Expected label maps of classes 0..255 in {name}. Received: {wrong}")
    return values.astype(np.uint8).reshape(shape)


def class_colours(numbers):
    """Colours of classes, those of PASCAL VOC: black for 0, and 255 others that are far apart where numbers are near.

    Args:
        numbers: Integers in 0..255, of any shape.

    Returns:
        uint8 array `(*shape, 3)`.

    Raises:
        ValueError: If a number is out of range.

    Source: M. Everingham et al., "The PASCAL Visual Object Classes challenge" (2010), colours of its development kit:
    the lowest bits of a number become the highest of red, green and blue in turn.

    Example:

    >>> class_colours([0, 1, 2, 255]).tolist()
    [[0, 0, 0], [128, 0, 0], [0, 128, 0], [224, 224, 192]]
    """
    numbers = np.asarray(numbers).astype(np.int64)
    if numbers.size and not (numbers.min() >= 0 and numbers.max() <= 255):
        raise ValueError(
            f"Expected label maps of classes 0..255. Received: numbers from {numbers.min()} to {numbers.max()}"
        )
    return _palette()[numbers]


def _palette():
    numbers, colours = np.arange(256)[:, None], np.zeros((256, 3), np.int64)
    for place in range(_BITS):
        colours |= (numbers >> (3 * place + np.arange(3)) & 1) << (_BITS - 1 - place)
    return colours.astype(np.uint8)
