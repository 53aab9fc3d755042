"""Optimizers of a model by name: chosen, made, and applied to their own variables."""

import contextlib

import keras
import tensorflow as tf

from keras_genzoo.utils import replicas
from keras_genzoo.utils.keras_settings import standard_settings
from keras_genzoo.utils.text import shown


def chosen(model, optimizers, named):
    """Dict of what `compile` was given, by name of the optimizer.

    Raises:
        ValueError: On an unknown argument, an optimizer given twice, or one object for two of them.
    """
    names = model.optimizer_names
    given = dict(zip(names, optimizers, strict=False))
    if len(optimizers) > len(names) or given.keys() & named or named.keys() - {*names}:
        raise ValueError(
            f"Expected the optimizers {', '.join(names)}, each once: losses and metrics are the "
            f"model's own. Received: {len(optimizers)} without a name, and {', '.join(named) or 'none'} by name"
        )
    given |= named
    made = (getattr(each, "inner_optimizer", each) for each in given.values())  # of one that scales losses in float16
    objects = [id(each) for each in made if isinstance(each, keras.optimizers.Optimizer)]
    if len(set(objects)) < len(objects):  # its slots are those of one list of variables
        raise ValueError(f"Expected a new optimizer for each of {', '.join(given)}. Received: the same object twice")
    return given


def made(model, given):
    """Dict of new optimizers by name, built for their variables; the model's own where none is given."""
    with standard_settings():
        optimizers = _made(model, given)
    vars(model)["frozen_at_compile"] = frozen_layers(model)  # which their variables do not include
    return optimizers


def own_layers(model):
    """List of the layers of a model, outer ones before inner ones, without those of averages."""
    averages = getattr(getattr(model, "average", None), "pairs", ())
    others = {id(layer) for average, _ in averages for layer in average._flatten_layers()}
    return [layer for layer in model._flatten_layers(include_self=False) if id(layer) not in others]


def frozen_layers(model):
    """Numbers of the layers that are not trainable, in `own_layers`."""
    return [index for index, layer in enumerate(own_layers(model)) if not layer.trainable]


def freeze_layers(model, numbers):
    """Makes the layers of these numbers, and no others, not trainable."""
    for index, layer in enumerate(own_layers(model)):
        layer.trainable = index not in numbers


def _made(model, given):
    defaults, variables, optimizers = model.default_optimizers(), model.optimized_variables(), {}
    for name in model.optimizer_names:
        optimizer = keras.optimizers.get(defaults[name] if given.get(name) is None else given[name])
        if model.dtype_policy.name == "mixed_float16" and not hasattr(optimizer, "inner_optimizer"):
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        _check_new(name, inner, variables[name])
        _check_average(model, name, inner, variables[name])
        # Built here and not at the first step: load_weights skips the slots of an optimizer that is not built.
        optimizer.build(variables[name])
        optimizers[name] = optimizer
    return optimizers


def _check_new(name, inner, variables):
    """Raises `ValueError` if an optimizer has no slots for some of its variables, as Keras does in the first step."""
    if inner.built and not {id(each) for each in variables} <= {id(each) for each in inner._trainable_variables}:
        raise ValueError(
            f"Expected a new optimizer as {name}, or one of an earlier compile that trained all of these weights. "
            f"Received: one of other weights, {shown(inner)}"
        )


def _check_average(model, name, inner, variables):
    """Raises `ValueError` if an optimizer keeps an average that Keras would not put into the weights that it trains."""
    if inner.use_ema and [id(each) for each in variables] != [id(each) for each in model.trainable_variables]:
        own = "ema_decay of the model keeps an average; " if "ema_decay" in model.arguments() else ""
        raise ValueError(
            f"Expected {name} without use_ema: {own}Keras would not put that of the optimizer into the weights. "
            f"Received: {name}={type(inner).__name__}(use_ema=True)"
        )


@contextlib.contextmanager
def recording(model, name):
    """A gradient tape, as a context, that watches what the optimizer `name` trains, and nothing else."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([variable.value for variable in model.optimized_variables()[name]])
        yield tape


def apply_gradients(model, name, loss, tape):
    """One update by the optimizer `name` of its own variables, from `loss` and the tape of `recording(model, name)`."""
    variables = model.optimized_variables()[name]
    with tape:  # the loss scale is part of the differentiated function
        scaled = _scaled(model, name, loss)
    gradients = tape.gradient(scaled, [variable.value for variable in variables])
    with tf.control_dependencies([loss]):  # a batch that is refused must not count as an iteration
        getattr(model, name).apply(gradients, variables)


def update(model, name, loss):
    """One update by the optimizer `name` of its own variables alone: `loss()` is differentiated, and returned."""
    with model.recording(name) as tape:
        value = loss()
    model.apply_gradients(name, value, tape)
    return value


def apply_estimate(model, name, gradients):
    """One update by the optimizer `name` of its own variables, along gradients that no tape has recorded."""
    scaled = [_scaled(model, name, gradient) for gradient in gradients]
    getattr(model, name).apply(scaled, model.optimized_variables()[name])


def _scaled(model, name, value):
    """A loss or gradient as the optimizer `name` takes it: replicas add theirs up, so each gives its share."""
    return getattr(model, name).scale_loss(value * tf.cast(replicas.share(), value.dtype))
