"""From a model's export functions to named, traced signatures: what both formats share."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_genzoo.checks import check_at_least, is_number

IMAGE_DTYPES = ("float32", "uint8")


def check_options(image_dtype: str, tolerance: float, num_samples: int) -> None:
    """Raises `ValueError` unless the options that all formats share are valid."""
    if image_dtype not in IMAGE_DTYPES:
        raise ValueError(f"Expected image_dtype to be one of {IMAGE_DTYPES}. Received: image_dtype={image_dtype!r}")
    if not is_number(tolerance) or not tolerance > 0.0:
        raise ValueError(f"Expected tolerance above 0. Received: tolerance={tolerance!r}")
    check_at_least(1, num_samples=num_samples)


def export_source(model: Any, precision: str = "float32") -> Any:
    """The model that is exported: a copy that computes in float32 or bfloat16, whatever the model's own policy.

    Mixed policies put ops into the graph that no other runtime than TensorFlow has, hence float32 for all others.

    Args:
        model: A model of the zoo.
        precision: `"float32"` or `"bfloat16"`.
    """
    if not hasattr(model, "export_functions"):
        raise ValueError(
            f"Expected a model of the zoo, such as keras_genzoo.build() returns. Received: {type(model).__name__}"
        )
    return model.float32_copy() if precision == "float32" else model.copy_as(f"mixed_{precision}")


def choose(functions: dict[str, Any], signature: str, file: str) -> Any:
    """The export function of this name, for a file of a runtime that has not all of TensorFlow's operations.

    Args:
        functions: `ExportFunction` by signature name.
        signature: The name.
        file: What the file is called in a message, such as `"an ONNX file"`.

    Raises:
        ValueError: If there is no such signature, or it is not portable.
    """
    fitting = {name: function for name, function in functions.items() if function.portable}
    if signature not in fitting:
        raise ValueError(
            f"Expected signature to be one of {tuple(fitting)} in {file}. Received: signature={signature!r}"
        )
    return fitting[signature]


def trace(functions: dict[str, Any]) -> dict[str, Any]:
    """Concrete functions by signature name; two names of one function share its graph."""
    traced = {}
    for function in functions.values():
        if id(function) not in traced:
            traced[id(function)] = concrete(function)
    return {name: traced[id(function)] for name, function in functions.items()}


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


def graph_nodes(signature: Any) -> list[Any]:
    """All nodes of a concrete function, those of the functions that it calls too."""
    graph = signature.graph.as_graph_def(add_shapes=False)
    return [*graph.node, *(node for function in graph.library.function for node in function.node_def)]


def describe(signature: Any) -> dict[str, dict[str, tuple[str, tuple[int | None, ...]]]]:
    """Names, dtypes and shapes of a concrete function: see `ExportReport.signatures`."""
    inputs = signature.structured_input_signature[1]
    outputs = signature.structured_outputs
    return {
        side: {name: (spec.dtype.name, tuple(spec.shape.as_list())) for name, spec in sorted(specs.items())}
        for side, specs in (("inputs", inputs), ("outputs", outputs))
    }
