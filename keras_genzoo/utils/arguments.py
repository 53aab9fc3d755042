"""Constructor arguments of models, each declared once as a class attribute.

    class DCGAN(BaseGAN):
        base_filters = Integer(64, "Filters at full resolution.", low=1)

The constructor, its signature, the `Args` section of `help(DCGAN)`, `keras-genzoo show`, `get_config`, checks and their
tests are derived from this declaration. Keras is not imported here, so that arguments can be listed without TensorFlow.
"""

import copy

from keras_genzoo.utils import checks, pixels, points, signals


class Argument:
    """A constructor argument of a model.

    Args:
        default: Default value.
        description: Meaning and effect, in one sentence.
        training: Whether the argument affects only training, and not the architecture or the meaning of the weights. A
            training argument may differ from the value in a preset.
        formerly: Name of the argument in earlier versions; files with this name still load.
        only: Dict by the name of another argument: the values of that one with which this one has an effect, a tuple,
            or `"nonzero"`, which means not empty as well.
    """

    allowed = ""  # the range, for the documentation
    wrong = ()  # invalid values, for the tests

    def __init__(self, default, description, *, training=False, formerly=None, only=None):
        self.default = default
        self.description = description
        self.training = training
        self.formerly = formerly
        self.only = only or {}
        self.name = None

    def __set_name__(self, owner, name):
        self.name = self.name or name  # one of another model may be taken under another name

    def __repr__(self):
        return f"<argument {self.name}={self.default!r}: {self.description}>"

    def check(self, value):
        """Returns the value as the model stores it, or raises `ValueError`."""
        return value

    def made_idle_by(self, value, others):
        """The one of `others`, values by name, beside which `value` has no effect; `None` for the default value."""
        same = value == self.default or (isinstance(value, list) and tuple(value) == self.default)
        given = ((name, values, others[name]) for name, values in self.only.items() if name in others)
        idle = (name for name, values, other in given if (not other if values == "nonzero" else other not in values))
        return None if same else next(idle, None)

    def named(self, name):
        """A copy under another name."""
        renamed = copy.copy(self)
        renamed.name = name
        return renamed

    @property
    def help(self):
        """Description, range and default in one paragraph."""
        return f"{self.description} {self.allowed}{'; d' if self.allowed else 'D'}efault: `{self.default!r}`."


class Any(Argument):
    """An argument without a check here, such as `name` and `dtype`, which Keras checks."""


class Integer(Argument):
    """An integer of at least `low`; with `optional`, also `None`."""

    def __init__(self, default, description, *, low=1, optional=False, **options):
        super().__init__(default, description, **options)
        self.low, self.optional = low, optional

    @property
    def allowed(self):
        return f"Integer, at least {self.low}{', or None' if self.optional else ''}"

    @property
    def wrong(self):
        return (self.low - 1, -1, self.low + 0.5, True, "8", *(() if self.optional else (None,)))

    def check(self, value):
        check = checks.check_none_or_at_least if self.optional else checks.check_at_least
        check(self.low, **{self.name: value})
        return value


class Steps(Integer):
    """A number of training steps over which something changes; 0 for at once.

    `--epochs` and `Recipe.with_epochs` stretch it in proportion, like the step counts of a learning rate schedule.
    """

    most = 2**24  # counted in float32
    allowed = f"Integer in 0..{most}"
    wrong = (-1, 0.5, True, "8", None, most + 1)

    def __init__(self, default, description, **options):
        super().__init__(default, description, low=0, **options)

    def check(self, value):
        super().check(value)
        if value > self.most:
            raise ValueError(f"Expected {self.name} of at most {self.most} steps. Received: {self.name}={value!r}")
        return value


class Fraction(Argument):
    """A number in [0, 1)."""

    allowed = "In [0, 1)"
    wrong = (-0.1, 1.0, "0.5", None, True)

    def check(self, value):
        checks.check_fraction(**{self.name: value})
        return value


class Weight(Argument):
    """A finite number of at least 0."""

    allowed = "Number, at least 0"
    wrong = (-1.0, "10", None, float("nan"), float("inf"))

    def check(self, value):
        checks.check_weight(**{self.name: value})
        return value


class Positive(Argument):
    """A finite number above 0."""

    allowed = "Number above 0"
    wrong = (0.0, -1.0, "1", None, float("nan"), float("inf"))

    def check(self, value):
        checks.check_positive(**{self.name: value})
        return value


class Flag(Argument):
    """`True` or `False`."""

    allowed = "True or False"
    wrong = ("yes", 1, 0, None)

    def check(self, value):
        checks.check_flag(**{self.name: value})
        return value


