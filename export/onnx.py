"""ONNX: one file for ONNX Runtime and the many other runtimes that read the format."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path
from typing import Any

import tensorflow as tf

from ._files import replacing, write_bytes
from ._single import check_path, compare, need, traced_signature
from .report import ExportError, ExportReport
from .runners import Runner
from .signatures import describe

OPSET = 18  # of March 2023: what runtimes of the last years read
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

    Inputs and outputs bear the names of the signature, but an output that is called like an input has `_out` behind its
    name (`image` to `image_out`). The batch size is free. The graph is that of the SavedModel's signature, converted by
    tf2onnx, as `keras.Model.export` does it for a whole model. Needs the extra `onnx`.

    Args:
        model: A model of the zoo.
        path: The file; ends in `.onnx`.
        overwrite: Whether a file at `path` is replaced. The old one stays until the new one is complete.
        signature: Which of `model.export_functions()`; those with random numbers, files of pictures or scalar inputs
            have no place in the file.
        image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255.
        tolerance: Largest error against Keras, in [0, 1] pixels, above 0.
        num_samples: Number of inputs that are compared, at least 1.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: If an option's value is not valid, or `path` does not end in `.onnx`.
        ImportError: If a package of the extra is missing.
        ExportError: If the network needs an op that ONNX does not have, or the results differ by more than `tolerance`.
        FileExistsError: If a file stands at `path` and `overwrite` is off.
        OSError: If `path` cannot be written.

    Example:

    ```python
    report = model.export("dcgan.onnx", format="onnx")
    images = onnxruntime.InferenceSession("dcgan.onnx").run(["image"], {"z": z})[0]
    ```
    """
    check_path(path, ".onnx", image_dtype, tolerance, num_samples)
    need("onnx", *PACKAGES)
    with replacing(path, overwrite, "file") as temporary:
        function, traced = traced_signature(model, signature, image_dtype, "an ONNX file")
        content = convert(traced, signature)
        write_bytes(path, temporary, content)
        result = compare(model, signature, function, onnx_runner(temporary), num_samples, tolerance)
    name, described = Path(path).name, {signature: describe(traced)}
    sizes = {name: len(content)}
    return ExportReport(os.fspath(path), "onnx", None, (name,), sizes, described, {signature: result})


def convert(traced: Any, signature: str) -> bytes:
    """Converts a concrete function to the bytes of an ONNX file.

    Args:
        traced: The concrete function, inputs and outputs named.
        signature: Name of the graph in the file.

    Raises:
        ExportError: If an op of the graph has no counterpart; the message is the converter's.
    """
    tf2onnx, onnx = need("onnx", "tf2onnx", "onnx")
    specs = list(traced.structured_input_signature[1].values())

    def by_position(*inputs):
        return traced(**{spec.name: value for spec, value in zip(specs, inputs, strict=True)})

    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # the error that is raised says it all
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a converter about NumPy and TensorFlow: nothing that a user can act on
            function = tf.function(by_position, autograph=False)
            model, _ = tf2onnx.convert.from_function(function, input_signature=specs, opset=OPSET)
    except Exception as error:  # its errors have no common class
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ExportError(
            f"Expected a network that ONNX can express. Received from its converter: {reason}. Nothing was written."
        ) from error
    finally:
        logger.setLevel(level)
    foreign = sorted({node.op_type for node in model.graph.node if not onnx.defs.has(node.op_type, node.domain)})
    if foreign:  # the converter hands on what it does not know
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
    """Returns a runner for an ONNX file: inputs by name -> outputs by name, in ONNX Runtime on the CPU.

    Args:
        path: The file.
        threads: Threads of the runtime; 0 leaves it to the runtime.

    Raises:
        ExportError: If the runtime refuses the file.
    """
    (onnxruntime,) = need("onnx", "onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors
    try:
        session = onnxruntime.InferenceSession(os.fspath(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common class
        reason = str(error).strip().splitlines()[0]
        raise ExportError(
            f"Expected a file that ONNX Runtime loads. Received: {reason}. Nothing was written."
        ) from error
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))
