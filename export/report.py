"""What an export wrote and how far it is from Keras: plain data, without TensorFlow."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from typing import Any

from ._files import replacing
from .benchmark import Latency


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
        rms_error: Root of the mean squared error over all elements of all outputs.
        num_samples: Number of inputs that were compared.
        dtype: dtype of the signature's first output.

    Example:

    >>> from keras_genzoo.export import Parity
    >>> Parity(max_error=0.03, mean_error=0.006, rms_error=0.01, num_samples=16, dtype="float32").psnr
    40.0
    """

    max_error: float
    mean_error: float
    rms_error: float
    num_samples: int
    dtype: str

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio in decibels; infinite where nothing differs."""
        return math.inf if self.rms_error == 0.0 else -20.0 * math.log10(self.rms_error)


@dataclasses.dataclass(frozen=True)
class Quality:
    """What an export costs in quality, in the features of a classifier.

    Args:
        features: Name of the feature extractor.
        num_images: Images that the model and the file made, from the same codes.
        distance: Frechet distance between those of the model and those of the file: 0 where they are the same.
        fid_before: Classifier FID of the model's images to the reference; `None` without a reference.
        fid_after: Classifier FID of the file's images to the reference; `None` without a reference.
        num_real: Images of the reference; `None` without one.
    """

    features: str
    num_images: int
    distance: float
    fid_before: float | None = None
    fid_after: float | None = None
    num_real: int | None = None


@dataclasses.dataclass(frozen=True)
class Variant:
    """One kind of LiteRT file of a signature, as measured.

    Args:
        quantization: `"float32"`, `"float16"`, `"dynamic"` or `"int8"`.
        size: Bytes of the file.
        arena: Bytes of memory that the tensors between the operators share, without weights; measured with the
            built-in kernels. A delegate such as XNNPACK keeps a copy of the weights beside it.
        latency: Number of threads -> `Latency`; empty where it was not measured.
        parity: `Parity` with Keras.
        marks: What is wrong with it: slower than float32, or a loss above the one allowed. Empty: nothing.
        problem: Why there is no such file; then all else is empty.
    """

    quantization: str
    size: int = 0
    arena: int = 0
    latency: dict[int, Latency] = dataclasses.field(default_factory=dict)
    parity: Parity | None = None
    marks: tuple[str, ...] = ()
    problem: str | None = None


@dataclasses.dataclass(frozen=True)
class ExportReport:
    """What an export wrote.

    Args:
        path: The file, as the caller named it, or the folder of the version that was written.
        format: One of `keras_genzoo.export.FORMATS`.
        quantization: `None` (float32), `"float16"`, `"dynamic"` or `"int8"`; what `"auto"` chose.
        files: Paths of the files, relative to `path` for a folder; the file's own name for a single file.
        sizes: Bytes of each file in `files`.
        signatures: Signature name -> `{"inputs": {name: (dtype, shape)}, "outputs": {name: (dtype, shape)}}`; an axis
            of free length is `None`.
        parity: Signature name -> `Parity`.
        scales: Integer inputs and outputs: name -> `(scale, zero_point)`; `real = scale * (integer - zero_point)`.
        variants: LiteRT: what was measured, of float32 first and then of the file that was written, or of all from
            which it was chosen.
        quality: Loss of quality in the features of a classifier, where features were named.
        version: SavedModel: number of the version that was written.
        precision: SavedModel: what the networks compute in, `"float32"` or `"bfloat16"`.
        warmup_requests: SavedModel: number of warm-up requests in the file; 0 where none were written.

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
    scales: dict[str, tuple[float, int]] = dataclasses.field(default_factory=dict)
    variants: tuple[Variant, ...] = ()
    quality: Quality | None = None
    version: int | None = None
    precision: str | None = None
    warmup_requests: int = 0

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(self.sizes.values())

    @property
    def max_error(self) -> float:
        """Largest error of any signature (0.0 where nothing was compared)."""
        return max((parity.max_error for parity in self.parity.values()), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as plain dicts, tuples and numbers, ready for JSON; an infinite `psnr` is `None`."""
        plain = dataclasses.asdict(self)
        pairs = [(parity, plain["parity"][name]) for name, parity in self.parity.items()]
        pairs += [
            (variant.parity, each["parity"]) for variant, each in zip(self.variants, plain["variants"], strict=True)
        ]
        for parity, each in pairs:
            if parity is not None:
                each["psnr"] = parity.psnr if math.isfinite(parity.psnr) else None
        return plain

    def save(self, path: str | os.PathLike) -> None:
        """Writes the report as JSON.

        Args:
            path: The file; ends in `.json`. One that exists is replaced.

        Raises:
            ValueError: If the path ends otherwise.
        """
        if not os.fspath(path).endswith(".json"):
            raise ValueError(f"Expected the path of a report to end in .json. Received: path={os.fspath(path)!r}")
        with replacing(path, overwrite=True, kind="file") as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
