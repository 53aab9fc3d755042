"""LiteRT (TFLite): one file for phones, boards and web pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from keras_genzoo import images as pixels
from keras_genzoo.checks import check_at_least, check_choice, check_flag, is_number
from keras_genzoo.progress import status

from . import parity, runners, variants
from ._files import replacing, write_bytes
from .conversion import convert
from .report import ExportReport, Parity, Variant
from .rewrite import rewrite_networks
from .signatures import check_options, choose, concrete, describe, export_source

QUANTIZATIONS = (None, "float16", "dynamic", "int8")
IO_DTYPES = ("float32", "int8")
MAX_LOSS = 0.01  # two and a half grey levels, on average
# A prior of 100 dimensions needs some hundred codes before the extremes of the activations settle.
CALIBRATION_SAMPLES = 256
CALIBRATION_SEED = 1  # not the seed of the comparison, whose codes must be new to the file


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
    """Writes one signature of a model as a LiteRT file of built-in ops alone, compares it with Keras and measures it.

    The batch size is fixed: with a free one the interpreter cuts the network into several parts, which is slower, and a
    browser refuses the file. Random numbers stay outside: `z` is an input.

    Args:
        model: A model of the zoo.
        path: The file; ends in `.tflite`.
        overwrite: Whether a file at `path` is replaced. The old one stays until the new one is complete.
        signature: Which of `model.export_functions()`: `"serving_default"` (`z` to images), for a VAE also `"encode"`,
            `"decode"`, `"reconstruct"`. The file's own signature bears this name.
        batch_size: Length of the inputs' first axis, at least 1.
        quantization: `None`: float32. `"float16"`: weights of half the size, computed in float32. `"dynamic"`: weights
            of 8 bits; each activation is scaled to 8 bits as it comes. `"int8"`: weights and activations of 8 bits,
            scaled by what was measured on codes from the model's own prior, or on `images`. `"auto"`: makes all four,
            and keeps the fastest one whose loss is at most `max_loss`.
        io_dtype: `"int8"`, only with `quantization="int8"`: inputs and outputs are integers of 8 bits too, as
            accelerators without floating point want them; the report has their scales.
        image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255; not with `io_dtype="int8"`.
        images: For signatures that take images: what to measure activations and errors on, uint8 0..255 or float 0..1,
            `(n, height, width, channels)`; where there are twice `num_samples` or more, `num_samples` of them are kept
            for the errors. `None`: what the model generates; a model that generates nothing, such as a translator,
            needs them for `"int8"` and `"auto"`.
        tolerance: Largest error of a float32 file against Keras, in [0, 1] pixels, above 0. The error of a quantized
            file is only reported.
        num_samples: Number of inputs that are compared, at least 1.
        rewrite: Whether transposed convolutions and convolutions to few channels are computed by faster equals; see
            `keras_genzoo.export.rewrite`.
        measure: Whether latency at one and two threads, and memory, are measured, each in a process of its own, as
            `"auto"` needs it; those of a quantized file beside those of the float32 one. The report marks what is
            slower than float32, or has a mean error above `max_loss`.
        max_loss: Of a quantized file: the largest mean absolute error against Keras, in [0, 1] pixels, that `"auto"`
            takes and that is not marked. Default 0.01.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: If an option's value is not valid, or `path` does not end in `.tflite`.
        ExportError: If the network needs an op that LiteRT does not have (the message names it), or the results differ
            from Keras by more than `tolerance`.
        FileExistsError: If a file stands at `path` and `overwrite` is off.
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
        maker = Maker(model, signature, batch_size, image_dtype, io_dtype, images, rewrite)
        loss = MAX_LOSS if max_loss is None else max_loss
        if quantization == "auto":
            made, measured = variants.choose(maker, QUANTIZATIONS, num_samples, tolerance, loss)
        else:
            made = maker.make(quantization, num_samples, tolerance)
            beside = [maker.make(None, num_samples, None)] if measure and quantization is not None else []
            measured = variants.measured([*beside, made], loss) if measure else ()
        write_bytes(path, temporary, made.content)
    return made.report(path, signature, measured)


def _check_litert_options(path, batch_size, quantization, io_dtype, image_dtype, max_loss, measure) -> None:
    check_at_least(1, batch_size=batch_size)
    check_choice((*QUANTIZATIONS, "auto"), quantization=quantization)
    check_choice(IO_DTYPES, io_dtype=io_dtype)
    if max_loss is not None and not (is_number(max_loss) and max_loss > 0.0):
        raise ValueError(f"Expected max_loss above 0. Received: max_loss={max_loss!r}")
    if max_loss is not None and not measure:
        raise ValueError("Expected measure=True with max_loss, which marks what was measured. Received: False")
    if max_loss is not None and quantization is None:
        raise ValueError(f"Expected max_loss with a quantization. Received: max_loss={max_loss!r} and float32")
    if quantization == "auto" and not measure:
        raise ValueError("Expected measure=True with quantization='auto', which compares latencies. Received: False")
    if io_dtype == "int8" and (quantization != "int8" or image_dtype != "float32"):
        raise ValueError(
            "Expected io_dtype='int8' with quantization='int8' and image_dtype='float32'."
            f" Received: quantization={quantization!r}, image_dtype={image_dtype!r}"
        )
    if Path(path).suffix != ".tflite":
        raise ValueError(f"Expected a path that ends in .tflite. Received: path={os.fspath(path)!r}")


