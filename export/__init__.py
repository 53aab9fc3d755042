"""Export of trained models to files that run without this package.

Formats: `"saved_model"` for servers (TensorFlow Serving, KServe), `"litert"` for phones and boards, `"web"` for a page
that runs the model in the browser, `"onnx"` and `"openvino"` for these runtimes. Each file is compared with Keras
before it is moved to its path.
"""

from __future__ import annotations

import importlib
import inspect
import os
from contextlib import nullcontext
from typing import Any

import numpy as np

from keras_genzoo.utils.progress import status
from keras_genzoo.utils.text import nearest

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

# Names of the modules here, each with a function `write`.
FORMATS = ("saved_model", "litert", "web", "onnx", "openvino")


def __getattr__(name: str) -> Any:
    if name == "export_quality":  # loaded on first use, because it imports the metrics
        return importlib.import_module(".quality", __package__).export_quality
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def export_model(model: Any, path: str | os.PathLike, format: str = "saved_model", **options: Any) -> ExportReport:
    """Exports a model to a file or folder that runs without this package, and compares it with Keras.

    The exported graph computes in float32, whatever the policy of the model. It converts pixels itself, so images are
    in [0, 1], or in 0..255 with `image_dtype="uint8"`. A failed export leaves existing files unchanged.

    Args:
        model: A model of the zoo.
        path: A folder for `"saved_model"` and `"web"`, a `.tflite` file for `"litert"`, an `.onnx` file for `"onnx"`,
            an `.xml` file for `"openvino"`.
        format: One of `FORMATS`.
        **options: Options of the format: see `write` in its module, for example
            `keras_genzoo.export.saved_model.write`. All formats have `overwrite` (default `False`), `tolerance`
            (default 1e-3) and `num_samples` (default 16). All but `"web"` take a value of a condition, such
            as `labels=3` or `labels="cat"`: the files then generate images of this class alone, and have no such input.

    Returns:
        An `ExportReport`: files, sizes, signatures and errors.

    Raises:
        ValueError: If the format, an option or its value is unknown.
        ExportError: If the format does not support an op of the model, or the results differ from Keras by more than
            `tolerance`. A subclass of `ValueError`.
        FileExistsError: If `path` exists and `overwrite` is `False`.
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
    if format in getattr(model, "unsupported_formats", ()):
        raise ExportError(
            f"Expected another format than {format!r}: the graph of {model.model_name} has no form in it. "
            f"Received: format={format!r}"
        )
    write = importlib.import_module(f".{format}", __package__).write
    asked = {each.name for each in getattr(model, "conditions", ())} & set(options)
    if asked and format == "web":
        raise ValueError(
            f"Expected no {', '.join(sorted(asked))}: visitors of a page choose. Received: {sorted(asked)[0]}="
            f"{np.asarray(options[sorted(asked)[0]]).tolist()!r}"
        )
    if asked:
        from .signatures import with_conditions

        model = with_conditions(model, {name: options.pop(name) for name in asked})
    valid = [name for name, p in inspect.signature(write).parameters.items() if p.kind is p.KEYWORD_ONLY]
    for name in options:
        if name not in valid:
            raise ValueError(
                f"Expected options that format {format!r} takes; {nearest(name, valid)}"
                f" Received: {name}={options[name]!r}"
            )
    from keras_genzoo.utils.keras_settings import standard_settings  # imports Keras

    shown = status(f"Exporting to {format}") if format in ("saved_model", "onnx", "openvino") else nullcontext()
    with standard_settings(dtype_policy="float32"), shown:  # the other formats show their own status
        return write(model, path, **options)
