"""Exports in which a condition has one value: a file that generates images of one class and has no `label` input."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from keras_genzoo.families.class_weights import weights_spec
from keras_genzoo.families.given_conditions import given_conditions


def fixed_values(model: Any, given: dict[str, Any]) -> dict[str, np.ndarray]:
    """The values of conditions as the networks take them, by `Condition.name`, each with one row.

    Raises:
        ValueError: If a condition has several values, or one that does not fit it.
    """
    values = given_conditions(model, given, 1)
    return {name: np.asarray(value) for name, value in values.items()}


def with_fixed(functions: dict[str, Any], model: Any, values: dict[str, np.ndarray]) -> dict[str, Any]:
    """The `ExportFunction`s without the inputs of fixed conditions, which get the same value for each image.

    A function of mixtures whose classes are all fixed is left out.
    """
    given = [(each, values[each.name]) for each in model.conditions if each.name in values]
    by_input = {each.input: value for each, value in given}
    classes = [(each, value) for each, value in given if hasattr(each, "num_classes")]
    weights = {weights_spec(each).name: np.eye(each.num_classes, dtype="float32")[value] for each, value in classes}
    free = {weights_spec(each).name for each in model.conditions if hasattr(each, "num_classes")} - set(weights)
    return {
        name: _without(function, by_input | weights)
        for name, function in functions.items()
        if not weights.keys() & function.inputs.keys() or free & function.inputs.keys()
    }


def _without(function: Any, values: dict[str, np.ndarray]) -> Any:
    values = {name: value for name, value in values.items() if name in function.inputs}
    if not values:
        return function
    inputs = {name: each for name, each in function.inputs.items() if name not in values}
    per_image = [name for name, each in inputs.items() if len(each.spec.shape)]

    def call(**tensors):
        # Without an input that has a row for each image, as in `generate`, one row is repeated by the function itself.
        num = tf.shape(tensors[per_image[0]])[0] if per_image else 1
        given = {name: tf.repeat(tf.constant(value), num, axis=0) for name, value in values.items()}
        return function.function(**tensors, **given)

    return function._replace(function=call, inputs=inputs)
