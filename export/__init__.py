"""Export of a trained model to files that run without this package.

`"saved_model"` is for servers (TensorFlow Serving, KServe), `"litert"` for phones and boards, `"web"` for browsers: a
page that runs the model, `"onnx"` and `"openvino"` for the runtimes of these names. Every file is compared with Keras
before it takes its place.
"""

from __future__ import annotations

import importlib
import inspect
import os
from contextlib import nullcontext
from typing import Any

from keras_genzoo.progress import status
from keras_genzoo.registry import nearest

from .benchmark import Latency, latency
from .report import ExportError, ExportReport, Parity, Quality, Variant

__all__ = [
    "FORMATS",
    "ExportError",
    "ExportReport",
    "Latency",
    "Parity",
    "Quality",
    "Variant",
    "export_model",
    "export_quality",
    "latency",
]

FORMATS = ("saved_model", "litert", "web", "onnx", "openvino")  # each is the name of the module here that writes it


def __getattr__(name: str) -> Any:
    if name == "export_quality":  # loaded when it is first used, because it brings the metrics
        return importlib.import_module(".quality", __package__).export_quality
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def export_model(model: Any, path: str | os.PathLike, format: str = "saved_model", **options: Any) -> ExportReport:
    """Writes a model to a file or folder that runs without this package, and compares it with Keras.

    The export is computed in float32, whatever the model's own policy; pixels are converted inside the graph, so the
    user of the file sees images in [0, 1] (or bytes, with `image_dtype="uint8"`). The file appears when it is
    complete and checked: a failed export leaves what was there.

    Args:
        model: A model of the zoo.
        path: A folder for `"saved_model"` and `"web"`; a file that ends in `.tflite` for `"litert"`, in `.onnx` for
            `"onnx"`, in `.xml` for `"openvino"`.
        format: One of `FORMATS`.
        **options: Options of the format; see `write` in the module of its name, such as
            `keras_genzoo.export.saved_model.write`. All take `overwrite` (default `False`), `tolerance` (default 1e-3)
            and `num_samples` (default 16).

    Returns:
        An `ExportReport`: files, sizes, signatures and errors.

    Raises:
        ValueError: If the format, an option or its value is unknown.
        ExportError: If an op of the model has no place in the format, or the file's results differ from Keras by more
            than `tolerance`. A subclass of `ValueError`.
        FileExistsError: If something stands at `path` and `overwrite` is off.
        OSError: If `path` cannot be written.
        ImportError: If the format needs a package that is not installed; the message names the extra.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo.export import export_model
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = export_model(model, os.path.join(folder, "tiny.tflite"), format="litert", measure=False)
    >>> report.files, report.max_error < 1e-3
    (('tiny.tflite',), True)
    """
    if format not in FORMATS:
        raise ValueError(
            f"Expected the name of an export format; {nearest(format, FORMATS)} Received: format={format!r}"
        )
    write = importlib.import_module(f".{format}", __package__).write
    valid = [name for name, p in inspect.signature(write).parameters.items() if p.kind is p.KEYWORD_ONLY]
    for name in options:
        if name not in valid:
            raise ValueError(
                f"Expected options that format {format!r} takes; {nearest(name, valid)}"
                f" Received: {name}={options[name]!r}"
            )
    with status(f"Exporting to {format}") if format in ("saved_model", "onnx", "openvino") else nullcontext():
        return write(model, path, **options)  # the others say themselves what they are doing
