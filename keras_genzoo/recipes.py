"""Recipes: everything that it takes to repeat a training, in one YAML file, checked before anything runs.

A recipe is read into the dataclass `Recipe`; a key that no one takes raises and names the nearest valid one. The
bundled recipes are in `zoo_configs`, one `<model>_<dataset>.yaml` each. Nothing here imports TensorFlow before a model
is built.
"""

import dataclasses
import importlib.resources
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from keras_genzoo import registry
from keras_genzoo.checks import check_at_least
from keras_genzoo.optimizers import make_optimizer
from keras_genzoo.recipe_data import DataConfig

DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True)
class EvaluationConfig:
    """The `evaluation` section: what is measured for the card, on which images."""

    split: str = "test"
    metrics: tuple = ()
    num_images: int = 10000
    features: str | None = None
    floor: bool = False
    num_samples: int = 100
    num_likelihood_images: int = 1000
    seed: int = 0

    def __post_init__(self):
        if isinstance(self.metrics, str):  # one name instead of a list, as `evaluate` takes it too
            object.__setattr__(self, "metrics", (self.metrics,))


@dataclass(frozen=True)
class Recipe:
    """A model, its data and its training.

    Args:
        model: A name of `list_models()`.
        args: Dict of the model's arguments, without `seed` and `dtype`.
        dtype: Dtype policy in training: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`.
        optimizers: Dict by `compile` argument of dicts: `name` of any Keras optimizer, and its arguments; a
            `learning_rate` may be a dict with `schedule`, the name of any Keras schedule, and its arguments.
        data: `DataConfig`.
        epochs: Passes over the data, at least 1.
        seed: Seed of weights, noise and order of the data.
        weights: Pretrained weights to start from, as in `keras_genzoo.build`; `None` for random ones.
        evaluation: `EvaluationConfig`.
        description: One sentence.
        name: The file's name without its suffix.
    """

    model: str
    args: dict = field(default_factory=dict)
    dtype: str = "float32"
    optimizers: dict = field(default_factory=dict)
    data: DataConfig = field(default_factory=DataConfig)
    epochs: int = 20
    seed: int = 0
    weights: str | None = None
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    description: str = ""
    name: str = ""

    def __post_init__(self):
        registry.check_name(self.model)
        for label, value in (("args", self.args), ("optimizers", self.optimizers)):
            if not isinstance(value, dict):
                raise ValueError(f"Expected {label} as keys and values. Received: {value!r}")
        registry.check_arguments(self.model, self.args)
        for key in ("seed", "dtype", "name"):
            if key in self.args:
                raise ValueError(f"Expected {key} beside args, not in it. Received: args with {key}={self.args[key]!r}")
        if self.dtype not in DTYPES:
            raise ValueError(f"Expected dtype to be one of {', '.join(DTYPES)}. Received: {self.dtype!r}")
        check_at_least(1, epochs=self.epochs)
        check_at_least(0, seed=self.seed)

    @classmethod
    def from_dict(cls, values):
        """A recipe from a nested dict; unknown keys raise `ValueError` with the nearest valid key."""
        values = dict(_checked(cls, values, "a recipe"))
        if "model" not in values:
            raise ValueError("Expected a recipe with the key 'model'. Received: " + ", ".join(map(repr, values)))
        sections = (("data", DataConfig), ("evaluation", EvaluationConfig))
        for key, section in sections:
            if key in values and not isinstance(values[key], section):
                given = _checked(section, values[key] or {}, f"the section {key!r} of a recipe")
                values[key] = section(**{k: _frozen(v) for k, v in given.items()})
        return cls(**{key: _none_to_dict(cls, key, value) for key, value in values.items()})

    def to_dict(self):
        """The nested dict that `from_dict` takes; plain enough for YAML and JSON."""
        return _plain(dataclasses.asdict(self))

    def to_yaml(self):
        """The recipe as text; `load_recipe` reads it back."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, width=120)

    def override(self, settings):
        """A new recipe with some values replaced.

        Args:
            settings: Dict or list of `"key=value"`. A key is that of a section with a dot (`data.batch_size`,
                `args.latent_dim`, `optimizers.g_optimizer.learning_rate`), of the recipe (`epochs`), or of a model
                argument alone (`latent_dim`). Values in a list of texts are read as YAML.

        Raises:
            ValueError: If a key is not one of these, with the nearest valid one.
        """
        if not isinstance(settings, dict):
            settings = dict(_parse_setting(text) for text in settings)
        values = self.to_dict()
        own = [f.name for f in dataclasses.fields(self)]
        model_args = [a.name for a in registry.describe(self.model).arguments if a.name not in own]
        for key, value in settings.items():
            path = key.split(".")
            if len(path) == 1 and path[0] not in own:
                if path[0] not in model_args:
                    raise ValueError(f"Unknown setting; {registry.nearest(key, own + model_args)} Received: {key!r}")
                path = ["args", *path]
            target = values
            for step in path[:-1]:
                target = target.setdefault(step, {})
                if not isinstance(target, dict):
                    raise ValueError(f"Expected a section before the last dot. Received: {key!r}")
            target[path[-1]] = value
        return Recipe.from_dict(values)

    def with_epochs(self, epochs):
        """The recipe with another number of epochs, its learning rate schedules stretched to the same share of it."""
        values = self.to_dict()
        for spec in values["optimizers"].values():
            rate = spec.get("learning_rate") if isinstance(spec, dict) else None
            if isinstance(rate, dict) and isinstance(rate.get("decay_steps"), int):
                rate["decay_steps"] = max(1, round(rate["decay_steps"] * epochs / self.epochs))
        return Recipe.from_dict({**values, "epochs": epochs})

    def build(self):
        """The compiled model of this recipe, from its `weights` where it has some."""
        args = {**self.args, "seed": self.seed, "dtype": self.dtype}
        # The optimizers come first: a wrong one is told before the networks are built.
        optimizers = {key: make_optimizer(spec) for key, spec in self.optimizers.items()}
        valid = registry.model_class(self.model).optimizer_names
        for key in optimizers:
            if key not in valid:
                raise ValueError(
                    f"Expected optimizers of {self.model}; {registry.nearest(key, valid)} Received: {key!r}"
                )
        return registry.build(self.model, weights=self.weights, optimizers=optimizers, **args)


def _parse_setting(text):
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError(f"Expected a setting as key=value. Received: {text!r}")
    return key, _read_yaml(value, f"the setting {key!r}")


def _read_text(path):
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"Expected UTF-8 text in the recipe {path!r}. Received: other bytes") from None


def _read_yaml(text, what):
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ValueError(f"Expected YAML in {what}. Received: {str(error).splitlines()[0]}") from None


class _Loader(yaml.SafeLoader):
    """YAML 1.1 reads 2e-4 as text, because it has no dot; here it is a number, as everywhere else."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d[\d_]*\.[\d_]*|\.\d[\d_]*|\d[\d_]*)([eE][-+]?\d+)$|^[-+]?(\d[\d_]*\.[\d_]*|\.\d[\d_]*)$"),
    list("-+0123456789."),
)


