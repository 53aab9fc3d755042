"""Makes Keras optimizers and learning rate schedules from the dicts of a recipe."""

import inspect
import re

import numpy as np

from keras_genzoo.utils.checks import check_flag, is_number
from keras_genzoo.utils.text import nearest, shown

RATES = ("learning_rate", "initial_learning_rate", "end_learning_rate", "warmup_target", "values")  # of Keras
STEP_COUNTS = ("decay_steps", "first_decay_steps", "warmup_steps", "boundaries")  # of the schedules of Keras


def check_spec(spec):
    """Raises `ValueError` unless an optimizer is a name, or a dict of arguments. Keras is not imported."""
    if not isinstance(spec, (str, dict)) or (isinstance(spec, dict) and not isinstance(spec.get("name", ""), str)):
        raise ValueError(f"Expected an optimizer as its name, or as 'name' and its arguments. Received: {spec!r}")


def is_complete(spec):
    """Whether an optimizer of a recipe has a name; else its arguments change those of the model's own optimizer."""
    return isinstance(spec, str) or "name" in spec


def completed(specs, own):
    """Optimizers of a recipe, of which those without a name are the model's own with other arguments.

    Args:
        specs: Dict by `compile` argument, as in a recipe.
        own: Function without arguments that returns the compiled model with its own optimizers.

    Raises:
        ValueError: If the model has no such optimizer, with the nearest name.
    """
    if all(map(is_complete, specs.values())):
        return specs
    model = own()
    for key in specs:
        if key not in model.optimizer_names:
            hint = nearest(key, model.optimizer_names)
            raise ValueError(f"Expected an optimizer of {model.model_name}; {hint} Received: {key!r}")
    return {key: spec if is_complete(spec) else spec_of(getattr(model, key)) | spec for key, spec in specs.items()}


def filled(specs, begun):
    """Optimizers of a recipe, of which those without a name take what they leave open from those of a run."""
    return {
        key: spec if is_complete(spec) or not isinstance(begun.get(key), dict) else begun[key] | spec
        for key, spec in specs.items()
    }


def has_schedule(spec):
    """Whether an optimizer's name or dict has a learning rate schedule."""
    return isinstance(spec, dict) and isinstance(spec.get("learning_rate"), dict)


def stretched(spec, ratio, where, given=()):
    """An optimizer's name or dict with the step counts of its learning rate schedule times `ratio`.

    Args:
        spec: As for `make_optimizer`.
        ratio: Number above 0: new by old number of epochs.
        where: Dotted key of the optimizer in the recipe.
        given: Dotted keys of values that are not stretched, each with all that is below it.

    Raises:
        ValueError: If a step count is not a number, or boundaries coincide when they are rounded.
    """
    if not has_schedule(spec):
        return spec
    rate = spec["learning_rate"]
    new = dict(rate)
    for name in STEP_COUNTS:
        steps, path = rate.get(name), f"{where}.learning_rate.{name}"
        if any(f"{path}.".startswith(f"{key}.") for key in given):
            continue
        if isinstance(steps, (list, tuple)):
            new[name] = [scaled_steps(step, ratio, path) for step in steps]
            if len(set(new[name])) < len(set(steps)):
                raise ValueError(
                    f"Expected {path} that stay apart with another number of epochs: set them as well. "
                    f"Received: {steps}, which would be {new[name]}"
                )
        elif steps is not None:
            new[name] = scaled_steps(steps, ratio, path)
    return {**spec, "learning_rate": new}


def scaled_steps(steps, ratio, where):
    """A number of steps times `ratio`, rounded, at least 1; 0 stays 0. `where` is its dotted key in the recipe."""
    if not is_number(steps):
        raise ValueError(f"Expected {where} as a number of steps. Received: {steps!r}")
    return max(1, round(steps * ratio)) if steps > 0 else steps


def first_rate(spec):
    """The learning rate that an optimizer's dict begins with: of a schedule with a warm-up, that at its end."""
    rate = spec.get("learning_rate")
    if rate is None:
        rate = float(make_optimizer(spec).learning_rate)
    if not isinstance(rate, dict):
        return rate
    found = (rate.get(key) for key in ("warmup_target", "initial_learning_rate", "values"))
    first = next((each for each in found if each is not None), None)
    if first is None:
        raise ValueError(f"Expected a schedule of Keras with a first learning rate. Received: {rate!r}")
    return first[0] if isinstance(first, (list, tuple)) else first


