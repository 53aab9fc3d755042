"""From the export functions of a model to named, traced signatures; shared by all formats."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_genzoo.utils.checks import check_at_least, is_number

from .fixed import fixed_values, with_fixed

IMAGE_DTYPES = ("float32", "uint8")


def check_options(image_dtype: str, tolerance: float, num_samples: int) -> None:
    """Raises `ValueError` unless the options shared by all formats are valid."""
    if image_dtype not in IMAGE_DTYPES:
        raise ValueError(f"Expected image_dtype to be one of {IMAGE_DTYPES}. Received: image_dtype={image_dtype!r}")
    if not is_number(tolerance) or not tolerance > 0.0:
        raise ValueError(f"Expected tolerance above 0. Received: tolerance={tolerance!r}")
    check_at_least(1, num_samples=num_samples)


FIXED = "fixed_conditions"  # attribute of a model whose exports have fixed conditions: see `with_conditions`


def with_conditions(model: Any, given: dict[str, Any]) -> Any:
    """A copy of a model whose exports have the given conditions, such as `{"labels": 3}`, in place of inputs."""
    values = fixed_values(model, given)
    copy = model.copy_as(model.dtype_policy.name)
    vars(copy)[FIXED] = values
    return copy


def export_source(model: Any, precision: str = "float32") -> Any:
    """The copy of a model that is exported: it computes in float32 or bfloat16, whatever the policy of the model.

    Graphs of mixed policies have ops that only TensorFlow supports, so the other runtimes need float32.

    Args:
        model: A model of the zoo.
        precision: `"float32"` or `"bfloat16"`.
    """
    if not hasattr(model, "export_functions"):
        raise ValueError(
            f"Expected a model of the zoo, such as keras_genzoo.build() returns. Received: {type(model).__name__}"
        )
    source = model.float32_copy() if precision == "float32" else model.copy_as(f"mixed_{precision}")
    fixed = vars(model).get(FIXED)
    if fixed:
        functions = source.export_functions
        # Past the tracking of Keras: nothing of it belongs into a saved file.
        vars(source)["export_functions"] = lambda *args, **options: with_fixed(
            functions(*args, **options), model, fixed
        )
    return source


def portable_function(source: Any, image_dtype: str, signature: str, file: str) -> Any:
    """The `ExportFunction` of a signature, for a runtime that lacks some operations of TensorFlow.

    Args:
        source: The copy of the model to export: see `export_source`.
        image_dtype: Dtype of the images.
        signature: Name of the signature.
        file: Name of the kind of file in the message, such as `"an ONNX file"`.

    Raises:
        ValueError: If the signature does not exist or is not portable, or conditions are given that it does not take.
    """
    functions = source.export_functions(image_dtype)
    portable = {name: function for name, function in functions.items() if function.portable}
    if signature not in portable:
        raise ValueError(
            f"Expected signature to be one of {tuple(portable)} in {file}. Received: signature={signature!r}"
        )
    function = portable[signature]
    if "export_functions" in vars(source):  # with conditions: see `export_source`
        free = type(source).export_functions(source, image_dtype)[signature]
        if free.inputs.keys() == function.inputs.keys():
            raise ValueError(f"Expected no conditions: the signature {signature!r} takes none. Received: conditions")
    return function


def trace(functions: dict[str, Any]) -> dict[str, Any]:
    """Concrete functions by signature name; names of the same function share its graph."""
    traced = {}
    for function in functions.values():
        if id(function) not in traced:
            traced[id(function)] = concrete_function(function)
    return {name: traced[id(function)] for name, function in functions.items()}


def concrete_function(function: Any, batch_size: int | None = None) -> Any:
    """Traces an `ExportFunction`.

    Args:
        function: One entry of `model.export_functions()`.
        batch_size: Length of the inputs' first axis; `None`: any.

    Returns:
        A concrete function with the inputs and outputs named as in `function`.
    """

    def named(**inputs):
        outputs = function.function(**inputs)
        return {name: tf.identity(outputs[name], name=name) for name in function.outputs}

    specs = {}
    for name, each in function.inputs.items():
        shape = list(each.spec.shape)
        if shape and shape[0] is None:
            shape[0] = batch_size
        specs[name] = tf.TensorSpec(shape, each.spec.dtype, name=name)
    return tf.function(named, autograph=False).get_concrete_function(**specs)


def graph_nodes(signature: Any) -> list[Any]:
    """All nodes of a concrete function and of the functions that it calls."""
    graph = signature.graph.as_graph_def(add_shapes=False)
    return [*graph.node, *(node for function in graph.library.function for node in function.node_def)]


def describe(signature: Any) -> dict[str, dict[str, tuple[str, tuple[int | None, ...]]]]:
    """Names, dtypes and shapes of the inputs and outputs of a concrete function: see `ExportReport.signatures`."""
    inputs = signature.structured_input_signature[1]
    outputs = signature.structured_outputs
    return {
        side: {name: (spec.dtype.name, tuple(spec.shape.as_list())) for name, spec in sorted(specs.items())}
        for side, specs in (("inputs", inputs), ("outputs", outputs))
    }
