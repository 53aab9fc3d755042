"""ONNX: a file for ONNX Runtime and other runtimes that read the format."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path
from typing import Any

import tensorflow as tf

from ._files import replacing, write_bytes
from ._single import check_file_options, compare_with_keras, require, traced_signature
from .inputs import BLANK, allowed_values
from .report import ExportError, ExportReport
from .runners import Runner
from .signatures import describe

OPSET = 18  # of March 2023, supported by the runtimes of recent years
PACKAGES = ("onnx", "tf2onnx", "onnxruntime")


def write(
    model: Any,
    path: str | os.PathLike,
    *,
    overwrite: bool = False,
    signature: str = "serving_default",
    image_dtype: str = "float32",
    tolerance: float = 1e-3,
    num_samples: int = 16,
) -> ExportReport:
    """Writes one signature of a model as an ONNX file, and compares it with Keras in ONNX Runtime.

    Inputs and outputs have the names of the signature; `_out` is appended to the name of an output that equals the name
    of an input (`image_out`). The batch size is free. The graph of the signature is converted by tf2onnx, which
    `keras.Model.export` uses too. Needs the extra `onnx`.

    Args:
        model: A model of the zoo.
        path: The file; ends in `.onnx`.
        overwrite: Whether an existing file is replaced. It stays until the new one is complete.
        signature: Name of a signature in `model.export_functions()`. Signatures with random numbers, image files or
            scalar inputs are not supported.
        image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255.
        tolerance: Largest allowed error against Keras, in [0, 1] pixels, above 0.
        num_samples: Number of inputs in the comparison with Keras, at least 1.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: If an option's value is not valid, or `path` does not end in `.onnx`.
        ImportError: If a package of the extra is not installed.
        ExportError: If the network has an op that ONNX lacks, or the results differ by more than `tolerance`.
        FileExistsError: If `path` exists and `overwrite` is `False`.
        OSError: If `path` cannot be written.

    Example:

    ```python
    report = model.export("dcgan.onnx", format="onnx")
    images = onnxruntime.InferenceSession("dcgan.onnx").run(["image"], {"z": z})[0]
    ```
    """
    check_file_options(path, ".onnx", image_dtype, tolerance, num_samples)
    require("onnx", *PACKAGES)
    with replacing(path, overwrite, "file") as temporary:
        function, traced = traced_signature(model, signature, image_dtype, "an ONNX file")
        content = convert(traced, signature)
        write_bytes(path, temporary, content)
        result = compare_with_keras(signature, function, onnx_runner(temporary), num_samples, tolerance)
    name, described = Path(path).name, {signature: describe(traced)}
    sizes = {name: len(content)}
    further = dict(allowed={signature: allowed_values(function)}, outside=BLANK)
    return ExportReport(os.fspath(path), "onnx", None, (name,), sizes, described, {signature: result}, **further)


def convert(traced: Any, signature: str) -> bytes:
    """Converts a concrete function to the bytes of an ONNX file.

    Args:
        traced: The concrete function, with named inputs and outputs.
        signature: Name of the graph in the file.

    Raises:
        ExportError: If ONNX lacks an op of the graph; the message is that of the converter.
    """
    tf2onnx, onnx = require("onnx", "tf2onnx", "onnx")
    specs = list(traced.structured_input_signature[1].values())

    def by_position(*inputs):
        return traced(**{spec.name: value for spec, value in zip(specs, inputs, strict=True)})

    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # the message of the error is enough
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # users cannot act on what the converter warns of
            function = tf.function(by_position, autograph=False)
            model, _ = tf2onnx.convert.from_function(function, input_signature=specs, opset=OPSET)
    except Exception as error:  # the package has no common class of errors
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ExportError(
            f"Expected a network that ONNX can express. Received from its converter: {reason}. Nothing was written."
        ) from error
    finally:
        logger.setLevel(level)
    foreign = sorted({node.op_type for node in model.graph.node if not onnx.defs.has(node.op_type, node.domain)})
    if foreign:  # the converter copies ops that it does not know
        raise ExportError(
            f"Expected a network that ONNX can express. Received the ops: {', '.join(foreign)}. Nothing was written."
        )
    model.graph.name = signature
    for value in (*model.graph.input, *model.graph.output):
        side = value.type.tensor_type.shape.dim[0]
        side.Clear()
        side.dim_param = "batch"
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def onnx_runner(path: str | os.PathLike, threads: int = 0) -> Runner:
    """Returns a runner for an ONNX file in ONNX Runtime, on the CPU.

    Args:
        path: The file.
        threads: Threads of the runtime; 0: the runtime's default.

    Raises:
        ExportError: If the runtime cannot load the file.
    """
    (onnxruntime,) = require("onnx", "onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors
    try:
        session = onnxruntime.InferenceSession(os.fspath(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the package has no common class of errors
        reason = str(error).strip().splitlines()[0]
        raise ExportError(
            f"Expected a file that ONNX Runtime loads. Received: {reason}. Nothing was written."
        ) from error
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))
