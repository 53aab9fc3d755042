"""OpenVINO: a pair of files (`.xml` and `.bin`) for Intel's runtime."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_genzoo.utils.atomic import remove

from ._files import check_target, clear_os_errors, temporary_sibling
from ._single import check_file_options, compare_with_keras, require, traced_signature
from .inputs import BLANK, allowed_values
from .report import ExportError, ExportReport
from .runners import Runner
from .signatures import describe


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
    """Writes one signature of a model as OpenVINO files, and compares them with Keras in that runtime.

    Inputs and outputs have the names of the signature; `_out` is appended to the name of an output that equals the name
    of an input (`image_out`). The batch size is free, the weights are float32, and the comparison is computed in
    float32. By default the runtime computes in bfloat16 on processors with instructions for it; for float32 results,
    pass `INFERENCE_PRECISION_HINT="f32"` to `compile_model`. OpenVINO's usage statistics are off during the export.
    Needs the extra `openvino`.

    Args:
        model: A model of the zoo.
        path: The file of the graph; ends in `.xml`. The weights are written to a file with the suffix `.bin`.
        overwrite: Whether existing files are replaced. They stay until the new ones are complete.
        signature: Name of a signature in `model.export_functions()`. Signatures with random numbers, image files or
            scalar inputs are not supported.
        image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255.
        tolerance: Largest allowed error against Keras, in [0, 1] pixels, above 0.
        num_samples: Number of inputs in the comparison with Keras, at least 1.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: If an option's value is not valid, or `path` does not end in `.xml`.
        ImportError: If a package of the extra is not installed.
        ExportError: If the network has an op that OpenVINO lacks, or the results differ by more than `tolerance`.
        FileExistsError: If one of the files exists and `overwrite` is `False`.
        OSError: If `path` cannot be written.

    Example:

    ```python
    report = model.export("dcgan.xml", format="openvino")
    images = openvino.Core().compile_model("dcgan.xml", "CPU")({"z": z})["image"]
    ```
    """
    check_file_options(path, ".xml", image_dtype, tolerance, num_samples)
    required_openvino()
    with replacing_pair(path, overwrite) as temporary:
        function, traced = traced_signature(model, signature, image_dtype, "an OpenVINO file")
        converted = convert(traced)
        with clear_os_errors(path, RuntimeError):
            save(converted, temporary)
        result = compare_with_keras(signature, function, openvino_runner(temporary), num_samples, tolerance)
        files = (temporary, temporary.with_suffix(".bin"))
        sizes = {file.name: file.stat().st_size for file in files}
    described = {signature: describe(traced)}
    further = dict(allowed={signature: allowed_values(function)}, outside=BLANK)
    return ExportReport(
        os.fspath(path), "openvino", None, tuple(sizes), sizes, described, {signature: result}, **further
    )


def required_openvino() -> Any:
    """The package, imported without sending usage statistics."""
    with without_statistics():
        return require("openvino", "openvino")[0]


@contextlib.contextmanager
def without_statistics() -> Iterator[None]:
    """A context in which OpenVINO sends no usage statistics, as it would when it is imported and converts a model.

    It sends none in continuous integration, which it recognizes by the environment variable `CI`. The command
    `opt_in_out --opt_out` of OpenVINO turns them off for all programs of a user.
    """
    before = os.environ.get("CI")
    os.environ["CI"] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ["CI"]
        else:
            os.environ["CI"] = before


def convert(traced: Any) -> Any:
    """Converts a concrete function to an `openvino.Model`.

    Raises:
        ExportError: If OpenVINO lacks an op of the graph; the message is that of the converter.
    """
    openvino = required_openvino()
    try:
        with without_statistics():
            converted = openvino.convert_model(traced)
    except Exception as error:  # the package has no common class of errors
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ExportError(
            "Expected a network that OpenVINO can express. Received from its converter:"
            f" {lines[-1] if lines else type(error).__name__}. Nothing was written."
        ) from error
    # A tensor has the names of all operations that pass it on; one of them is the name in the signature.
    for ports, wanted in (
        (converted.inputs, traced.structured_input_signature[1]),
        (converted.outputs, traced.structured_outputs),
    ):
        for port in ports:
            port.tensor.set_names(port.get_names() & set(wanted))
    return converted


def save(converted: Any, path: Path) -> None:
    """Writes the graph of an `openvino.Model` to `path`, and its weights in float32 to the `.bin` file beside it."""
    openvino = required_openvino()
    openvino.save_model(converted, os.fspath(path), compress_to_fp16=False)


@functools.cache
def shared_core() -> Any:
    """The `openvino.Core` of this process, which is never deleted.

    While a core is in use, OpenVINO has a stack for signal handlers of its own in place of Python's, and puts back the
    former one when the core is deleted. Of two cores, it thus ends with the stack of the one that was deleted first,
    and the next Ctrl-C is a crash.
    """
    return required_openvino().Core()


def openvino_runner(path: str | os.PathLike, **properties: Any) -> Runner:
    """Returns a runner for an OpenVINO file, on the CPU in float32.

    Args:
        path: The `.xml` file.
        **properties: Further properties of the compiled model, such as `PERFORMANCE_HINT="LATENCY"`.
    """
    properties = {"INFERENCE_PRECISION_HINT": "f32", **properties}
    core = shared_core()
    read = core.read_model(os.fspath(path))
    names = [output.get_any_name() for output in read.outputs]  # the compiled model has further names
    request = core.compile_model(read, "CPU", properties).create_infer_request()

    def run(inputs):
        results = request.infer(inputs)
        return {name: results[name].copy() for name in names}  # the next call overwrites the results

    return run


@contextlib.contextmanager
def replacing_pair(path: str | os.PathLike, overwrite: bool) -> Iterator[Path]:
    """Like `replacing`, for a graph and its weights: yields the path of the graph in a temporary folder.

    Args:
        path: The file of the graph; the weights lie beside it.
        overwrite: Whether existing files may be replaced.

    Raises:
        FileExistsError: If one of the files exists and may not be replaced.
        OSError: If they cannot be written.
    """
    graph = Path(os.path.realpath(path))
    targets = {os.fspath(path): graph, os.fspath(Path(path).with_suffix(".bin")): graph.with_suffix(".bin")}
    for name, target in targets.items():
        check_target(name, target, overwrite, "file")
    with temporary_sibling(path, graph) as folder:
        with clear_os_errors(path):
            folder.mkdir()
        yield folder / graph.name
        for name, target in targets.items():
            check_target(name, target, overwrite, "file")
        with clear_os_errors(path):
            exchange(folder, *targets.values())


def exchange(folder: Path, graph: Path, weights: Path) -> None:
    """Moves the new files in `folder` to `graph` and `weights`; after an error, the old files are put back.

    Two files cannot be renamed at once. So the old graph is moved first and the new graph last: a reader finds a graph
    with its weights, or for a moment no graph.
    """
    old = folder / "old"
    old.mkdir()
    aside, placed = [], []
    try:
        for file in (graph, weights):
            if file.exists():
                os.rename(file, old / file.name)
                aside.append(file)
        for file in (weights, graph):
            os.rename(folder / file.name, file)
            placed.append(file)
    except BaseException:
        for file in placed:
            remove(file)
        for file in reversed(aside):
            os.rename(old / file.name, file)
        raise
