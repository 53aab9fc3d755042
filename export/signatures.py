"""From a model's export functions to named, traced signatures: what both formats share."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_genzoo.checks import check_at_least

IMAGE_DTYPES = ("float32", "uint8")


def check_options(image_dtype: str, tolerance: float, num_samples: int) -> None:
    """Raises `ValueError` unless the options that all formats share are valid."""
    if image_dtype not in IMAGE_DTYPES:
        raise ValueError(f"Expected image_dtype to be one of {IMAGE_DTYPES}. Received: image_dtype={image_dtype!r}")
    if not tolerance > 0.0:
        raise ValueError(f"Expected tolerance above 0. Received: tolerance={tolerance!r}")
    check_at_least(1, num_samples=num_samples)


def export_source(model: Any) -> Any:
    """The model that is exported: a float32 copy, because mixed policies put ops into the graph that no runtime has."""
    if not hasattr(model, "export_functions"):
        raise ValueError(
            f"Expected a model of the zoo, such as keras_genzoo.build() returns. Received: {type(model).__name__}"
        )
    return model.float32_copy()


def concrete(function: Any, batch_size: int | None = None) -> Any:
    """Traces an `ExportFunction`.

    Args:
        function: One entry of `model.export_functions()`.
        batch_size: Length of the inputs' first axis; `None` leaves it free.

    Returns:
        A concrete function that takes the inputs and gives the outputs under the names in `function`.
    """

    def named(**inputs):
        outputs = function.function(**inputs)
        return {name: tf.identity(outputs[name], name=name) for name in function.outputs}

    specs = {}
    for name, spec in function.inputs.items():
        shape = list(spec.shape)
        if shape and shape[0] is None:
            shape[0] = batch_size
        specs[name] = tf.TensorSpec(shape, spec.dtype, name=name)
    return tf.function(named, autograph=False).get_concrete_function(**specs)


def describe(signature: Any) -> dict[str, dict[str, tuple[str, tuple[int | None, ...]]]]:
    """Names, dtypes and shapes of a concrete function: see `ExportReport.signatures`."""
    inputs = signature.structured_input_signature[1]
    outputs = signature.structured_outputs
    return {
        side: {name: (spec.dtype.name, tuple(spec.shape.as_list())) for name, spec in sorted(specs.items())}
        for side, specs in (("inputs", inputs), ("outputs", outputs))
    }
