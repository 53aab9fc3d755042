"""What the formats of one signature a file share, whose runtimes are optional: ONNX and OpenVINO."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from . import parity
from .signatures import check_options, choose, concrete, export_source


def need(extra: str, *packages: str) -> list[Any]:
    """Imports the packages of an optional extra.

    Raises:
        ImportError: If one is missing; the message names it and the extra.
    """
    found = []
    for package in packages:
        try:
            found.append(importlib.import_module(package))
        except ImportError as error:
            raise ImportError(
                f"Expected {package}, which format {extra!r} needs: pip install 'keras-genzoo[{extra}]'."
                f" Received: {error}. Nothing was written."
            ) from error
    return found


def check_path(path: str | os.PathLike, suffix: str, image_dtype: str, tolerance: float, num_samples: int) -> None:
    """Raises `ValueError` unless the options are valid and the path has the format's suffix."""
    check_options(image_dtype=image_dtype, tolerance=tolerance, num_samples=num_samples)
    if Path(path).suffix != suffix:
        raise ValueError(f"Expected a path that ends in {suffix}. Received: path={os.fspath(path)!r}")


def traced_signature(model: Any, signature: str, image_dtype: str, file: str) -> tuple[Any, Any]:
    """The `ExportFunction` of this name of the float32 copy, and its graph with a free batch size."""
    function = distinct(choose(export_source(model).export_functions(image_dtype), signature, file))
    return function, concrete(function)


def distinct(function: Any) -> Any:
    """The `ExportFunction` with other names for outputs that are called like an input: `image` becomes `image_out`.

    These formats name every tensor of a graph once.
    """
    names = {name: f"{name}_out" if name in function.inputs else name for name in function.outputs}

    def renamed(**inputs):
        return {names[name]: value for name, value in function.function(**inputs).items()}

    return function._replace(function=renamed, outputs=tuple(names.values()))


def compare(model: Any, signature: str, function: Any, runner: Any, num_samples: int, tolerance: float) -> Any:
    """Compares a file with Keras on all samples, and on one alone: the batch size is to be free."""
    parity.check(model, signature, function, runner, 1, tolerance)
    return parity.check(model, signature, function, runner, num_samples, tolerance)
