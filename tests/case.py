"""A row of the table of models: everything that the tests must know of one model, in one place."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_genzoo import building
from keras_genzoo.data.kinds import ImagePairs
from keras_genzoo.utils import given_arguments

# Compiling costs by the number of layers: checks of compiled steps take the smallest networks of each kind.
SMALL = dict(image_shape=(8, 8, 1), d_steps=1, num_blocks=0, d_layers=1, gibbs_steps=1)


@dataclass(frozen=True)
class Case:
    """A model with tiny arguments that are not the defaults; `tests/rows/<model>.py` has the rows of a model.

    Fields:
        name: Name in the registry.
        args: Arguments of the model; together, all rows cover every argument that a model or family declares, but
            `name`, `dtype` and `samplers`.
        output: Shape of one output: an image, or the scores of a classifier.
        params: Number of all weights, pinned.
        variant: Tells rows of one model apart.
        defaults: Values of the paper where none are given: dict by argument.
        optimizers: Default optimizers: dict by name of `Adam`, `SGD` or `RMSprop` of `numpy_losses`.
        losses: GANs: the losses of discriminator and generator from scores, in NumPy, and arguments that switch off
            what a test of its own covers: `(d_loss(real, fake), g_loss(real, fake), args)`.
        learns: Function of `(case, digits)` that trains the model on real digits and asserts that a real metric
            improves by a stated factor; `None` in rows beside the one that has it.
        wrong: Further wrong values by argument, beside those that the kind of the argument states.
        signatures: What exported signatures give that no other model has: dict by name of functions of the model and
            the inputs by name (NumPy arrays, three rows), which return a dict of the expected outputs.
    """

    name: str
    args: dict = field(hash=False)
    output: tuple
    params: int
    variant: str = ""
    defaults: dict = field(default_factory=dict, hash=False)
    optimizers: dict = field(default_factory=dict, hash=False)
    losses: tuple | None = field(default=None, hash=False)
    learns: Any = field(default=None, hash=False)
    wrong: dict = field(default_factory=dict, hash=False)
    signatures: dict = field(default_factory=dict, hash=False)

    def __post_init__(self):
        if "seed" not in self.args:
            raise ValueError(
                f"Expected a seed among the arguments of the row, to repeat its checks. Received: {self.name}"
            )

    def __str__(self):
        return f"{self.name}-{self.variant}" if self.variant else self.name

    @property
    def model_class(self):
        return building.model_class(self.name)

    @property
    def has_labels(self):
        """Whether a batch of the model's data has labels."""
        return self.model_class.data_kind.has_labels

    @property
    def labels_with_images(self):
        """Whether methods of the model take labels beside images, and not images alone."""
        return self.has_labels and getattr(self.model_class, "image_conditions", None) is None

    @property
    def has_pairs(self):
        """Whether a batch of the model's data has images of two domains."""
        return isinstance(self.model_class.data_kind, ImagePairs)

    @property
    def of_points(self):
        """Whether the row makes points, and not images."""
        return len(self.args["image_shape"]) == 1

    @property
    def of_signals(self):
        """Whether the row makes signals, and not images."""
        return len(self.args["image_shape"]) == 2

    @property
    def of_floats(self):
        """Whether the data of the row are floats in their own units: points or signals."""
        return self.of_points or self.of_signals

    def build(self, optimizers=None, **changes):
        """A new compiled model with the arguments of this row, some of them changed: see `with_effect`."""
        args = {**self.with_effect({**self.args, **changes}), **changes}
        return building.build(self.name, optimizers=optimizers, **args)

    def with_effect(self, args):
        """`args` and those of the row, without what has no effect beside the others."""
        return given_arguments.with_effect(self.model_class.arguments(), {**self.args, **args})

    def data(self, num, seed=0, image_shape=None):
        """Arrays to train on, as a tuple: uint8 images of noise, points or signals, and what the model takes beside."""
        rng = np.random.default_rng(seed)
        shape = (num, *(image_shape or self.args["image_shape"]))
        if self.of_points:
            return ((2.0 * rng.standard_normal(shape)).astype("float32"),)

        def drawn():
            return (
                rng.uniform(-1, 1, shape).astype("float32") if self.of_signals else rng.integers(0, 256, shape, "uint8")
            )

        images = drawn()
        if self.has_pairs:
            return images, drawn()
        if self.has_labels:
            return images, rng.integers(0, self.args["num_classes"], num).astype("int32")
        return (images,)

    def labelled(self, num, seed=0):
        """Images as `data` gives them, and a dict with `labels` where methods of the model take them."""
        images, *labels = self.data(num, seed)
        return images, {"labels": labels[0]} if labels and self.labels_with_images else {}

    def build_small(self, optimizers=None, **changes):
        """Like `build`, with as few layers as the kind of model allows."""
        known = self.model_class.arguments()
        fitting = {key for key in SMALL if key in self.args or (key in known and known[key].default is not None)}
        return self.build(optimizers, **{key: SMALL[key] for key in fitting}, **changes)

    def small_data(self, num, seed=0):
        """Arrays to train such a model on."""
        return self.data(num, seed, SMALL["image_shape"])
