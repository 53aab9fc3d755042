"""Makes Keras optimizers and learning rate schedules from the dicts of a recipe."""

import inspect
import re

from keras_genzoo.utils.text import nearest


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

    if not isinstance(spec, (str, dict)):
        raise ValueError(f"Expected an optimizer as its name, or as 'name' and its arguments. Received: {spec!r}")
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
    valid = [p for p in inspect.signature(cls.__init__).parameters if p not in ("self", "kwargs")]
    for argument in spec:
        if argument not in valid:
            raise ValueError(f"Expected arguments of {name}; {nearest(argument, valid)} Received: {argument!r}")
    try:
        return cls(**spec)
    except TypeError as error:  # a missing argument, or a string instead of a number
        raise ValueError(f"Expected arguments that {name} takes. Received: {error}") from None