class Choice(Argument):
    """One of several strings."""

    def __init__(self, default, description, *, choices, **options):
        super().__init__(default, description, **options)
        self.choices = tuple(choices)

    @property
    def allowed(self):
        return "One of " + ", ".join(f"`{choice!r}`" for choice in self.choices)

    wrong = ("none of these", 1, None)

    def check(self, value):
        checks.check_choice(self.choices, **{self.name: value})
        return value


class Units(Integer):
    """A list of integers of at least 1: sizes of consecutive layers; with `optional`, also `None`."""

    @property
    def allowed(self):
        return "List of integers, at least 1 each" + ", or None" * self.optional

    @property
    def wrong(self):
        return ((0,), (4, 0.5), 0, "16", *(() if self.optional else (None,)))

    def check(self, value):
        if value is not None or not self.optional:
            checks.check_units(**{self.name: value})
        return None if value is None else tuple(value)


class Options(Argument):
    """A list of different strings, each one of several; empty for none."""

    wrong = ("none of these", ("none of these",), 1, None)

    def __init__(self, default, description, *, choices, **options):
        super().__init__(default, description, **options)
        self.choices = tuple(choices)

    @property
    def allowed(self):
        return "List of some of " + ", ".join(f"`{choice!r}`" for choice in self.choices)

    def check(self, value):
        texts = isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)
        if not texts or len(set(value)) != len(value) or not set(value) <= set(self.choices):
            listed = ", ".join(map(repr, self.choices))
            raise ValueError(f"Expected {self.name} as a list of some of {listed}. Received: {self.name}={value!r}")
        return tuple(value)


class Names(Argument):
    """`None` or a list of different strings."""

    allowed = "None or a list of different strings"
    wrong = ("cat", 3, ("cat", 1), ("cat", "cat"))

    def check(self, value):
        if value is None:
            return None
        texts = isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)
        if not texts or len(set(value)) != len(value):
            raise ValueError(f"Expected {self.name} as a list of different strings. Received: {self.name}={value!r}")
        return tuple(value)


class Sizes(Argument):
    """`None` or a dict of integers of at least 1, by some of the names in `choices`."""

    wrong = ({"none of these": 1}, 3, "mixture", ())

    def __init__(self, default, description, *, choices, **options):
        super().__init__(default, description, **options)
        self.choices = tuple(choices)

    @property
    def allowed(self):
        listed = ", ".join(f"`{choice!r}`" for choice in self.choices)
        return f"None or a dict of integers, at least 1 each, by {listed}"

    def check(self, value):
        if value is None:
            return None
        if not isinstance(value, dict) or not value or not set(value) <= set(self.choices):
            raise ValueError(
                f"Expected {self.name} as a dict of integers by {', '.join(map(repr, self.choices))}. "
                f"Received: {self.name}={value!r}"
            )
        checks.check_at_least(1, **{f"{self.name}[{key!r}]": size for key, size in value.items()})
        return dict(value)


class ImageShape(Argument):
    """`(height, width, channels)` of an image, `(length, channels)` of a signal, or `(n,)` of a point."""

    allowed = (
        f"Sides of {pixels.MIN_SIDE}..{pixels.MAX_SIDE} pixels, 1 or 3 channels; {signals.MIN_LENGTH}.."
        f"{signals.MAX_LENGTH} samples, 1..{signals.MAX_CHANNELS} channels; or 1..{points.MAX_COORDINATES} coordinates"
    )
    wrong = (
        *((28, 28), (7, 8, 1), (8, 257, 3), (8, 8, 2), (8.5, 8, 1), "grey", 28, None, (8, 8, float("inf"))),
        *((0,), (784,), (2.5,), ("2",), (), (16, 1), (100, 0), (100.5, 1), ("100", 1), (True, 1)),
    )

    def check(self, value):
        if signals.is_signal_shape(value):
            return signals.check_signal_shape(value)
        return (points.check_point_shape if points.is_point_shape(value) else pixels.check_image_shape)(value)


class Seed(Argument):
    """`None` or an integer of 32 bits."""

    allowed = "None or an integer in 0..4294967295"
    wrong = (1.5, "0", -1, 2**32, True)

    def check(self, value):
        return checks.check_training_seed(value)


KINDS = {
    kind.__name__: kind
    for kind in (
        *(Any, Integer, Steps, Fraction, Weight, Positive, Flag, Choice),
        *(Units, Names, Options, Sizes, ImageShape, Seed),
    )
}


# Keras has properties of these names, so they cannot be class attributes of a model.
OF_KERAS = {
    "dtype": Any(
        None,
        'Dtype policy of the networks: `"float32"`, `"mixed_bfloat16"`, `"mixed_float16"`; `None` follows '
        "`keras.config.set_dtype_policy` where that is one of these, and is float32 otherwise.",
        training=True,
    ).named("dtype"),
    "name": Any(None, "Name of the Keras model.", training=True).named("name"),
}
