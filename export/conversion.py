"""From a traced function to the bytes of a LiteRT file: quantized as asked, of built-in ops alone."""

from __future__ import annotations

import re
import tempfile
import warnings
from typing import Any

import tensorflow as tf

from keras_genzoo.quiet import quiet_stderr

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
        traced: The concrete function, inputs and outputs named.
        signature: Name of the file's signature.
        quantization: `None`, `"float16"`, `"dynamic"` or `"int8"`: see `keras_genzoo.export.litert.write`.
        calibration: For `"int8"`: batches of inputs by name.
        io_dtype: For `"int8"`: type of the float inputs and outputs, `"float32"` or `"int8"`.

    Returns:
        The file's bytes.

    Raises:
        ExportError: If the converter has no built-in op for an op of the graph; the message names it and its layer.
    """
    with tempfile.TemporaryDirectory() as folder:
        with clear_os_errors(folder, tf.errors.OpError):
            save({signature: traced}, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[signature])
        _quantize(converter, signature, quantization, calibration, io_dtype)
        try:
            # The converter writes its whole graph there when an op is missing, and calibrates with an interpreter that
            # warns of its own age.
            with quiet_stderr(), warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=r"\s*Warning: tf\.lite\.Interpreter is deprecated")
                content = converter.convert()
        except Exception as error:  # its errors have no common class
            raise ExportError(_reason(str(error), traced)) from error
    refuse_foreign_ops(content)
    return content


def _quantize(converter: Any, signature: str, quantization: str | None, calibration: Any, io_dtype: str) -> None:
    int8 = quantization == "int8"
    # No Select TF ops: those need another, bigger runtime.
    ops_set = tf.lite.OpsSet.TFLITE_BUILTINS_INT8 if int8 else tf.lite.OpsSet.TFLITE_BUILTINS
    converter.target_spec.supported_ops = [ops_set]
    if quantization is None:
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # A scale for each of the thousands of outputs of a generator's first layer would be a seventh of the file.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if int8:
        converter.representative_dataset = lambda: ((signature, batch) for batch in calibration)
        if io_dtype == "int8":
            converter.inference_input_type = converter.inference_output_type = tf.int8


# -- what a file must not hold -----------------------------------------------------------------------------------------


def _reason(message: str, traced: Any) -> str:
    """The sentence of an error of the converter."""
    found = re.findall(r"^(?:TF Select|Custom) ops: (.+)$", message, flags=re.MULTILINE)
    names = sorted({name.strip() for line in found for name in line.split(",")})
    if not names:
        names = sorted({name.removeprefix("tf.") for name in re.findall(r"'(tf\.\w+)' op", message)})
    if names:
        return _foreign([f"{name}{_origin(name, traced)}" for name in names])
    return f"Expected a network that LiteRT can run. Received from its converter: {message.strip().splitlines()[0]}"


def _origin(op: str, traced: Any) -> str:
    """Where in the model an op stands: ` (in layer generator/up)`, or nothing if it stands in none."""
    places = {node.name.rpartition("/")[0] for node in graph_nodes(traced) if node.op == op}
    # Behind a layer's own name, which may end in a number, too, Keras counts its calls.
    places = sorted({re.sub(r"_\d+(?=/|$)", "", place) for place in places if place})
    return f" (in layer {', '.join(places)})" if places else ""


def _foreign(names: list[str]) -> str:
    return (
        "Expected a network of ops that LiteRT has built in, without Flex (Select TF) and custom ops."
        f" Received: {', '.join(names)}. Nothing was written."
    )


def refuse_foreign_ops(content: bytes) -> None:
    """Raises `ExportError` with the names of all Flex and custom ops in a LiteRT file, if it has any."""
    names = sorted(name for name, custom in _operator_codes(content) if custom)
    if names:
        raise ExportError(_foreign(names))


def operators(content: bytes) -> tuple[str, ...]:
    """Names of the ops in a LiteRT file, in alphabetical order: built-in ones in capitals, others by their own name.

    Args:
        content: The file's bytes.

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
    """Name of each op of the file, and whether it is none of the built-in ones."""
    from ai_edge_litert import schema_py_generated as schema

    builtin = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    model = schema.Model.GetRootAs(content, 0)
    codes = set()
    for index in range(model.OperatorCodesLength()):
        code = model.OperatorCodes(index)
        # Old files keep the op's number in a field of 8 bits.
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        custom = code.CustomCode() if number == schema.BuiltinOperator.CUSTOM else None
        codes.add((custom.decode() if custom else builtin.get(number, f"UNKNOWN_{number}"), custom is not None))
    return codes
