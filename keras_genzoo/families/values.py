"""What the data of a model are, pixels, points or signals: how they are checked, converted and exported.

A model has `values`, `Pixels` or one of the classes of `keras_genzoo.families.float_values`, by its `image_shape`. What
differs between images, points and signals is there, and nothing else asks for the length of `image_shape`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from keras import ops

from keras_genzoo.data.named import is_image_file, load_named_images
from keras_genzoo.families import checks
from keras_genzoo.families.allowed import unit_interval
from keras_genzoo.families.float_values import Points, Signals
from keras_genzoo.families.tiling import in_tiles
from keras_genzoo.utils import pixels
from keras_genzoo.utils.text import counted


def values_of(image_shape):
    """`Points`, `Signals` or `Pixels` of an `image_shape`.

    Example:

    >>> values_of((2,)).noun, values_of((1024, 1)).noun, values_of((28, 28, 1)).noun
    ('points', 'signals', 'images')
    """
    return {1: Points, 2: Signals, 3: Pixels}[len(image_shape)](tuple(image_shape))


@dataclass(frozen=True)
class Pixels:
    """Images: uint8 0..255 or float 0..1 outside of a model, `network_range` inside.

    Args:
        shape: `(height, width, channels)`.

    Attributes:
        noun: What the data are called in messages.
        name: Name of the inputs and outputs of exported signatures.
        dtype: Of what `generate` and `reconstruct` give.
        are_images: Whether features of images apply: augmentations, PNG files, imputation, the web page.
        containers: What arrays and lists of them are, in messages.
    """

    shape: tuple

    noun = "images"
    name = "image"
    dtype = "uint8"
    are_images = True
    containers = (
        "images as one array (batch, height, width, channels), or as a list of images (height, width, channels) of one "
        "size"
    )

    def __str__(self):
        height, width, channels = self.shape
        return f"{height}x{width}, {counted(channels, 'channels')}"

    initial_log_var = 0.0  # of a Gaussian decoder, in units of the networks
    shown = None  # how many samples a picture shows, and in how many columns: by the conditions of the model
    containers_of_any_size = containers.removesuffix(" of one size")

    @property
    def loading(self):
        """Options of loaders for data of this shape."""
        return {"image_size": self.shape[:2], "channels": self.shape[2]}

    def check_model(self, model):
        """Raises `ValueError` unless a model with these arguments takes such data."""

    def check_images(self, feature):
        """Raises `ValueError` if a feature of images is asked of other data."""

    def check_points(self, feature):
        """Raises `ValueError` if a feature of points is asked of other data."""
        raise ValueError(
            f"Expected a model of points for {feature}. Received: a model of {self.noun}, image_shape={self.shape}"
        )

    def check(self, values):
        """Raises `ValueError` unless arrays hold such data, values included."""
        pixels.check_images(values, self.shape)

    def check_any_size(self, values):
        """Raises `ValueError` unless an array holds such data of any size, values included."""
        pixels.check_images(values, (None, None, self.shape[2]))
        if 0 in np.shape(values)[1:]:
            raise ValueError(f"Expected images of at least one pixel. Received: shape {np.shape(values)}")

    def read(self, path, keep_size):
        """The data of a file, or of a view of one, as an array of one, at its own size or at that of the model."""
        if not is_image_file(path):
            there = Path(path).expanduser().exists()
            found = f"{os.fspath(path)!r}, which is {'no image file' if there else 'not there'}"
            raise (ValueError if there else FileNotFoundError)(
                f"Expected the path of an image file (keras_genzoo.data.load_arrays reads folders). Received: {found}"
            )
        return load_named_images(path, None, None if keep_size else self.shape[:2], self.shape[2])[0]

    def in_parts(self, function, values):
        """What a function of data of the model's size, which gives floats, makes of one image of any size."""
        return in_tiles(function, values, self.shape)

    def check_spec(self, shape, dtype):
        """Raises `ValueError` if a batch of this static shape and dtype cannot be such data."""
        pixels.check_spec(shape, dtype, self.shape)

    def in_range(self, values, least=1):
        """A tensor whose use fails unless its values are in range: in a graph, the step fails with one sentence.

        Bytes of 0 and 1 alone are refused from `least` images on.
        """
        return checks.images_in_range(values, least)

    def to_network(self, values, network_range):
        """Data as networks take them, float32."""
        low, high = network_range
        scale = 1.0 / 255.0 if values.dtype.name == "uint8" else 1.0
        return ops.cast(values, "float32") * (scale * (high - low)) + low

    def from_network(self, values, network_range, dtype="float32"):
        """What networks give as data, float32 or, of images, also uint8."""
        low, high = network_range
        images = ops.clip((ops.cast(values, "float32") - low) / (high - low), 0.0, 1.0)
        return ops.cast(ops.round(images * 255.0), "uint8") if dtype == "uint8" else images

    def from_unit(self, values, network_range):
        """Learned numbers as data inside of the networks: they begin near 0, and 0..1 becomes `network_range`."""
        low, high = network_range
        return low + (high - low) * ops.clip(values, 0.0, 1.0)

    def activation(self, bounded):
        """Activation of the output of a network that makes data, where `bounded` is that for pixels."""
        return bounded

    def check_export(self, image_dtype):
        """Raises `ValueError` unless exported signatures may have data of this dtype."""

    def allowed(self, name, dtype):
        """What an exported input may hold: `keras_genzoo.families.allowed.Allowed`, `None` for anything."""
        return None if dtype == "uint8" else unit_interval(name)

    def exported(self, values, dtype):
        """Generated data as an exported input takes them."""
        return values if dtype == "uint8" else values / np.float32(255.0)

    def noise(self, num, rng):
        """Data for a model that generates none."""
        return rng.integers(0, 256, (num, *self.shape), dtype=np.uint8)
