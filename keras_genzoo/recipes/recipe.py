"""The dataclasses of a recipe: reading, overriding, writing."""

import dataclasses
from dataclasses import dataclass, field

import yaml

from keras_genzoo import registry
from keras_genzoo.data.splits import parse_split
from keras_genzoo.data.views import data_name
from keras_genzoo.recipes.data import DataConfig
from keras_genzoo.recipes.fields import check_plain, check_plain_name, check_types
from keras_genzoo.recipes.optimizers import check_spec, scaled_steps, stretched
from keras_genzoo.recipes.reading import parse_setting
from keras_genzoo.recipes.stopping import StoppingConfig
from keras_genzoo.utils.arguments import Steps
from keras_genzoo.utils.checks import check_at_least, check_training_seed, is_number
from keras_genzoo.utils.given_arguments import check_effects, with_effect
from keras_genzoo.utils.plain import plain
from keras_genzoo.utils.text import nearest

AUTO = "auto"
DTYPES = ("float32", "mixed_bfloat16", "mixed_float16", AUTO)


@dataclass(frozen=True)
class EvaluationConfig:
    """The `evaluation` section: the metrics of the card, and the images they are computed on."""

    split: str = "test"
    metrics: tuple[str, ...] = ()
    num_images: int = 10000
    features: str | None = None
    floor: bool = False
    num_samples: int = 100
    num_likelihood_images: int = 1000
    seed: int = 0
    samplers: tuple[str, ...] = ()  # the first one is that of all metrics; see `keras_genzoo.training.measure`

    def __post_init__(self):
        if isinstance(self.metrics, str):  # one name instead of a list, as in `evaluate`
            object.__setattr__(self, "metrics", (self.metrics,))
        if self.metrics is None:  # all that fit the model, as in `evaluate`
            object.__setattr__(self, "metrics", ())
        check_types(self, "evaluation.")
        parse_split(self.split, "evaluation.split")
        for key in ("num_images", "num_samples", "num_likelihood_images"):
            check_at_least(1, **{f"evaluation.{key}": getattr(self, key)})
        check_at_least(0, **{"evaluation.seed": self.seed})


_SECTIONS = (("data", DataConfig), ("evaluation", EvaluationConfig), ("stopping", StoppingConfig))


