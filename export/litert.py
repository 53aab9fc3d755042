"""LiteRT (TFLite): a file for phones, boards and web pages."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from keras_genzoo.families.exporting import sample_inputs
from keras_genzoo.utils import pixels
from keras_genzoo.utils.checks import check_at_least, check_choice, check_flag, is_number
from keras_genzoo.utils.progress import status

from . import parity, runners, variants
from ._files import replacing, write_bytes
from .conversion import convert
from .inputs import BLANK, BLANK_INT8, BLANK_INTEGERS, allowed_values, blanking
from .report import ExportReport, Parity, Variant
from .rewrite import rewritten_networks
from .signatures import check_options, concrete_function, describe, export_source, portable_function

QUANTIZATIONS = (None, "float16", "dynamic", "int8")
IO_DTYPES = ("float32", "int8")
MAX_LOSS = 0.01  # mean error of two and a half grey levels
# With a prior of 100 dimensions, the extremes of the activations converge after some hundred codes.
CALIBRATION_SAMPLES = 256
CALIBRATION_SEED = 1  # other codes than in the comparison, which has seed 0


def write(
    model: Any,
    path: str | os.PathLike,
    *,
    overwrite: bool = False,
    signature: str = "serving_default",
    batch_size: int = 1,
    quantization: str | None = None,
    io_dtype: str = "float32",
    image_dtype: str = "float32",
    images: Any = None,
    tolerance: float = 1e-3,
    num_samples: int = 16,
    rewrite: bool = True,
    measure: bool = True,
    max_loss: float | None = None,
) -> ExportReport:
    """Writes one signature of a model as a LiteRT file of built-in ops, compares it with Keras and measures it.

    The batch size is fixed: with a free batch size the interpreter splits the network into several parts, which is
    slower, and browsers cannot run the file. The file has no random ops: `z` is an input.

    Args:
        model: A model of the zoo.
        path: The file; ends in `.tflite`.
        overwrite: Whether an existing file is replaced. It stays until the new one is complete.
        signature: Name of a signature in `model.export_functions()`: `"serving_default"` (`z` to images), for a VAE
            also `"encode"`, `"decode"`, `"reconstruct"`. The signature has the same name in the file.
        batch_size: Length of the inputs' first axis, at least 1.
        quantization: `None`: float32. `"float16"`: float16 weights, computed in float32. `"dynamic"`: 8-bit weights;
            activations are scaled to 8 bits at run time. `"int8"`: 8-bit weights and activations, with scales
            calibrated on codes from the prior of the model, or on `images`. `"auto"`: converts to all four and keeps
            the fastest whose loss is at most `max_loss`.
        io_dtype: `"int8"`, only with `quantization="int8"`: inputs and outputs are 8-bit integers too, for accelerators
            without floating point; the report has their scales.
        image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255; not with `io_dtype="int8"`.
        images: For signatures with image inputs: images for the calibration and the comparison, uint8 0..255 or float
            0..1, `(n, height, width, channels)`. If there are at least twice `num_samples`, `num_samples` of them are
            used only in the comparison. `None`: generated images; a model without `generate`, such as a translator,
            needs `images` for `"int8"` and `"auto"`.
        tolerance: Largest allowed error of a float32 file against Keras, in [0, 1] pixels, above 0. Errors of quantized
            files are only reported.
        num_samples: Number of inputs in the comparison with Keras, at least 1.
        rewrite: Whether transposed convolutions and convolutions to few channels are replaced by faster equivalents:
            see `keras_genzoo.export.rewrite`.
        measure: Whether latency at one and two threads and memory are measured, in separate processes; `"auto"` needs
            it. A quantized file is measured in alternation with the float32 file, and marked in the report if it is
            slower or has a mean error above `max_loss`.
        max_loss: Largest mean absolute error of a quantized file against Keras, in [0, 1] pixels, that `"auto"` accepts
            and that is not marked. Default 0.01.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: If an option's value is not valid, or `path` does not end in `.tflite`.
        ExportError: If the network has an op that LiteRT lacks (the message names it), or the results differ from Keras
            by more than `tolerance`.
        FileExistsError: If `path` exists and `overwrite` is `False`.
        OSError: If `path` cannot be written.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo.export import litert
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "encoder.tflite")
    ...     report = litert.write(model, path, signature="encode", batch_size=2, measure=False)
    >>> report.signatures["encode"]["outputs"]["z_mean"]
    ('float32', (2, 2))
    """
    check_options(image_dtype=image_dtype, tolerance=tolerance, num_samples=num_samples)
    _check_litert_options(path, batch_size, quantization, io_dtype, image_dtype, max_loss, measure)
    check_flag(rewrite=rewrite, measure=measure)
    with replacing(path, overwrite, "file") as temporary:
        source = export_source(model)
        converter = LiteRTConverter(source, signature, batch_size, image_dtype, io_dtype, images, rewrite)
        loss = MAX_LOSS if max_loss is None else max_loss
        if quantization == "auto":
            file, measured = variants.choose_fastest(converter, QUANTIZATIONS, num_samples, tolerance, loss)
        else:
            file = converter.convert(quantization, num_samples, tolerance)
            plain = [converter.convert(None, num_samples, None)] if measure and quantization is not None else []
            measured = variants.measure([*plain, file], loss) if measure else ()
        write_bytes(path, temporary, file.content)
    return file.report(path, signature, measured)


def _check_litert_options(path, batch_size, quantization, io_dtype, image_dtype, max_loss, measure) -> None:
    check_at_least(1, batch_size=batch_size)
    check_choice((*QUANTIZATIONS, "auto"), quantization=quantization)
    check_choice(IO_DTYPES, io_dtype=io_dtype)
    if max_loss is not None and not (is_number(max_loss) and max_loss > 0.0):
        raise ValueError(f"Expected max_loss above 0. Received: max_loss={max_loss!r}")
    if max_loss is not None and not measure:
        raise ValueError("Expected measure=True with max_loss, which marks measured files. Received: measure=False")
    if max_loss is not None and quantization is None:
        raise ValueError(f"Expected max_loss with a quantization. Received: max_loss={max_loss!r} and float32")
    if quantization == "auto" and not measure:
        raise ValueError(
            "Expected measure=True with quantization='auto', which compares latencies. Received: measure=False"
        )
    if io_dtype == "int8" and (quantization != "int8" or image_dtype != "float32"):
        raise ValueError(
            "Expected io_dtype='int8' with quantization='int8' and image_dtype='float32'."
            f" Received: quantization={quantization!r}, image_dtype={image_dtype!r}"
        )
    if Path(path).suffix != ".tflite":
        raise ValueError(f"Expected a path that ends in .tflite. Received: path={os.fspath(path)!r}")


class ConvertedFile(NamedTuple):
    """A LiteRT file in memory, compared with Keras.

    Fields:
        quantization: One of `QUANTIZATIONS`.
        content: Bytes of the file.
        parity: `Parity` with Keras.
        scales: Scale and zero point of quantized inputs and outputs, by name.
        described: Names, dtypes and shapes: see `ExportReport.signatures`.
        allowed: Values that inputs may have: see `ExportReport.allowed`.
    """

    quantization: str | None
    content: bytes
    parity: Parity
    scales: dict[str, tuple[float, int]]
    described: dict[str, Any]
    allowed: dict[str, str] | None = None

    def report(self, path: str | os.PathLike, signature: str, measured: tuple[Variant, ...]) -> ExportReport:
        """The `ExportReport` of this file at `path`."""
        name = Path(path).name
        integers = any(dtype == "int8" for dtype, _ in self.described["inputs"].values())
        quantized = BLANK_INTEGERS if integers else BLANK_INT8
        return ExportReport(
            path=os.fspath(path),
            format="litert",
            quantization=self.quantization,
            files=(name,),
            sizes={name: len(self.content)},
            signatures={signature: self.described},
            parity={signature: self.parity},
            scales=self.scales,
            variants=measured,
            allowed={signature: self.allowed or {}},
            outside=quantized if self.quantization == "int8" else BLANK,
        )


class LiteRTConverter:
    """Converts one signature of a model to LiteRT files.

    Args:
        source: The copy of the model to export: see `keras_genzoo.export.signatures.export_source`.
        signature: See `write`, as for all further arguments.
        batch_size: Length of the inputs' first axis.
        image_dtype: dtype of images.
        io_dtype: dtype of inputs and outputs.
        images: Images for calibration and comparison.
        rewrite: Whether layers are replaced by faster equivalents.
    """

    def __init__(
        self,
        source: Any,
        signature: str = "serving_default",
        batch_size: int = 1,
        image_dtype: str = "float32",
        io_dtype: str = "float32",
        images: Any = None,
        rewrite: bool = True,
    ):
        self.source, self.signature, self.batch_size, self.io_dtype = source, signature, batch_size, io_dtype
        self.function = portable_function(source, image_dtype, signature, "a LiteRT file")
        self.rewrite, self.traces = rewrite, {}
        self.images = None
        if images is not None:
            name = source.values.name
            if name not in self.function.inputs:
                raise ValueError(f"Expected no images: {signature!r} has no {name} input. Received: images")
            source.values.check(images)
            images = np.asarray(images)
            if not len(images):
                raise ValueError(f"Expected at least one {name}. Received: images of shape {images.shape}")
            as_they_are = images.dtype == np.uint8 or not source.values.are_images
            self.images = images if as_they_are else pixels.to_uint8(images)

    def traced(self, quantized: bool) -> Any:
        """The concrete function for files that compute in 8-bit integers, or for others."""
        if quantized not in self.traces:
            # Networks are kept, because a concrete function does not keep its variables alive.
            with rewritten_networks(self.source) if self.rewrite else nullcontext() as networks:
                traced = concrete_function(blanking(self.function, quantized, self.io_dtype == "int8"), self.batch_size)
                self.traces[quantized] = traced, networks
        return self.traces[quantized][0]

    def convert(self, quantization: str | None, num_samples: int = 16, tolerance: float | None = 1e-3) -> ConvertedFile:
        """Converts the signature to a file and compares it with Keras.

        Args:
            quantization: One of `QUANTIZATIONS`.
            num_samples: Number of inputs in the comparison.
            tolerance: Largest allowed error of a float32 file; `None`: any.

        Raises:
            ExportError: If the conversion fails, or the error is above `tolerance`.
        """
        with status(f"Converting {self.signature} to {variants.name_of(quantization)}"):
            calibrating, comparing = self.split_images(num_samples)
            calibration = self.calibration_batches(calibrating) if quantization == "int8" else None
            traced = self.traced(quantization == "int8")
            content = convert(traced, self.signature, quantization, calibration, self.io_dtype)
        runner = runners.litert_runner(content, self.signature)
        limit = tolerance if quantization is None else None
        with status("Comparing with Keras"):
            check = (self.signature, self.function, runner, num_samples, limit)
            result = parity.check(*check, images=comparing)
        described = describe(traced)
        if self.io_dtype == "int8":
            described = with_file_dtypes(described, runner.details)
        return ConvertedFile(
            quantization, content, result, runners.scales_of(runner.details), described, allowed_values(self.function)
        )

    def split_images(self, num_samples: int) -> tuple[Any, Any]:
        """The images for the calibration and those for the comparison: disjoint, if there are enough."""
        if self.images is None or len(self.images) < 2 * num_samples:
            return self.images, self.images
        images = np.random.default_rng(CALIBRATION_SEED).permutation(self.images)  # they may be sorted by class
        return images[num_samples:], images[:num_samples]

    def calibration_batches(self, images: Any) -> list[dict[str, Any]]:
        """Batches of inputs for the calibration of int8 activations, with the uint8 `images` or generated ones."""
        if "image" in self.function.inputs and images is None and not hasattr(self.source, "generate"):
            raise ValueError(
                f"Expected images to calibrate the activations of {self.signature!r} on, because"
                f" {type(self.source).__name__} does not generate images. Received: images=None"
            )
        num = -(-CALIBRATION_SAMPLES // self.batch_size) * self.batch_size
        inputs = sample_inputs(self.function, num, CALIBRATION_SEED, images)
        starts = range(0, num, self.batch_size)
        return [{name: value[start : start + self.batch_size] for name, value in inputs.items()} for start in starts]


def with_file_dtypes(described: dict[str, Any], details: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The description of a signature, with the dtypes in the file."""
    return {
        side: {name: (np.dtype(details[side][name]["dtype"]).name, shape) for name, (_, shape) in specs.items()}
        for side, specs in described.items()
    }
