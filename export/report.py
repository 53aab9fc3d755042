"""What an export wrote and how far it is from Keras: plain data, without TensorFlow."""

from __future__ import annotations

import dataclasses
from typing import Any


class ExportError(ValueError):
    """A model cannot be exported as asked: an op that the runtime lacks, or results that differ from Keras."""


@dataclasses.dataclass(frozen=True)
class Parity:
    """How far the results of an exported signature are from those of Keras on the same inputs.

    Errors of images are in units of the pixel range [0, 1], whatever the file's dtype: one grey level of a `uint8`
    image is 1/255. Errors of other outputs (a VAE's `z_mean`) are divided by the largest magnitude of the expected
    output where that is above 1.

    Args:
        max_error: Largest absolute error over all elements of all outputs.
        mean_error: Mean absolute error over all elements of all outputs.
        num_samples: Number of inputs that were compared.
        dtype: dtype of the signature's first output.

    Example:

    >>> from keras_genzoo.export import Parity
    >>> Parity(max_error=1e-6, mean_error=2e-7, num_samples=16, dtype="float32").max_error
    1e-06
    """

    max_error: float
    mean_error: float
    num_samples: int
    dtype: str


@dataclasses.dataclass(frozen=True)
class ExportReport:
    """What an export wrote.

    Args:
        path: The file or folder, as the caller named it.
        format: `"saved_model"`, `"litert"` or `"web"`.
        quantization: `None` (float32), `"float16"` or `"int8"`.
        files: Paths of the files, relative to `path` for a folder; the file's own name for a single file.
        sizes: Bytes of each file in `files`.
        signatures: Signature name -> `{"inputs": {name: (dtype, shape)}, "outputs": {name: (dtype, shape)}}`; an axis
            of free length is `None`.
        parity: Signature name -> `Parity`.

    Example:

    >>> from keras_genzoo.export import ExportReport
    >>> report = ExportReport("a.tflite", "litert", None, ("a.tflite",), {"a.tflite": 1024}, {}, {})
    >>> report.size
    1024
    """

    path: str
    format: str
    quantization: str | None
    files: tuple[str, ...]
    sizes: dict[str, int]
    signatures: dict[str, dict[str, dict[str, tuple[str, tuple[int | None, ...]]]]]
    parity: dict[str, Parity]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(self.sizes.values())

    @property
    def max_error(self) -> float:
        """Largest error of any signature (0.0 where nothing was compared)."""
        return max((parity.max_error for parity in self.parity.values()), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as plain dicts, tuples and numbers, ready for JSON."""
        return dataclasses.asdict(self)
