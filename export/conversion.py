"""From a traced function to the bytes of a LiteRT file, quantized or not, with built-in ops only."""

from __future__ import annotations

import re
import tempfile
import warnings
from typing import Any

import tensorflow as tf

from keras_genzoo.utils.quiet import quiet_stderr

from ._files import clear_os_errors
from .report import ExportError
from .saved_model import save
from .signatures import graph_nodes


def convert(
    traced: Any,
    signature: str,
    quantization: str | None = None,
    calibration: list[dict[str, Any]] | None = None,
    io_dtype: str = "float32",
) -> bytes:
    """Converts a concrete function with a static batch size to the bytes of a LiteRT file.

    Args:
        traced: The concrete function, with named inputs and outputs.
        signature: Name of the signature in the file.
        quantization: `None`, `"float16"`, `"dynamic"` or `"int8"`: see `keras_genzoo.export.litert.write`.
        calibration: For `"int8"`: batches of inputs by name.
        io_dtype: For `"int8"`: type of the float inputs and outputs, `"float32"` or `"int8"`.

    Returns:
        The file's bytes.

    Raises:
        ExportError: If LiteRT has no built-in op for an op of the graph; the message names the op and its layer.
    """
    with tempfile.TemporaryDirectory() as folder:
        with clear_os_errors(folder, tf.errors.OpError):
            save({signature: traced}, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[signature])
        _quantize(converter, signature, quantization, calibration, io_dtype)
        try:
            # The converter prints its whole graph when an op is missing, and calibrates with a deprecated interpreter.
            with quiet_stderr(), warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=r"\s*Warning: tf\.lite\.Interpreter is deprecated")
                content = converter.convert()
        except Exception as error:  # the package has no common class of errors
            raise ExportError(_reason(str(error), traced)) from error
    refuse_foreign_ops(content)
    return content


def _quantize(converter: Any, signature: str, quantization: str | None, calibration: Any, io_dtype: str) -> None:
    int8 = quantization == "int8"
    # No Select TF ops: they need a larger runtime.
    ops_set = tf.lite.OpsSet.TFLITE_BUILTINS_INT8 if int8 else tf.lite.OpsSet.TFLITE_BUILTINS
    converter.target_spec.supported_ops = [ops_set]
    if quantization is None:
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # A scale for each of the thousands of outputs of the first layer of a generator would be a seventh of the file.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if int8:
        converter.representative_dataset = lambda: ((signature, batch) for batch in calibration)
        if io_dtype == "int8":
            converter.inference_input_type = converter.inference_output_type = tf.int8


# -- unsupported ops ---------------------------------------------------------------------------------------------------


def _reason(message: str, traced: Any) -> str:
    """The message for an error of the converter."""
    found = re.findall(r"^(?:TF Select|Custom) ops: (.+)$", message, flags=re.MULTILINE)
    names = sorted({name.strip() for line in found for name in line.split(",")})
    if not names:
        names = sorted({name.removeprefix("tf.") for name in re.findall(r"'(tf\.\w+)' op", message)})
    if names:
        return _foreign([f"{name}{_origin(name, traced)}" for name in names])
    return f"Expected a network that LiteRT can run. Received from its converter: {message.strip().splitlines()[0]}"


def _origin(op: str, traced: Any) -> str:
    """The layers that contain an op: ` (in layer generator/up)`; empty if no layer does."""
    places = {node.name.rpartition("/")[0] for node in graph_nodes(traced) if node.op == op}
    # Keras appends the number of the call to the name of a layer, which may itself end in a number.
    places = sorted({re.sub(r"_\d+(?=/|$)", "", place) for place in places if place})
    return f" (in layer {', '.join(places)})" if places else ""


def _foreign(names: list[str]) -> str:
    return (
        "Expected a network of built-in LiteRT ops, without Flex (Select TF) and custom ops."
        f" Received: {', '.join(names)}. Nothing was written."
    )


def refuse_foreign_ops(content: bytes) -> None:
    """Raises `ExportError` if a LiteRT file has Flex or custom ops; the message names them."""
    names = sorted(name for name, custom in _operator_codes(content) if custom)
    if names:
        raise ExportError(_foreign(names))


def operators(content: bytes) -> tuple[str, ...]:
    """Names of the ops in a LiteRT file, sorted; built-in ops are in capitals.

    Args:
        content: Bytes of the file.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo.export import conversion
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "dcgan.tflite")
    ...     report = model.export(path, format="litert", measure=False)
    ...     with open(path, "rb") as file:
    ...         "DEPTH_TO_SPACE" in conversion.operators(file.read())
    True
    """
    return tuple(sorted(name for name, _ in _operator_codes(content)))


def _operator_codes(content: bytes) -> set[tuple[str, bool]]:
    """Pairs of the name of an op in the file, and whether it is a custom op."""
    from ai_edge_litert import schema_py_generated as schema

    builtin = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    model = schema.Model.GetRootAs(content, 0)
    codes = set()
    for index in range(model.OperatorCodesLength()):
        code = model.OperatorCodes(index)
        # Old files have the number of the op in a field of 8 bits.
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        custom = code.CustomCode() if number == schema.BuiltinOperator.CUSTOM else None
        codes.add((custom.decode() if custom else builtin.get(number, f"UNKNOWN_{number}"), custom is not None))
    return codes
