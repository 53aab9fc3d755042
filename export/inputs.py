"""Values of inputs that a signature does not allow: refused in a SavedModel, a blank result in other files."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from keras_genzoo.families.allowed import checked_rows, checked_shape, same_lengths
from keras_genzoo.families.class_weights import TOLERANCE, AllowedWeights
from keras_genzoo.families.exporting import BATCH_SIZE

MOST = 2.0**24  # of whole numbers that stand for floats
THOUSAND = 1000
REFUSED = "refused with an error"
BLANK = "a blank result: NaN, or black where images are uint8"
BLANK_INT8 = "zeros; floats are compared by their whole numbers, and limited to the calibrated range"
BLANK_INTEGERS = "zeros for classes; the scales of the file limit other inputs to the calibrated range"


def allowed_values(function: Any) -> dict[str, str]:
    """The values that the inputs of an `ExportFunction` may have, as texts by name; without inputs that may be any."""
    return {name: each.allowed.text for name, each in function.inputs.items() if each.allowed is not None}


def refusing(functions: dict[str, Any]) -> dict[str, Any]:
    """The functions of a SavedModel, with assertions that values of inputs are allowed and as many as they should be.

    Without them, a network would take the label -1 for the last class, and pixels of 0..255 for white.
    """

    def checked(function):
        rows = rows_of(function)

        def call(**inputs):
            for name, each in function.inputs.items():
                inputs[name] = checked_shape(name, inputs[name])
                if each.allowed is not None:
                    inputs[name] = each.allowed.checked(inputs[name])
            if rows:
                inputs |= checked_rows({name: inputs[name] for name in rows})
            return function.function(**inputs)

        return function._replace(function=call)

    # Names that share a function share the checked one.
    by_id = {id(function): checked(function) for function in functions.values()}
    return {name: by_id[id(function)] for name, function in functions.items()}


def blanking(function: Any, quantized: bool = False, integers: bool = False) -> Any:
    """An `ExportFunction` for runtimes without assertions: its outputs are blank if a value of an input is not allowed.

    A blank result cannot be taken for an image, which that of a label moved into its range could be. Floats become NaN,
    integers 0.

    Args:
        function: The `ExportFunction`.
        quantized: Whether floats will be computed as 8-bit integers. These cannot be NaN, so floats become 0. The
            runtime limits values to the calibrated range before the graph sees them, except for a conversion to whole
            numbers: these are compared, so that pixels of 0..255 and NaN are found, and 1.5 is not.
        integers: Whether float inputs are 8-bit integers, too, for accelerators without floating point: only classes
            are checked then.
    """
    ruled = {name: each for name, each in function.inputs.items() if each.allowed is not None}
    if integers:
        ruled = {name: each for name, each in ruled.items() if each.spec.dtype.is_integer}
    rows = rows_of(function)

    def call(**inputs):
        inside = [_all_inside(each.allowed, inputs[name], quantized) for name, each in ruled.items()]
        given = {name: inputs[name] for name in rows}
        if len(given) > 1 and any(tensor.shape[0] is None for tensor in given.values()):
            inside.append(same_lengths(given))
        for name, each in ruled.items():
            if each.spec.dtype.is_integer:  # else the network could read outside of its weights
                inputs[name] = each.allowed.replaced(inputs[name])
        outputs = function.function(**inputs)
        if not inside:
            return outputs
        valid = inside[0] if len(inside) == 1 else tf.reduce_all(tf.stack(inside))
        return {name: _or_blank(valid, value, quantized) for name, value in outputs.items()}

    return function._replace(function=call)


def rows_of(function: Any) -> list[str]:
    """Names of inputs that have a row for each sample; none where a scalar says how many images there are."""
    if any(each.example == BATCH_SIZE for each in function.inputs.values()):
        return []
    return [name for name, each in function.inputs.items() if each.spec.shape.rank]


def _all_inside(allowed: Any, values: tf.Tensor, quantized: bool) -> tf.Tensor:
    if not (quantized and values.dtype.is_floating):
        return allowed.all_inside(values)
    numbers = tf.reshape(tf.cast(values, tf.int32), [-1])  # in this order: a reshaped input would be quantized
    inside = tf.reduce_all((numbers >= int(max(allowed.low, -MOST))) & (numbers <= int(min(allowed.high, MOST))))
    if not isinstance(allowed, AllowedWeights):
        return inside
    # Sums, too, of whole numbers: each is off by half of 1 / 255 in 8 bits, and by a thousandth as a whole number.
    sums = tf.reduce_sum(tf.cast(THOUSAND * values, tf.int32), axis=-1)
    most = int(THOUSAND * TOLERANCE) + 3 * values.shape[-1]
    return inside & tf.reduce_all((sums >= THOUSAND - most) & (sums <= THOUSAND + most))


def _or_blank(valid: tf.Tensor, value: tf.Tensor, quantized: bool) -> tf.Tensor:
    if value.dtype.is_integer:  # LiteRT has no selection of uint8
        return tf.cast(tf.where(valid, tf.cast(value, tf.int32), 0), value.dtype)
    return tf.where(valid, value, tf.constant(0.0 if quantized else np.nan, value.dtype))
