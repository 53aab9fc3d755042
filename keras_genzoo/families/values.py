"""What the data of a model are, pixels or points: how they are checked, converted and exported.

A model has `values`, one of the two classes below, by its `image_shape`. What differs between images and points is
here, and nothing else asks for the length of `image_shape`.
"""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from keras import ops

from keras_genzoo.families import checks
from keras_genzoo.families.allowed import Allowed, unit_interval
from keras_genzoo.utils import pixels, points
from keras_genzoo.utils.graph_checks import check_in_graph


def values_of(image_shape):
    """`Points` or `Pixels` of an `image_shape`.

    Example:

    >>> values_of((2,)).noun, values_of((28, 28, 1)).noun
    ('points', 'images')
    """
    return Points(tuple(image_shape)) if points.is_point_shape(tuple(image_shape)) else Pixels(tuple(image_shape))


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
        return f"{height}x{width}, {channels} channel{'s' * (channels > 1)}"

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
            f"Expected a model of points for {feature}. Received: a model of images, image_shape={self.shape}"
        )

    def check(self, values):
        """Raises `ValueError` unless arrays hold such data, values included."""
        pixels.check_images(values, self.shape)

    def check_spec(self, shape, dtype):
        """Raises `ValueError` if a batch of this static shape and dtype cannot be such data."""
        pixels.check_spec(shape, dtype, self.shape)

    def in_range(self, values):
        """A tensor whose use fails unless its values are in range: in a graph, the step fails with one sentence."""
        return checks.images_in_range(values)

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


@dataclass(frozen=True)
class Points:
    """Points: float32 in their own units, outside of a model and inside. Methods are those of `Pixels`.

    Args:
        shape: `(n,)`, n coordinates.
    """

    shape: tuple

    noun = "points"
    name = "point"
    dtype = "float32"
    are_images = False
    containers = "points as one array (batch, coordinates), or as a list of points (coordinates,)"
    loading = MappingProxyType({})  # they are taken as they are

    def __str__(self):
        return f"{self.shape[0]} coordinate{'s' * (self.shape[0] > 1)}"

    def check_model(self, model):
        name, received = model.model_name, f"Received: image_shape={self.shape}"
        network = getattr(model, "network", None)
        if network != "mlp" and "mlp" in getattr(model.arguments().get("network"), "choices", ()):
            raise ValueError(f"Expected network='mlp' for points. {received}, network={network!r}")
        if network != "mlp":
            raise ValueError(
                f"Expected image_shape=(height, width, channels): {name} has no fully connected networks, which points "
                f"need. {received}"
            )
        likelihood = getattr(model, "likelihood", "gaussian")
        if likelihood != "gaussian":
            raise ValueError(f"Expected likelihood='gaussian' for points. {received}, likelihood={likelihood!r}")
        if getattr(model, "augmentations", ()):
            self.check_images("augmentations")

    def check_images(self, feature):
        raise ValueError(
            f"Expected a model of images for {feature}. Received: a model of points, image_shape={self.shape}"
        )

    def check_points(self, feature):
        """All features of points are there."""

    def check(self, values):
        points.check_points(values, self.shape)

    def check_spec(self, shape, dtype):
        points.check_spec(shape, dtype, self.shape)

    def in_range(self, values):
        if isinstance(values, (list, tuple, dict)):
            raise ValueError(f"Expected points as one tensor. Received: a {type(values).__name__} of {len(values)}")
        values = ops.convert_to_tensor(values)
        if not values.dtype.is_floating:
            return values  # refused by its dtype
        inside = ops.abs(values) <= points.LIMIT  # False for NaN, too
        return check_in_graph(values, inside, points.OUT_OF_RANGE)

    def to_network(self, values, network_range):
        return ops.cast(values, "float32")

    def from_network(self, values, network_range, dtype="float32"):
        return ops.cast(values, "float32")

    def from_unit(self, values, network_range):
        return ops.cast(values, "float32")

    def activation(self, bounded):
        return None

    def check_export(self, image_dtype):
        if image_dtype != "float32":
            raise ValueError(f"Expected image_dtype='float32' for points. Received: image_dtype={image_dtype!r}")

    def allowed(self, name, dtype):
        limit = f"{points.LIMIT:g}"
        return Allowed(-points.LIMIT, points.LIMIT, f"-{limit}..{limit}", f"{name} with values in -{limit}..{limit}")

    def exported(self, values, dtype):
        return values

    def noise(self, num, rng):
        return rng.standard_normal((num, *self.shape), dtype="float32")