@dataclass(frozen=True)
class Recipe:
    """A model, its data and its training.

    Args:
        model: A name of `list_models()`.
        args: Dict of the model's arguments, without `seed` and `dtype`.
        dtype: Dtype policy in training: `"float32"`, `"mixed_bfloat16"`, `"mixed_float16"`, or `"auto"` for the fastest
            on the machine: see `keras_genzoo.recipes.precision`.
        optimizers: Dict by `compile` argument. Each value is a dict of the `name` of a Keras optimizer and its
            arguments; without a name, it is the model's own with these arguments. `learning_rate` may be a dict of the
            name of a Keras `schedule` and its arguments.
        data: `DataConfig`.
        epochs: Number of epochs, at least 1: passes over the data, or `data.repeat` passes each.
        steps_per_execution: Steps in one call of the compiled step, at least 1, as in `compile`. Larger values take
            less time around each step, which matters for small ones. Callbacks see the last step of a call only.
        seed: Seed of the initial weights, the noise and the order of the data: an integer in 0..4294967295.
        weights: Pretrained weights to start from, as in `keras_genzoo.build`; `None` for random weights.
        transfer: Whether arguments may differ from those of `weights`: layers that match are then kept, and the others
            start anew, as in `keras_genzoo.transfer`.
        freeze: Parts of networks that are not trained, as in `keras_genzoo.freeze`.
        evaluation: `EvaluationConfig`.
        stopping: `StoppingConfig`: whether a metric stops the training early, and its best weights are kept.
        description: One sentence.
        name: Name of the file without its suffix; a plain name, without folders.

    Raises:
        ValueError: If a value has a wrong type or is out of its range.
    """

    model: str
    args: dict = field(default_factory=dict)
    dtype: str = "float32"
    optimizers: dict = field(default_factory=dict)
    data: DataConfig = field(default_factory=DataConfig)
    epochs: int = 20
    steps_per_execution: int = 1
    seed: int = 0
    weights: str | None = None
    transfer: bool = False
    freeze: tuple[str, ...] = ()
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    stopping: StoppingConfig = field(default_factory=StoppingConfig)
    description: str = ""
    name: str = ""

    def __post_init__(self):
        if not isinstance(self.model, str):
            raise ValueError(f"Expected model as the name of a model. Received: {self.model!r}")
        registry.check_name(self.model)
        for label, value in (("args", self.args), ("optimizers", self.optimizers)):
            if not isinstance(value, dict):
                raise ValueError(f"Expected {label} as keys and values. Received: {value!r}")
            check_plain(value, label)
        self._check_arguments()
        for spec in self.optimizers.values():
            check_spec(spec)
        if self.dtype not in DTYPES:
            raise ValueError(f"Expected dtype to be one of {', '.join(DTYPES)}. Received: {self.dtype!r}")
        check_at_least(1, epochs=self.epochs, steps_per_execution=self.steps_per_execution)
        check_at_least(0, seed=self.seed)
        check_training_seed(self.seed)
        check_types(self)
        check_plain_name(self.name)
        if self.transfer and self.weights is None:
            raise ValueError("Expected weights with transfer. Received: transfer=True without weights")

    def _check_arguments(self):
        """Puts `args` under today's names, and checks the type of each value."""
        object.__setattr__(self, "args", registry.current_arguments(self.model, self.args))
        for key in ("seed", "dtype", "name"):
            if key in self.args:
                raise ValueError(f"Expected {key} beside args, not in it. Received: args with {key}={self.args[key]!r}")
        for key, declared in self._declared().items():
            if not (is_number(self.args[key]) and is_number(declared.default)):
                declared.check(self.args[key])

    def _declared(self):
        """Dict of the declarations of `args` by name."""
        known = registry.describe(self.model).arguments
        return {key: known[key] for key in self.args}

    def check_ranges(self):
        """Raises `ValueError` if an argument of the model is out of its range or has no effect, without TensorFlow."""
        for key, declared in self._declared().items():
            declared.check(self.args[key])
        check_effects(registry.describe(self.model).arguments, self.args)

    @classmethod
    def from_dict(cls, values):
        """A recipe from a nested dict; unknown keys raise `ValueError` with the nearest valid key."""
        values = dict(_checked(cls, values, "a recipe"))
        if "model" not in values:
            raise ValueError("Expected a recipe with the key 'model'. Received: " + ", ".join(map(repr, values)))
        for key, section in _SECTIONS:
            if key in values and not isinstance(values[key], section):
                given = _checked(
                    section, {} if values[key] is None else values[key], f"the section {key!r} of a recipe"
                )
                values[key] = section(**given)
        return cls(**{key: _none_to_dict(cls, key, value) for key, value in values.items()})

    def to_dict(self):
        """The recipe as a nested dict of plain values for YAML and JSON, which `from_dict` takes."""
        return plain(dataclasses.asdict(self))

    def to_yaml(self):
        """The recipe as YAML text, which `load_recipe` reads."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, width=120)

    def override(self, settings):
        """A new recipe with some values replaced.

        Args:
            settings: Dict, or list of strings `"key=value"` whose values are read as YAML. A key is a field of the
                recipe (`epochs`), a key in a section (`data.batch_size`, `args.latent_dim`,
                `optimizers.g_optimizer.learning_rate`) or an argument of the model (`latent_dim`). `epochs` changes
                nothing else: `with_epochs` stretches schedules as well. `d_steps` stretches the schedule of
                `d_optimizer`, whose updates it counts.

        Raises:
            ValueError: If a key is unknown, with the nearest valid one.
        """
        if not isinstance(settings, dict):
            pairs = [parse_setting(text) for text in settings]
            check_settings(key for key, _ in pairs)
            settings = dict(pairs)
        values = self.to_dict()
        if self.data.source_b == self.data.source and "data.source" in settings:  # one folder of both domains
            settings = {"data.source_b": settings["data.source"], **settings}
        own = [f.name for f in dataclasses.fields(self)]
        declared = registry.describe(self.model).arguments
        model_args = [name for name in declared if name not in own]
        given = set()
        for key, value in settings.items():
            path = key.split(".")
            if path[0] not in own and (len(path) == 1 or path[0] in model_args):
                if path[0] not in model_args:
                    raise ValueError(f"Unknown setting; {_nearest_setting(key, own + model_args)} Received: {key!r}")
                path = ["args", *path]
            target = values
            for step in path[:-1]:
                target = target.setdefault(step, {})
                if not isinstance(target, dict):
                    raise ValueError(f"Expected a section before the last dot. Received: {key!r}")
            target[path[-1]] = value
            given |= {path[1]} if path[0] == "args" and len(path) > 1 else set()
        if given:  # with another network, those of the recipe's arguments go that concern the former one
            values["args"] = with_effect(declared, values["args"], given)
        return Recipe.from_dict(values)._with_texts(self, settings)._with_d_schedule(self, settings)

    def _with_texts(self, before, settings):
        """The recipe without what was said of the data of `before`, if it has others and `settings` says nothing."""
        new, old = ([data_name(each) for each in (x.source, x.source_b)] for x in (self.data, before.data))
        if new == old:
            return self
        data = {key: "" for key in ("title", "license") if not {f"data.{key}", "data"} & set(settings)}
        text = {} if "description" in settings else {"description": ""}
        return dataclasses.replace(self, data=dataclasses.replace(self.data, **data), **text)

    @property
    def d_steps(self):
        """Updates of `d_optimizer` in a training step; raises `ValueError` if their number is out of its range."""
        declared = registry.describe(self.model).arguments.get("d_steps")
        return declared.check(self.args.get("d_steps", declared.default)) if declared else 1

    def _with_d_schedule(self, before, settings):
        """The recipe with the schedule of `d_optimizer` stretched, if `before` has other `d_steps`."""
        if self.d_steps == before.d_steps or "d_optimizer" not in self.optimizers:
            return self
        spec, ratio = self.optimizers["d_optimizer"], self.d_steps / before.d_steps
        spec = stretched(spec, ratio, "optimizers.d_optimizer", settings)
        return dataclasses.replace(self, optimizers={**self.optimizers, "d_optimizer": spec})

    def with_epochs(self, epochs, given=()):
        """The recipe with another number of epochs; learning rate schedules and `Steps` of `args` are stretched.

        Args:
            epochs: Number of epochs, at least 1.
            given: Keys of settings for `override` that are meant for these epochs; what they replace is not stretched.

        Raises:
            ValueError: If a schedule cannot be stretched.
        """
        check_at_least(1, epochs=epochs)
        if epochs == self.epochs:
            return self
        ratio = epochs / self.epochs
        optimizers = {key: stretched(spec, ratio, f"optimizers.{key}", given) for key, spec in self.optimizers.items()}
        args = {**self.args, **self.stretched_args(ratio, given)}
        return dataclasses.replace(self, epochs=epochs, optimizers=optimizers, args=args)

    def stretched_args(self, ratio, given=()):
        """Dict of the arguments of the model that are numbers of steps, times `ratio`."""
        kept = self.args if "args" in given else {key.removeprefix("args.") for key in given}
        names = [key for key, each in self._declared().items() if isinstance(each, Steps) and key not in kept]
        return {key: scaled_steps(self.args[key], ratio, f"args.{key}") for key in names}


def check_settings(keys):
    """Raises `ValueError` if two settings set the same: a key that stands twice, or one in a section that is also set.

    Args:
        keys: Keys as `Recipe.override` takes them, in any order.
    """
    own = [f.name for f in dataclasses.fields(Recipe)]
    paths = []
    for key in keys:
        path = key.split(".")
        path = path if path[0] in own else ["args", *path]
        for other in paths:
            shared = min(len(path), len(other))
            if path == other:
                raise ValueError(f"Expected each setting once. Received: {key.removeprefix('args.')} twice")
            if path[:shared] == other[:shared]:
                both = " and ".join(sorted((".".join(other), ".".join(path)), key=len))
                raise ValueError(f"Expected each setting once: a section, or keys in it. Received: {both}")
        paths.append(path)


def _nearest_setting(key, names):
    """A hint for an unknown setting: the same key in a section, or else the nearest one."""
    if key == "optimizer" or key.endswith("_optimizer"):
        return f"did you mean 'optimizers.{key}'?"
    for label, section in _SECTIONS:
        if key in (f.name for f in dataclasses.fields(section)):
            return f"did you mean '{label}.{key}'?"
    return nearest(key, names)


def _checked(cls, values, what):
    if not isinstance(values, dict):
        raise ValueError(f"Expected {what} as keys and values. Received: {type(values).__name__}")
    valid = [f.name for f in dataclasses.fields(cls)]
    for key in values:
        if key not in valid:
            raise ValueError(f"Unknown key in {what}; {nearest(key, valid)} Received: {key!r}")
    return values


def _none_to_dict(cls, key, value):
    """The value of a field; None, from an empty section of YAML, is an empty dict where the field is a dict."""
    return {} if value is None and key in ("args", "optimizers") else value
