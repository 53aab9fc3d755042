"""Drawings of the edges in images, dark lines on white: what a generator learns to colour."""

import numpy as np

from keras_genzoo.data.pixels import to_channels
from keras_genzoo.utils.progress import track

_SIGMA = 1.0  # pixels of the smoothing: lines survive in images of 64 pixels
_WHITE = 250  # the least grey level of a white corner
_BORDER = 4  # pixels of paper around an image on white: more than the smoothing reaches
_LOW, _HIGH = 0.05, 0.1  # slopes of the luminance in [0, 1], per pixel, where a line goes on and where one begins


class EdgesPart:
    """The edges in the images of a part, at the size at which they are loaded. Kept in memory, never streamed.

    Args:
        part: Part of images, as of `keras_genzoo.data.parts`.
    """

    in_memory = True

    def __init__(self, part):
        if part.of_signals or part.of_points:
            raise ValueError(f"Expected images for edges:. Received: {part.name}, which has none")
        self.part = part

    def __getattr__(self, name):  # labels, classes, names, rows and messages are those of the images
        return getattr(self.__dict__["part"], name)

    def __len__(self):
        return len(self.part)

    def take(self, rows):
        """The images of these numbers as a part."""
        return EdgesPart(self.part.take(rows))

    def shape(self, image_size, channels):
        """`(height, width, channels)` of the drawings, that of the images: grey lines have as many channels."""
        return self.part.shape(image_size, channels)

    def arrays(self, shape):
        """uint8 drawings `(n, *shape)` and the labels, not yet checked, or None."""
        images, labels = self.part.arrays(shape)
        return edge_drawings(images), labels


def edge_drawings(images):
    """Draws the edges in images: lines of one pixel, black on white.

    Canny's detector on the luminance, smoothed by a Gaussian of one pixel, with thresholds of 0.05 and 0.1. An image
    whose four corners are white (250 and more) shows a shape on white paper: where the shape is cut off by the border
    of the image, its outline is drawn along that border. Other images have no line there.

    Args:
        images: uint8 `(n, height, width, channels)`, 1 or 3 channels.

    Returns:
        uint8 array of the same shape, 0 on lines and 255 elsewhere, equal in all channels.

    Raises:
        ImportError: If scikit-image is not installed.

    Source: J. Canny, "A computational approach to edge detection" (1986).

    Example:

    >>> images = np.zeros((1, 16, 16, 1), "uint8")
    >>> images[:, :, 7], images[:, :, 8:] = 128, 255
    >>> (edge_drawings(images)[0, 8, :, 0] == 0).nonzero()[0].tolist()
    [7]
    """
    canny = _canny()
    drawings = np.empty(images.shape, np.uint8)
    for i, grey in enumerate(track(to_channels(images, 1)[..., 0], "Drawing edges")):
        on_white = grey[[0, 0, -1, -1], [0, -1, 0, -1]].min() >= _WHITE
        around = np.pad(grey, _BORDER, constant_values=255) if on_white else grey
        lines = canny(around / 255, sigma=_SIGMA, low_threshold=_LOW, high_threshold=_HIGH, mode="nearest")
        drawings[i] = np.where(_cropped(lines) if on_white else lines, 0, 255)[..., None]
    return drawings


def _cropped(lines):
    """Lines without the paper around them. A line on the first pixel outside is drawn on the last one inside."""
    size, (height, width) = _BORDER, lines.shape
    for first, inside in ((size - 1, size), (height - size, height - size - 1)):
        lines[inside] |= lines[first]
    for first, inside in ((size - 1, size), (width - size, width - size - 1)):
        lines[:, inside] |= lines[:, first]
    return lines[size:-size, size:-size]


def _canny():
    try:
        from skimage.feature import canny
    except ImportError:
        raise ImportError(
            "Expected scikit-image for drawings of edges. Received: none; pip install 'keras_genzoo[edges]'"
        ) from None
    return canny
