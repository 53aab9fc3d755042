"""Shared by ONNX and OpenVINO: files with one signature each, written with optional packages."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from . import parity
from .inputs import blanking
from .signatures import check_options, concrete_function, export_source, portable_function


def require(extra: str, *packages: str) -> list[Any]:
    """Imports and returns the packages of an optional extra.

    Raises:
        ImportError: If a package is missing; the message names it and the extra.
    """
    modules = []
    for package in packages:
        try:
            modules.append(importlib.import_module(package))
        except ImportError as error:
            raise ImportError(
                f"Expected {package}, which format {extra!r} needs: pip install 'keras-genzoo[{extra}]'."
                f" Received: {error}. Nothing was written."
            ) from error
    return modules


def check_file_options(
    path: str | os.PathLike, suffix: str, image_dtype: str, tolerance: float, num_samples: int
) -> None:
    """Raises `ValueError` unless the options are valid and the path has the format's suffix."""
    check_options(image_dtype=image_dtype, tolerance=tolerance, num_samples=num_samples)
    if Path(path).suffix != suffix:
        raise ValueError(f"Expected a path that ends in {suffix}. Received: path={os.fspath(path)!r}")


def traced_signature(model: Any, signature: str, image_dtype: str, file: str) -> tuple[Any, Any]:
    """The `ExportFunction` of a signature, in float32, and its concrete function with a free batch size."""
    function = portable_function(export_source(model), image_dtype, signature, file)
    function = with_unique_names(function)
    return function, concrete_function(blanking(function))


def with_unique_names(function: Any) -> Any:
    """The `ExportFunction` with `_out` appended to the name of each output that has the name of an input.

    In these formats, the names of all tensors of a graph must differ.
    """
    names = {name: f"{name}_out" if name in function.inputs else name for name in function.outputs}

    def renamed(**inputs):
        return {names[name]: value for name, value in function.function(**inputs).items()}

    return function._replace(function=renamed, outputs=tuple(names.values()))


def compare_with_keras(signature: str, function: Any, runner: Any, num_samples: int, tolerance: float) -> Any:
    """Compares a file with Keras on one sample and on `num_samples`, because the batch size must be free."""
    parity.check(signature, function, runner, 1, tolerance)
    return parity.check(signature, function, runner, num_samples, tolerance)
