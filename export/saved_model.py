"""SavedModel: for TensorFlow Serving and other programs that load the format of TensorFlow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_genzoo.utils.checks import check_choice

from . import parity, runners, versions
from . import warmup as warmups
from ._files import clear_os_errors, file_sizes, replacing
from .inputs import REFUSED, allowed_values, refusing
from .manifest import preset_facts, write_manifest
from .report import ExportError, ExportReport
from .signatures import check_options, describe, export_source, graph_nodes, trace

# Default tolerances: largest allowed errors against Keras in float32, in [0, 1] pixels. bfloat16 has 8 significant
# bits, so that its rounding can change pixels at edges by several grey levels.
TOLERANCES = {"float32": 1e-3, "bfloat16": 0.2}
# A wrong graph is wrong everywhere, rounding only at few edges: in bfloat16 the mean error has this smaller tolerance.
MEAN_SHARE = 1 / 20


def write(
    model: Any,
    path: str | os.PathLike,
    *,
    overwrite: bool = False,
    image_dtype: str = "float32",
    precision: str = "float32",
    warmup: bool | None = None,
    preset: str | os.PathLike | None = None,
    tolerance: float | None = None,
    num_samples: int = 16,
) -> ExportReport:
    """Writes a SavedModel with all signatures of `model.export_functions()`, and compares each with Keras.

    The folder loads in a process without Keras and without this package. It holds only the weights that the signatures
    read: no discriminator, no optimizer, no gradients. The batch size is free. The manifest `genzoo.json` in the folder
    states the model, its signatures with dtypes and shapes, and the measured errors.

    A server may poll the folder during the export: a new version is written under a name that is not a version, then
    renamed.

    Args:
        model: A model of the zoo.
        path: The folder of a version, whose name is a whole number (`"serving/dcgan/1"`), or the folder of the model
            (`"serving/dcgan"`), in which the next version is written: 1, or the highest version plus 1.
        overwrite: For the folder of a version: whether an existing SavedModel is replaced. For the folder of a model:
            whether the newest version is replaced instead of adding a version. The old version stays until the new one
            is complete, and is missing for the moment between two renames; a server does not reload a version that it
            has loaded. A folder with other files is never replaced.
        image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255, at inputs and outputs. `generate` always
            returns `uint8`.
        precision: `"float32"`, or `"bfloat16"`: networks compute in bfloat16, which is faster on processors with
            instructions for it (measured in docs/serving.md) and slower on others. Weights in the file, inputs and
            outputs keep their dtypes.
        warmup: Whether warm-up requests for a server are written, which needs the extra `serving`; `None`: if the extra
            is installed. The report states their number.
        preset: Name or folder of the preset from which the model was built; `genzoo.json` then names its data and
            licence.
        tolerance: Largest allowed error against Keras in float32, in [0, 1] pixels, above 0; see
            `keras_genzoo.export.parity.check`. `None`: 1e-3 for float32, and 0.2 for bfloat16, which has 8 significant
            bits. In bfloat16, the mean error must also be within a twentieth of it.
        num_samples: Number of inputs in the comparison with Keras, at least 1.

    Returns:
        An `ExportReport`; its `path` is the folder of the version.

    Raises:
        ValueError: If an option's value is not valid, or `path` has the suffix of another format.
        ExportError: If the results differ from Keras by more than `tolerance`, or if nothing in the model is computed
            in bfloat16 with `precision="bfloat16"` (the states of an RBM are drawn in float32).
        ImportError: If `warmup=True` and the extra is not installed.
        FileExistsError: If `path` exists and may not be replaced.
        OSError: If `path` cannot be written.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo.export import saved_model
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     reports = [saved_model.write(model, os.path.join(folder, "dcgan")) for _ in range(2)]
    >>> list(reports[0].signatures)
    ['serving_default', 'generate', 'generate_png', 'generate_png_bytes', 'interpolate']
    >>> [report.version for report in reports]
    [1, 2]
    """
    tolerance = check_write_options(path, image_dtype, precision, tolerance, num_samples)
    with_requests = warmups.wanted(warmup)
    place = versions.folder_to_write(path, overwrite)
    with replacing(place, overwrite, "folder") as temporary:
        expected = export_source(model).export_functions(image_dtype)
        origin = preset_facts(model, preset)
        functions = expected
        if precision != "float32":
            functions = export_source(model, precision).export_functions(image_dtype)
        signatures = trace(refusing(functions))
        described = {name: describe(signature) for name, signature in signatures.items()}
        if precision != "float32":
            refuse_without_half_precision(model, signatures)
        with clear_os_errors(place, tf.errors.OpError):
            save(signatures, temporary)
        mean_tolerance = None if precision == "float32" else MEAN_SHARE * tolerance
        results = compare_all(model, expected, temporary, num_samples, tolerance, mean_tolerance)
        with clear_os_errors(place, tf.errors.OpError):
            served_name = Path(os.path.abspath(place)).parent.name
            requests = warmups.write_requests(temporary, functions, served_name) if with_requests else 0
            allowed = {name: allowed_values(function) for name, function in functions.items()}
            facts = {**origin, "precision": precision, "image_dtype": image_dtype, "tolerance": tolerance}
            facts |= {"allowed": allowed, "outside": REFUSED}
            write_manifest(temporary, model, functions, described, results, **facts)
        sizes = file_sizes(temporary)
    further = dict(version=versions.version_of(place), precision=precision, warmup_requests=requests)
    further |= dict(allowed=allowed, outside=REFUSED)
    return ExportReport(os.fspath(place), "saved_model", None, tuple(sizes), sizes, described, results, **further)


def check_write_options(
    path: str | os.PathLike, image_dtype: str, precision: str, tolerance: float | None, num_samples: int
) -> float:
    """Raises `ValueError` unless the options are valid; returns the tolerance, by default that of `precision`."""
    check_choice(tuple(TOLERANCES), precision=precision)
    tolerance = TOLERANCES[precision] if tolerance is None else tolerance
    check_options(image_dtype=image_dtype, tolerance=tolerance, num_samples=num_samples)
    suffix = Path(path).suffix
    if suffix in (".tflite", ".keras", ".h5", ".onnx", ".xml"):
        other = {".tflite": "litert", ".onnx": "onnx", ".xml": "openvino"}.get(suffix)
        hint = f" (a {suffix} file needs format={other!r})" if other else ""
        raise ValueError(f"Expected the path of a folder for a SavedModel{hint}. Received: path={os.fspath(path)!r}")
    return tolerance


def compare_all(
    model: Any,
    functions: dict[str, Any],
    folder: Path,
    num_samples: int,
    tolerance: float,
    mean_tolerance: float | None,
) -> dict[str, parity.Parity]:
    """Loads a SavedModel and compares each of its signatures with Keras; see `keras_genzoo.export.parity.check`."""
    loaded = tf.saved_model.load(str(folder))
    results = {}
    for name, function in functions.items():
        runner = runners.saved_model_runner(loaded, name)
        results[name] = parity.check(name, function, runner, num_samples, tolerance, mean_tolerance)
    return results


def refuse_without_half_precision(model: Any, signatures: dict[str, Any]) -> None:
    """Raises `ExportError` if no graph has a bfloat16 tensor: the file would equal the float32 one."""
    for signature in signatures.values():
        values = (value for node in graph_nodes(signature) for value in node.attr.values())
        if any(value.type == tf.bfloat16.as_datatype_enum for value in values):
            return
    name = getattr(model, "model_name", type(model).__name__)
    raise ExportError(
        f"Expected precision='float32': nothing in {name} is computed in bfloat16. Received: precision='bfloat16'."
        " Nothing was written."
    )


def save(signatures: dict[str, Any], path: str | os.PathLike) -> None:
    """Saves concrete functions as the named signatures of a SavedModel, with the variables that they read.

    Args:
        signatures: Signature name -> concrete function.
        path: The folder.
    """
    module = tf.Module()
    # Each variable that a graph reads, once, in the order of the graphs.
    module.variables_read = list({id(v): v for f in signatures.values() for v in f.graph.variables}.values())
    module.functions = list(signatures.values())
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(module, os.fspath(path), signatures=signatures, options=options)