def _checked(cls, values, what):
    if not isinstance(values, dict):
        raise ValueError(f"Expected {what} as keys and values. Received: {type(values).__name__}")
    valid = [f.name for f in dataclasses.fields(cls)]
    for key in values:
        if key not in valid:
            raise ValueError(f"Unknown key in {what}; {registry.nearest(key, valid)} Received: {key!r}")
    return values


def _frozen(value):
    return tuple(value) if isinstance(value, list) else value


def _none_to_dict(cls, key, value):
    """An empty YAML section is None; where the field is a dict, that means an empty one."""
    return {} if value is None and key in ("args", "optimizers") else value


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def list_recipes(model=None):
    """Names of the bundled recipes, in alphabetical order.

    Args:
        model: Only those of this model.

    Example:

    >>> "dcgan_mnist" in list_recipes("dcgan")
    True
    """
    names = sorted(item.name[:-5] for item in _folder().iterdir() if item.name.endswith(".yaml"))
    if model is None:
        return names
    registry.check_name(model)
    # A model's name may be the start of another's: the longest one that fits is meant.
    owner = {name: max((m for m in registry.list_models() if name.startswith(m + "_")), key=len) for name in names}
    return [name for name in names if owner[name] == model]


def _folder():
    return importlib.resources.files("keras_genzoo.zoo_configs")


def load_recipe(name):
    """Reads a recipe.

    Args:
        name: A name of `list_recipes()`, or the path of a YAML file.

    Returns:
        The checked `Recipe`.

    Raises:
        ValueError: If there is no such recipe, or a key or value is wrong, with the nearest valid one.

    Example:

    >>> load_recipe("dcgan_mnist").model
    'dcgan'
    """
    name = os.fspath(name)
    if name in list_recipes():
        stem, text = name, (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    elif name.endswith((".yaml", ".yml")) and os.path.isfile(name):
        stem, text = Path(name).stem, _read_text(name)
    else:
        raise ValueError(
            f"Expected a recipe's name or a .yaml file; {registry.nearest(name, list_recipes())} Received: {name!r}"
        )
    values = _read_yaml(text, f"the recipe {name!r}")
    try:
        recipe = Recipe.from_dict(values)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return recipe if recipe.name else dataclasses.replace(recipe, name=stem)
