"""SavedModel: for TensorFlow Serving and every other program that loads TensorFlow's own format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import tensorflow as tf

from . import parity
from ._files import clear_os_errors, replacing
from .report import ExportReport
from .signatures import check_options, concrete, describe, export_source


def write(
    model: Any,
    path: str | os.PathLike,
    *,
    overwrite: bool = False,
    image_dtype: str = "float32",
    tolerance: float = 1e-3,
    num_samples: int = 16,
) -> ExportReport:
    """Writes a SavedModel that holds every signature of `model.export_functions()`, and compares each with Keras.

    The folder loads in a process without Keras and without this package. It holds the weights that the signatures read
    and nothing else: no discriminator, no optimizer, no gradients. The batch size is free.

    Args:
        model: A model of the zoo.
        path: The folder. TensorFlow Serving wants an integer as its last part: `"serving/dcgan/1"`.
        overwrite: Whether a SavedModel at `path` is replaced. The old one stays until the new one is complete. A folder
            that is not empty and holds no SavedModel is never replaced.
        image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255, at inputs and outputs. `generate` always
            gives `uint8`.
        tolerance: Largest error against Keras, in [0, 1] pixels, above 0; see `keras_genzoo.export.parity.check`.
        num_samples: Number of inputs that are compared, at least 1.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: If an option's value is not valid, or `path` ends like a file of another format.
        ExportError: If the results differ from Keras by more than `tolerance`.
        FileExistsError: If something stands at `path` that may not be replaced.
        OSError: If `path` cannot be written.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo.export import saved_model
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = saved_model.write(model, os.path.join(folder, "dcgan", "1"))
    >>> list(report.signatures)
    ['serving_default', 'generate']
    """
    check_options(image_dtype=image_dtype, tolerance=tolerance, num_samples=num_samples)
    if Path(path).suffix in (".tflite", ".keras", ".h5", ".onnx"):
        raise ValueError(f"Expected the path of a folder for a SavedModel. Received: path={os.fspath(path)!r}")
    with replacing(path, overwrite, "folder") as temporary:
        source = export_source(model)
        functions = source.export_functions(image_dtype)
        signatures = {name: concrete(function) for name, function in functions.items()}
        with clear_os_errors(path, tf.errors.OpError):
            save(signatures, temporary)
        loaded = tf.saved_model.load(str(temporary))
        results = {}
        for name, function in functions.items():
            runner = parity.saved_model_runner(loaded, name)
            results[name] = parity.check(model, name, function, runner, num_samples, tolerance)
        files = sorted(file for file in temporary.rglob("*") if file.is_file())
        sizes = {file.relative_to(temporary).as_posix(): file.stat().st_size for file in files}
    described = {name: describe(signature) for name, signature in signatures.items()}
    return ExportReport(os.fspath(path), "saved_model", None, tuple(sizes), sizes, described, results)


def save(signatures: dict[str, Any], path: str | os.PathLike) -> None:
    """Saves concrete functions as the named signatures of a SavedModel, with the variables that they read.

    Args:
        signatures: Signature name -> concrete function.
        path: The folder.
    """
    module = tf.Module()
    # The variables in the order in which a graph reads them, each once: the graphs say best what belongs in the file.
    module.variables_read = list({id(v): v for f in signatures.values() for v in f.graph.variables}.values())
    module.functions = list(signatures.values())
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(module, os.fspath(path), signatures=signatures, options=options)
