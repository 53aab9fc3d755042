"""The one list of cases: a row for each model, and every check is parametrized over the rows.

A new model needs a row here; what a GAN's losses are stands in test_papers.py, and a model of no family of
test_learning.py says in a test of its own that it learns. Checks that make sense for some models only pick their
rows by what the class can do: `cases_with("generate")`, `cases_with("encode", "decode")`.
"""

from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy.special import expit

from keras_genzoo import registry


@dataclass(frozen=True)
class Case:
    """A model with tiny arguments that are not the defaults.

    Fields:
        name: Name in the registry.
        args: Arguments of the model; together, the rows of a model cover every argument but `name` and `dtype`.
        output: Shape of one output: an image, or the scores of a classifier.
        params: Number of all weights, pinned.
        variant: Tells rows of one model apart.
        signatures: What exported signatures give that no other model has: dict by name of functions of the model and
            the inputs by name (NumPy arrays, three rows), which return a dict of the expected outputs.
    """

    name: str
    args: dict = field(hash=False)
    output: tuple
    params: int
    variant: str = ""
    signatures: dict = field(default_factory=dict, hash=False)

    def __str__(self):
        return f"{self.name}-{self.variant}" if self.variant else self.name

    @property
    def model_class(self):
        return registry.model_class(self.name)

    def build(self, optimizers=None, **changes):
        """A new compiled model with the arguments of this row, some of them changed."""
        return registry.build(self.name, optimizers=optimizers, **{**self.args, **changes})

    def data(self, num, seed=0, image_shape=None):
        """Arrays to train on, as a tuple: uint8 images of noise, and what the model takes beside them."""
        rng = np.random.default_rng(seed)
        shape = (num, *(image_shape or self.args["image_shape"]))
        images = rng.integers(0, 256, shape, dtype=np.uint8)
        if self.model_class.takes_pairs:
            return images, rng.integers(0, 256, shape, dtype=np.uint8)
        if self.model_class.takes_labels:
            return images, rng.integers(0, self.args["num_classes"], num).astype("int32")
        return (images,)

    def labelled(self, num, seed=0):
        """Images as `data` gives them, and a dict with `labels` where methods of the model take them."""
        images, *labels = self.data(num, seed)
        return images, {"labels": labels[0]} if labels else {}


def half_steps(model, images, hidden_noise=None):
    """Probabilities of the pixels of a Boltzmann machine after one pass, in NumPy; `None` draws no hidden units."""
    kernel, visible_bias, hidden_bias = (variable.numpy() for variable in model.network_variables[:3])
    hidden = expit(hidden_bias + images.reshape(len(images), -1) @ kernel)
    hidden = hidden if hidden_noise is None else (hidden_noise < hidden).astype("float32")
    return expit(visible_bias + hidden @ kernel.T).reshape(images.shape)


def gibbs_step(model, inputs):
    """One step of a chain, drawn by given noise."""
    probability = half_steps(model, inputs["image"], inputs["hidden_noise"])
    return {"image": (inputs["visible_noise"] < probability).astype("float32"), "probability": probability}


# What GANs of convolutions have in common; large enough for batch normalization in the discriminator.
CONV_GAN = dict(
    image_shape=(17, 16, 3),
    latent_dim=5,
    base_filters=4,
    d_base_filters=6,
    kernel_size=2,
    d_steps=2,
    ema_decay=0.9,
    seed=3,
)

