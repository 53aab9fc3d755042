"""LiteRT (TFLite): one file for phones, boards and web pages."""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_genzoo.checks import check_at_least
from keras_genzoo.quiet import quiet_stderr

from . import parity
from ._files import clear_os_errors, replacing
from .report import ExportError, ExportReport
from .saved_model import save
from .signatures import check_options, concrete, describe, export_source

QUANTIZATIONS = (None, "float16", "int8")
# A prior of 100 dimensions needs some hundred codes before the extremes of the activations settle.
CALIBRATION_SAMPLES = 256
CALIBRATION_SEED = 1  # not the seed of the comparison, whose codes must be new to the file


def write(
    model: Any,
    path: str | os.PathLike,
    *,
    overwrite: bool = False,
    signature: str = "serving_default",
    batch_size: int = 1,
    quantization: str | None = None,
    image_dtype: str = "float32",
    tolerance: float = 1e-3,
    num_samples: int = 16,
) -> ExportReport:
    """Writes one signature of a model as a LiteRT file of built-in ops alone, and compares it with Keras.

    The batch size is fixed: with a free one the interpreter cuts the network into several parts, which is slower, and a
    browser refuses the file. Random numbers stay outside: `z` is an input.

    Args:
        model: A model of the zoo.
        path: The file; ends in `.tflite`.
        overwrite: Whether a file at `path` is replaced. The old one stays until the new one is complete.
        signature: Which of `model.export_functions()`: `"serving_default"` (`z` to images), for a VAE also `"encode"`,
            `"decode"`, `"reconstruct"`. The file's own signature bears this name.
        batch_size: Length of the inputs' first axis, at least 1.
        quantization: `None`: float32. `"float16"`: weights of half the size, computed in float32. `"int8"`: weights and
            activations of 8 bits, calibrated on codes from the model's own prior (or on images that it generates);
            inputs and outputs stay as they are.
        image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255.
        tolerance: Largest error of a float32 file against Keras, in [0, 1] pixels, above 0. The error of a quantized
            file is only reported.
        num_samples: Number of inputs that are compared, at least 1.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: If an option's value is not valid, or `path` does not end in `.tflite`.
        ExportError: If the network needs an op that LiteRT does not have (the message names it), or the results differ
            from Keras by more than `tolerance`.
        FileExistsError: If a file stands at `path` and `overwrite` is off.
        OSError: If `path` cannot be written.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo.export import litert
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = litert.write(model, os.path.join(folder, "encoder.tflite"), signature="encode", batch_size=2)
    >>> report.signatures["encode"]["outputs"]["z_mean"]
    ('float32', (2, 2))
    """
    check_options(image_dtype=image_dtype, tolerance=tolerance, num_samples=num_samples)
    check_at_least(1, batch_size=batch_size)
    if quantization not in QUANTIZATIONS:
        raise ValueError(f"Expected quantization to be one of {QUANTIZATIONS}. Received: quantization={quantization!r}")
    if Path(path).suffix != ".tflite":
        raise ValueError(f"Expected a path that ends in .tflite. Received: path={os.fspath(path)!r}")
    with replacing(path, overwrite, "file") as temporary:
        source = export_source(model)
        function = choose(source.export_functions(image_dtype), signature)
        traced = concrete(function, batch_size)
        calibration = calibration_batches(model, function, batch_size) if quantization == "int8" else None
        content = convert(traced, signature, quantization, calibration)
        refuse_foreign_ops(content)
        with clear_os_errors(path), open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        runner = parity.litert_runner(temporary, signature)
        limit = tolerance if quantization is None else None
        result = parity.check(model, signature, function, runner, num_samples, limit)
    name = Path(path).name
    described = {signature: describe(traced)}
    return ExportReport(
        os.fspath(path), "litert", quantization, (name,), {name: len(content)}, described, {signature: result}
    )


