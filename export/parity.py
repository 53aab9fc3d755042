"""Comparison of an exported file, in its own runtime, with Keras on the same inputs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from keras_genzoo.families.exporting import sample_inputs

from .report import ExportError, Parity
from .runners import Runner

GREY_LEVEL = 1 / 255


def decoded(files: np.ndarray) -> np.ndarray:
    """Pixels of PNG files of one size: object array of bytes `(n,)` -> uint8 `(n, height, width[, channels])`."""
    return np.stack([np.asarray(Image.open(io.BytesIO(file))) for file in files])


def compare(expected: Mapping[str, Any], received: Mapping[str, Any], num_samples: int) -> Parity:
    """Compares two sets of named outputs.

    Args:
        expected: Output name -> array, computed by Keras.
        received: Output name -> array, computed by the exported file.
        num_samples: Number of inputs, which is stored in the result.

    Returns:
        A `Parity`.

    Raises:
        ExportError: If names, shapes or dtypes differ.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.export.parity import compare
    >>> compare({"image": np.zeros((1, 2))}, {"image": np.array([[0.0, 0.5]])}, num_samples=1).mean_error
    0.25
    """
    if set(expected) != set(received):
        raise ExportError(f"Expected outputs {sorted(expected)} from the exported file. Received: {sorted(received)}")
    errors = []
    for name, value in expected.items():
        value, other = np.asarray(value), np.asarray(received[name])
        if value.dtype.hasobject and other.dtype.hasobject:  # image files: compare their pixels
            value, other = decoded(value), decoded(other)
        if (value.shape, value.dtype) != (other.shape, other.dtype):
            raise ExportError(
                f"Expected output {name!r} of shape {value.shape} and dtype {value.dtype} from the exported file."
                f" Received: {other.shape} and {other.dtype}"
            )
        error = np.abs(value.astype("float64") - other.astype("float64"))
        if value.dtype == np.uint8:
            error *= GREY_LEVEL
        elif name != "image":
            error /= max(1.0, float(np.abs(value).max()))
        errors.append(error.ravel())
    errors = np.concatenate(errors)
    rms = float(np.sqrt(np.mean(errors**2)))
    dtype = np.asarray(next(iter(expected.values()))).dtype
    dtype = "string" if dtype.hasobject else str(dtype)
    return Parity(float(errors.max()), float(errors.mean()), rms, int(num_samples), dtype)


def check(
    name: str,
    function: Any,
    runner: Runner,
    num_samples: int,
    tolerance: float | None,
    mean_tolerance: float | None = None,
    images: np.ndarray | None = None,
) -> Parity:
    """Compares one signature of an exported file with Keras, on the sample values of its inputs.

    Args:
        name: Name of the signature.
        function: The `ExportFunction` that was exported, in float32.
        runner: Calls the signature in the file: inputs by name -> outputs by name.
        num_samples: Number of inputs.
        tolerance: Largest allowed error, in [0, 1] pixels. `uint8` outputs and PNG files may differ by one grey level
            more, because rounding can turn a tiny difference into a whole level. `None`: errors are only reported.
        mean_tolerance: Largest allowed mean error; `None`: any.
        images: Images from which image inputs are drawn: see `sample_inputs`.

    Returns:
        A `Parity`.

    Raises:
        ExportError: If an error is above its tolerance or non-finite.
    """
    inputs = sample_inputs(function, num_samples, images=images)
    parity = compare(function.compute(inputs), runner(inputs), num_samples)
    limit = np.inf if tolerance is None else tolerance + (GREY_LEVEL if parity.dtype in ("uint8", "string") else 0.0)
    if not (parity.max_error <= limit and np.isfinite(parity.max_error)):
        raise ExportError(
            f"Expected signature {name!r} of the exported file to agree with Keras within {limit:.2g} of the pixel"
            f" range. Received: a maximal error of {parity.max_error:.2g}. Nothing was written."
        )
    if mean_tolerance is not None and parity.mean_error > mean_tolerance:
        raise ExportError(
            f"Expected signature {name!r} of the exported file to agree with Keras within {mean_tolerance:.2g} of the"
            f" pixel range on average. Received: a mean error of {parity.mean_error:.2g}. Nothing was written."
        )
    return parity