def spec_of(optimizer):
    """The dict of a recipe that makes an equal optimizer.

    Raises:
        ValueError: If the optimizer, or its schedule, is not one of Keras.

    Example:

    >>> import keras
    >>> spec_of(keras.optimizers.SGD(0.01))["learning_rate"]
    0.01
    """
    import keras

    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales losses in float16
    if vars(keras.optimizers).get(type(optimizer).__name__) is not type(optimizer):
        raise ValueError(f"Expected an optimizer of Keras. Received: {shown(optimizer)}")

    def plain(made, key, default):
        config = made.get_config()
        return {key: type(made).__name__.lower()} | {
            name: value for name, value in config.items() if name != "name" and value != default.get(name)
        }

    rate = optimizer.get_config()["learning_rate"]
    if isinstance(rate, dict):
        rate = plain(keras.saving.deserialize_keras_object(rate), "schedule", {})
    else:
        rate = float(str(np.float32(rate)))  # in place of 0.009999999776482582
    spec = plain(optimizer, "name", type(optimizer)().get_config()) | {"learning_rate": rate}
    make_optimizer(spec)
    return spec


def make_optimizer(spec):
    """A Keras optimizer from a recipe's dict.

    Args:
        spec: Name of a Keras optimizer (`"adam"`, `"rmsprop"`, `"sgd"`, ...), or a dict of the `name` and its
            arguments. `learning_rate` may be a number, or a dict of a `schedule` of `keras.optimizers.schedules`
            (`"cosine_decay"`, ...) and its arguments.

    Raises:
        ValueError: If a name or argument is unknown, with the nearest valid one.

    Example:

    >>> make_optimizer({"name": "sgd", "learning_rate": 0.01, "momentum": 0.9}).momentum
    0.9
    """
    import keras

    check_spec(spec)
    spec = {"name": spec} if isinstance(spec, str) else dict(spec)
    rate = spec.get("learning_rate")
    if isinstance(rate, dict):
        schedules = keras.optimizers.schedules
        spec["learning_rate"] = _construct(schedules, schedules.LearningRateSchedule, "schedule", rate)
    return _construct(keras.optimizers, keras.optimizers.Optimizer, "name", spec)


def _construct(module, base, key, spec):
    """An instance of the class of `module` named by `spec[key]`, with the other items of `spec` as arguments."""
    spec = dict(spec)
    classes = {
        name: item
        for name, item in vars(module).items()
        if inspect.isclass(item) and issubclass(item, base) and item is not base
    }
    by_plain_name = {name.lower(): item for name, item in classes.items()}
    snake = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in classes]
    name = spec.pop(key, None)
    if not isinstance(name, str) or name.replace("_", "").lower() not in by_plain_name:
        raise ValueError(f"Expected a Keras class as {key!r}; {nearest(name, snake)} Received: {name!r}")
    cls = by_plain_name[name.replace("_", "").lower()]
    parameters = inspect.signature(cls.__init__).parameters
    valid = [parameter for parameter in parameters if parameter not in ("self", "kwargs")]
    for argument, value in spec.items():
        if argument not in valid:
            raise ValueError(f"Expected arguments of {name}; {nearest(argument, valid)} Received: {argument!r}")
        _check_like(parameters[argument].default, argument, value)
        if argument in RATES:
            spec[argument] = _rates(argument, value)
    try:
        return cls(**spec)
    except TypeError as error:  # a missing argument, or a string instead of a number
        raise ValueError(f"Expected arguments that {name} takes. Received: {error}") from None


def _rates(argument, value):
    """A learning rate, or a list of them, as floats, which Keras asks for; a schedule that is made stays as it is."""
    if isinstance(value, (list, tuple)):
        return [_rates(argument, each) for each in value]
    if not is_number(value):
        return value
    if not 0 <= value < float("inf"):
        raise ValueError(f"Expected {argument} as finite, of at least 0. Received: {value!r}")
    return float(value)


def _check_like(default, argument, value):
    """Raises `ValueError` for a value of a wrong type, which Keras would notice only in a step, or never."""
    if isinstance(default, bool):
        check_flag(**{argument: value})
        return
    needed = is_number(default) or default is inspect.Parameter.empty
    numeric = all(is_number(item) for item in (value if isinstance(value, (list, tuple)) else [value]))
    wrong = not numeric if needed else default is None and isinstance(value, (str, dict))
    if wrong and not hasattr(value, "get_config"):  # a schedule that is already made
        raise ValueError(f"Expected {argument} as a number. Received: {value!r}")
