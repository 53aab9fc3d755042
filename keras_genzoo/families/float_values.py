"""What the data of a model are where they are no pixels: points and signals, float32 outside of a model and inside."""

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from keras import ops

from keras_genzoo.data.signals import channels_of
from keras_genzoo.data.wav_files import read_wav
from keras_genzoo.families.allowed import Allowed
from keras_genzoo.families.tiling import in_windows
from keras_genzoo.utils import points, signals
from keras_genzoo.utils.graph_checks import check_in_graph
from keras_genzoo.utils.text import counted

SHOWN_POINTS = 2500  # points in a picture


class Floats:
    """What points and signals have in common: float32 in their own units, outside of a model and inside.

    Methods are those of `keras_genzoo.families.values.Pixels`. A class names in `rules` the module of its checks, which
    has `LIMIT` and `OUT_OF_RANGE`.
    """

    dtype = "float32"
    are_images = False

    def check_images(self, feature):
        raise ValueError(
            f"Expected a model of images for {feature}. Received: a model of {self.noun}, image_shape={self.shape}"
        )

    def check_points(self, feature):
        raise ValueError(
            f"Expected a model of points for {feature}. Received: a model of {self.noun}, image_shape={self.shape}"
        )

    def check_spec(self, shape, dtype):
        self.rules.check_spec(shape, dtype, self.shape)

    def in_range(self, values, least=1):
        if isinstance(values, (list, tuple, dict)):
            kind = type(values).__name__
            raise ValueError(f"Expected {self.noun} as one tensor. Received: a {kind} of {len(values)}")
        values = ops.convert_to_tensor(values)
        if not values.dtype.is_floating:
            return values  # refused by its dtype
        inside = ops.abs(values) <= self.rules.LIMIT  # False for NaN, too
        return check_in_graph(values, inside, self.rules.OUT_OF_RANGE)

    def to_network(self, values, network_range):
        return ops.cast(values, "float32")

    def check_gaussian(self, model):
        """Raises `ValueError` if a model has a likelihood of pixels, or features of images."""
        likelihood = getattr(model, "likelihood", "gaussian")
        if likelihood != "gaussian":
            raise ValueError(
                f"Expected likelihood='gaussian' for {self.noun}. Received: image_shape={self.shape}, "
                f"likelihood={likelihood!r}"
            )
        if getattr(model, "augmentations", ()):
            self.check_images("augmentations")

    def check_export(self, image_dtype):
        if image_dtype != "float32":
            raise ValueError(f"Expected image_dtype='float32' for {self.noun}. Received: image_dtype={image_dtype!r}")

    def allowed(self, name, dtype):
        limit = f"{self.rules.LIMIT:g}"
        span = f"-{limit}..{limit}"
        return Allowed(-self.rules.LIMIT, self.rules.LIMIT, span, f"{name} with values in {span}")

    def exported(self, values, dtype):
        return values


@dataclass(frozen=True)
class Points(Floats):
    """Points, which networks may put anywhere.

    Args:
        shape: `(n,)`, n coordinates.
    """

    shape: tuple

    noun = "points"
    name = "point"
    rules = points
    containers = "points as one array (batch, coordinates), or as a list of points (coordinates,)"
    loading = MappingProxyType({})  # they are taken as they are
    initial_log_var = 0.0
    shown = (SHOWN_POINTS, None)

    def __str__(self):
        return counted(self.shape[0], "coordinates")

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
        self.check_gaussian(model)

    def check_points(self, feature):
        """All features of points are there."""

    def check(self, values):
        points.check_points(values, self.shape)

    def from_network(self, values, network_range, dtype="float32"):
        return ops.cast(values, "float32")

    def from_unit(self, values, network_range):
        return ops.cast(values, "float32")

    def activation(self, bounded):
        return None

    def noise(self, num, rng):
        return rng.standard_normal((num, *self.shape), dtype="float32")


@dataclass(frozen=True)
class Signals(Floats):
    """Signals in [-1, 1]. A model takes them where its class says `takes_signals`.

    Args:
        shape: `(length, channels)`.
    """

    shape: tuple

    noun = "signals"
    name = "signal"
    rules = signals
    containers = (
        "signals as one array (batch, length, channels), or as a list of signals (length, channels) of one length"
    )
    initial_log_var = -6.0  # beside a variance of 1, most signals are nothing but noise, and codes stay unused
    shown = (16, 2)
    containers_of_any_size = containers.removesuffix(" of one length")

    def __str__(self):
        length, channels = self.shape
        return f"{length} samples, {counted(channels, 'channels')}"

    @property
    def loading(self):
        return {"image_size": self.shape[:1], "channels": self.shape[1]}

    def check_model(self, model):
        if not model.takes_signals:
            raise ValueError(
                f"Expected image_shape=(height, width, channels): {model.model_name} takes no signals. "
                f"Received: image_shape={self.shape}"
            )
        self.check_gaussian(model)

    def check(self, values):
        signals.check_signals(values, self.shape)

    def check_any_size(self, values):
        signals.check_signals(values, (None, self.shape[1]))
        if not values.shape[1]:
            raise ValueError(f"Expected signals of at least one sample. Received: shape {tuple(values.shape)}")

    def read(self, path, keep_size):
        try:
            samples = read_wav(Path(path).expanduser()).samples
        except ValueError as error:
            raise ValueError(f"{error}, in {path}") from error
        return channels_of(samples, self.shape[1], str(path))[None]

    def in_parts(self, function, values):
        return in_windows(function, values, self.shape[0])

    def from_network(self, values, network_range, dtype="float32"):
        return ops.clip(ops.cast(values, "float32"), -signals.LIMIT, signals.LIMIT)

    def from_unit(self, values, network_range):
        return ops.clip(ops.cast(values, "float32"), -signals.LIMIT, signals.LIMIT)

    def activation(self, bounded):
        return bounded

    def noise(self, num, rng):
        return rng.uniform(-signals.LIMIT, signals.LIMIT, (num, *self.shape)).astype("float32")