class Made(NamedTuple):
    """A LiteRT file that was made and compared with Keras, but not put anywhere yet.

    Fields:
        quantization: One of `QUANTIZATIONS`.
        content: The file's bytes.
        parity: `Parity` with Keras.
        scales: Scale and zero point of integer inputs and outputs, by name.
        described: Names, dtypes and shapes: see `ExportReport.signatures`.
    """

    quantization: str | None
    content: bytes
    parity: Parity
    scales: dict[str, tuple[float, int]]
    described: dict[str, Any]

    def report(self, path: str | os.PathLike, signature: str, measured: tuple[Variant, ...]) -> ExportReport:
        """The `ExportReport` of this file at `path`."""
        name = Path(path).name
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
        )


class Maker:
    """Makes LiteRT files of one signature of a model; see `write` for the arguments."""

    def __init__(
        self,
        model: Any,
        signature: str = "serving_default",
        batch_size: int = 1,
        image_dtype: str = "float32",
        io_dtype: str = "float32",
        images: Any = None,
        rewrite: bool = True,
    ):
        self.model, self.signature, self.batch_size, self.io_dtype = model, signature, batch_size, io_dtype
        self.function = choose(export_source(model).export_functions(image_dtype), signature, "a LiteRT file")
        # Kept, because a traced function does not hold the variables that it reads.
        self.source = rewrite_networks(export_source(model)) if rewrite else export_source(model)
        self.traced = concrete(self.source.export_functions(image_dtype)[signature], batch_size)
        self.images = None
        if images is not None:
            if "image" not in self.function.inputs:
                raise ValueError(f"Expected no images: {signature!r} does not take any. Received: images")
            pixels.check_images(images, model.image_shape)
            images = np.asarray(images)
            if not len(images):
                raise ValueError(f"Expected at least one image. Received: images of shape {images.shape}")
            self.images = images if images.dtype == np.uint8 else pixels.to_uint8(images)

    def make(self, quantization: str | None, num_samples: int = 16, tolerance: float | None = 1e-3) -> Made:
        """Converts, and compares with Keras on `num_samples` inputs; `tolerance` (`None`: any) is for float32 alone."""
        with status(f"Converting {self.signature} to {variants.name_of(quantization)}"):
            calibrating, comparing = self.split_images(num_samples)
            calibration = self.calibration_batches(calibrating) if quantization == "int8" else None
            content = convert(self.traced, self.signature, quantization, calibration, self.io_dtype)
        runner = runners.litert_runner(content, self.signature)
        limit = tolerance if quantization is None else None
        with status("Comparing with Keras"):
            check = (self.model, self.signature, self.function, runner, num_samples, limit)
            result = parity.check(*check, images=comparing)
        described = describe(self.traced)
        if self.io_dtype == "int8":
            described = described_as(runner.details, described)
        return Made(quantization, content, result, runners.scales_of(runner.details), described)

    def split_images(self, num_samples: int) -> tuple[Any, Any]:
        """The given images to calibrate on, and those to compare on: others, if there are twice as many as needed."""
        if self.images is None or len(self.images) < 2 * num_samples:
            return self.images, self.images
        images = np.random.default_rng(CALIBRATION_SEED).permutation(self.images)  # they may come class by class
        return images[num_samples:], images[:num_samples]

    def calibration_batches(self, images: Any) -> list[dict[str, Any]]:
        """Batches of inputs, of the uint8 `images` or from the model's own prior, to measure int8 activations on."""
        if "image" in self.function.inputs and images is None and not hasattr(self.model, "generate"):
            raise ValueError(
                f"Expected images to measure the activations of {self.signature!r} on, because"
                f" {type(self.model).__name__} generates none. Received: images=None"
            )
        num = -(-CALIBRATION_SAMPLES // self.batch_size) * self.batch_size
        inputs = parity.sample_inputs(self.model, self.function.inputs, num, CALIBRATION_SEED, images)
        starts = range(0, num, self.batch_size)
        return [{name: value[start : start + self.batch_size] for name, value in inputs.items()} for start in starts]


def described_as(details: dict[str, dict[str, Any]], described: dict[str, Any]) -> dict[str, Any]:
    """A description whose dtypes are those of the file."""
    return {
        side: {name: (np.dtype(details[side][name]["dtype"]).name, shape) for name, (_, shape) in specs.items()}
        for side, specs in described.items()
    }