CASES = [
    Case(
        "aae",
        variant="conv",
        args=dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=4, d_hidden_units=(6,), seed=3),
        output=(8, 8, 1),
        params=1303,
    ),
    Case(
        "aae",
        variant="mlp",
        args=dict(
            image_shape=(9, 8, 3), latent_dim=4, network="mlp", hidden_units=(9, 7), d_hidden_units=(5, 6), seed=3
        ),
        output=(9, 8, 3),
        params=4390,
    ),
    Case(
        "cgan",
        args=dict(**CONV_GAN, num_classes=4),
        output=(17, 16, 3),
        params=8982,
    ),
    Case(
        "classifier",
        args=dict(
            image_shape=(9, 8, 3),
            num_classes=4,
            base_filters=4,
            feature_dim=6,
            dropout=0.25,
            max_shift=1,
            flip=True,
            label_smoothing=0.1,
            seed=3,
        ),
        output=(4,),
        params=1438,
    ),
    Case(
        "cvae",
        variant="conv_bernoulli",
        args=dict(image_shape=(8, 8, 1), num_classes=3, latent_dim=3, base_filters=4, alpha=2.0, binarize=True, seed=3),
        output=(8, 8, 1),
        params=2107,
    ),
    Case(
        "cvae",
        variant="mlp_gaussian",
        args=dict(
            image_shape=(9, 8, 3),
            num_classes=5,
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            likelihood="gaussian",
            seed=3,
        ),
        output=(9, 8, 3),
        params=4435,
    ),
    Case(
        "cyclegan",
        args=dict(
            image_shape=(17, 16, 3),  # a side that is no multiple of 4
            base_filters=4,
            d_base_filters=6,
            num_blocks=1,
            d_layers=2,
            cycle_weight=5.0,
            identity_weight=0.25,
            history_size=3,
            ema_decay=0.9,
            seed=3,
        ),
        output=(17, 16, 3),
        params=57227,
    ),
    Case(
        "dcgan",
        args=dict(**CONV_GAN),
        output=(17, 16, 3),
        params=5462,
    ),
    Case(
        "rbm",  # with the chains of its default algorithm, which a file must keep
        args=dict(
            image_shape=(9, 8, 3),
            hidden_units=7,
            algorithm="pcd",
            gibbs_steps=2,
            num_chains=5,
            generation_steps=6,
            binarize=False,
            seed=3,
        ),
        output=(9, 8, 3),
        params=1735,
        signatures={
            "serving_default": gibbs_step,
            "gibbs": lambda model, inputs: {"image": model.gibbs(inputs["image"], 4, seed=7)},
            "free_energy": lambda model, inputs: {"free_energy": model.free_energy(inputs["image"]).astype("float32")},
            "reconstruct": lambda model, inputs: {"image": half_steps(model, inputs["image"])},
        },
    ),
    Case(
        "sngan",
        args=dict(**CONV_GAN),
        output=(17, 16, 3),
        params=5445,
    ),
    Case(
        "vae",
        variant="conv_bernoulli",
        args=dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=4, alpha=2.0, binarize=True, seed=3),
        output=(8, 8, 1),
        params=1467,
    ),
    Case(
        "vae",
        variant="mlp_gaussian",
        args=dict(
            image_shape=(9, 8, 3), latent_dim=4, network="mlp", hidden_units=(9, 7), likelihood="gaussian", seed=3
        ),
        output=(9, 8, 3),
        params=4355,
    ),
    Case(
        "wgan_gp",
        args=dict(**CONV_GAN, gp_weight=4.0),
        output=(17, 16, 3),
        params=5425,
    ),
]


def cases_with(*members, such_that=lambda case: True):
    """The rows whose model class has all these members, and for which `such_that(case)` holds."""
    return [case for case in CASES if all(hasattr(case.model_class, name) for name in members) and such_that(case)]


def for_cases(cases):
    """Parametrizes a test over rows, as its argument `case`."""
    assert cases, "no row of the table has what this check needs"
    return pytest.mark.parametrize("case", cases, ids=str)


for_every_case = for_cases(CASES)


def uses(*arguments):
    """Condition for `cases_with`: the model has all these constructor arguments."""
    return lambda case: set(arguments) <= set(case.model_class.argument_names())


def run(model, data):
    """What a user gets from a model: uint8 images where it generates, else its output for `data`, as NumPy."""
    if hasattr(model, "generate"):
        return model.generate(len(data[0]), seed=7)
    return np.asarray(model(data[0], training=False))


def values(variables):
    """Copies of variables as NumPy arrays, by path."""
    return {f"{index} {variable.path}": variable.numpy().copy() for index, variable in enumerate(variables)}


def snapshot(model, *parts):
    """Values of some parts of a model, by attribute, and of all its optimizers."""
    return {part: values(getattr(model, part).variables) for part in (*parts, *model.optimizer_names)}


def moved_parts(before, after):
    """The parts of two snapshots that differ."""
    return {part for part in before if moved(before[part], after[part])}


def state(model):
    """Everything that training changes and a file must keep: weights, random states, optimizers."""
    found = values(model.weights)
    seeds = [variable for variable in model.variables if variable.name == "seed_generator_state"]
    found |= {f"seed {key}": value for key, value in values(seeds).items()}
    for name in model.optimizer_names:
        found |= {f"{name} {key}": value for key, value in values(getattr(model, name).variables).items()}
    return found


def moved(before, after):
    """Names of the arrays that differ, bit for bit, between two of `values` or `state`."""
    assert len(before) == len(after)
    pairs = zip(before.items(), after.values(), strict=True)
    return [key for (key, old), new in pairs if old.tobytes() != new.tobytes()]