def choose(functions: dict[str, Any], signature: str) -> Any:
    """The export function of this name; only those whose inputs are all batches have a place in a LiteRT file."""
    # Random numbers in the graph, and a number of images as an input, would need ops that LiteRT does not have.
    fitting = {name: f for name, f in functions.items() if all(len(spec.shape) > 0 for spec in f.inputs.values())}
    if signature not in fitting:
        raise ValueError(
            f"Expected signature to be one of {tuple(fitting)} in a LiteRT file. Received: signature={signature!r}"
        )
    return fitting[signature]


def calibration_batches(model: Any, function: Any, batch_size: int) -> list[dict[str, Any]]:
    """Batches of inputs from the model's own prior, from which the ranges of int8 activations are measured."""
    num = -(-CALIBRATION_SAMPLES // batch_size) * batch_size
    inputs = parity.sample_inputs(model, function.inputs, num, seed=CALIBRATION_SEED)
    starts = range(0, num, batch_size)
    return [{name: value[start : start + batch_size] for name, value in inputs.items()} for start in starts]


def convert(traced: Any, signature: str, quantization: str | None, calibration: list | None = None) -> bytes:
    """Converts a concrete function with a static batch size to the bytes of a LiteRT file.

    Args:
        traced: The concrete function, inputs and outputs named.
        signature: Name of the file's signature.
        quantization: One of `QUANTIZATIONS`.
        calibration: For `"int8"`: batches of inputs by name.

    Raises:
        ExportError: If the converter has no built-in op for an op of the graph; the message names it.
    """
    ops_set = tf.lite.OpsSet.TFLITE_BUILTINS_INT8 if quantization == "int8" else tf.lite.OpsSet.TFLITE_BUILTINS
    with tempfile.TemporaryDirectory() as folder:
        with clear_os_errors(folder, tf.errors.OpError):
            save({signature: traced}, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[signature])
        converter.target_spec.supported_ops = [ops_set]  # no Select TF ops: those need another, bigger runtime
        if quantization is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantization == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if quantization == "int8":
            converter.representative_dataset = lambda: ((signature, batch) for batch in calibration)
        try:
            # The converter writes its whole graph there when an op is missing, and calibrates with an interpreter that
            # warns of its own age.
            with quiet_stderr(), warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=r"\s*Warning: tf\.lite\.Interpreter is deprecated")
                return converter.convert()
        except Exception as error:  # its errors have no common class
            raise ExportError(_reason(str(error))) from error


def _reason(message: str) -> str:
    found = re.findall(r"^(?:TF Select|Custom) ops: (.+)$", message, flags=re.MULTILINE)
    names = sorted({name.strip() for line in found for name in line.split(",")})
    if not names:
        names = sorted(set(re.findall(r"'(tf\.\w+)' op", message)))
    if names:
        return _foreign(names)
    return f"Expected a network that LiteRT can run. Received from its converter: {message.strip().splitlines()[0]}"


def _foreign(names: list[str]) -> str:
    return (
        "Expected a network of ops that LiteRT has built in, without Flex (Select TF) and custom ops."
        f" Received: {', '.join(names)}. Nothing was written."
    )


def operators(content: bytes) -> tuple[str, ...]:
    """Names of the ops in a LiteRT file, in alphabetical order: built-in ones in capitals, others by their own name.

    Args:
        content: The file's bytes.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo.export import litert
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "dcgan.tflite")
    ...     report = model.export(path, format="litert")
    ...     with open(path, "rb") as file:
    ...         "TRANSPOSE_CONV" in litert.operators(file.read())
    True
    """
    return tuple(sorted(name for name, _ in _operator_codes(content)))


def refuse_foreign_ops(content: bytes) -> None:
    """Raises `ExportError` with the names of all Flex and custom ops in a LiteRT file, if it has any."""
    names = sorted(name for name, custom in _operator_codes(content) if custom)
    if names:
        raise ExportError(_foreign(names))


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
