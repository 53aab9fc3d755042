"""Variants of a LiteRT file, measured in alternation."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from keras_genzoo.utils.progress import status

from .benchmark import Latency, latency
from .report import ExportError, Variant

THREADS = (1, 2)
ROUNDS = 3  # files are measured in alternation, because the speed of a machine drifts
NOISE = 1.05  # ratio of two measurements of the same file


def measure(files: list[Any], max_loss: float) -> tuple[Variant, ...]:
    """Measures latency and memory of files.

    Args:
        files: `keras_genzoo.export.litert.ConvertedFile`s, the float32 file first.
        max_loss: Quantized files with a larger mean absolute error are marked.

    Returns:
        A `Variant` for each file.

    Raises:
        ExportError: If the runtime cannot run a file.
    """
    latencies = latencies_of(files, ROUNDS if len(files) > 1 else 1)
    variants = []
    for file, taken in zip(files, latencies, strict=True):
        slower = [str(n) for n in THREADS if taken[n].median_ms > NOISE * latencies[0][n].median_ms]
        marks = [f"slower than float32 at {' and '.join(slower)} thread{'s' * (slower != ['1'])}"] if slower else []
        if file.quantization is not None and file.parity.mean_error > max_loss:
            marks.append(f"loss above {max_loss:g}")
        arena = taken[THREADS[0]].arena
        variants.append(Variant(name_of(file.quantization), len(file.content), arena, taken, file.parity, tuple(marks)))
    return tuple(variants)


def name_of(quantization: str | None) -> str:
    """Name of a quantization; that of `None` is "float32"."""
    return quantization or "float32"


def latencies_of(files: list[Any], rounds: int = 1) -> list[dict[int, Latency]]:
    """Latency of each file at one and two threads: the median over rounds in which the files alternate."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{index}.tflite") for index in range(len(files))]
        for path, file in zip(paths, files, strict=True):
            path.write_bytes(file.content)
        with status("Measuring latency and memory"):
            try:
                taken = [[{n: latency(path, threads=n) for n in THREADS} for path in paths] for _ in range(rounds)]
            except RuntimeError as error:
                raise ExportError(
                    f"Expected a file that LiteRT runs. Received: {error}. Nothing was written."
                ) from error
    return [{n: _median([turns[index][n] for turns in taken]) for n in THREADS} for index in range(len(files))]


def _median(latencies: list[Latency]) -> Latency:
    middle = statistics.median_low(each.median_ms for each in latencies)
    return next(each for each in latencies if each.median_ms == middle)


def choose_fastest(
    converter: Any, quantizations: tuple, num_samples: int, tolerance: float, max_loss: float
) -> tuple[Any, tuple[Variant, ...]]:
    """Converts to all quantizations, measures the files, and chooses the fastest whose loss is small enough.

    Args:
        converter: A `keras_genzoo.export.litert.LiteRTConverter`.
        quantizations: The quantizations, first `None` (float32), which is always a valid choice.
        num_samples: Number of inputs in the comparison with Keras.
        tolerance: Largest allowed error of the float32 file.
        max_loss: Largest allowed mean absolute error of the other files.

    Returns:
        The chosen `ConvertedFile`, the fastest on one thread, and a `Variant` for each quantization.

    Raises:
        ExportError: If the float32 file cannot be converted.
    """
    files, problems = [converter.convert(quantizations[0], num_samples, tolerance)], {}
    for quantization in quantizations[1:]:
        try:
            files.append(converter.convert(quantization, num_samples, tolerance))
        except ExportError as error:  # an op of the network may have no 8-bit version
            problems[quantization] = str(error)
    report = measure(files, max_loss)
    fitting = [i for i, file in enumerate(files) if file.quantization is None or file.parity.mean_error <= max_loss]
    fastest = min(fitting, key=lambda i: report[i].latency[THREADS[0]].median_ms)
    missing = (Variant(name_of(quantization), problem=problem) for quantization, problem in problems.items())
    return files[fastest], (*report, *missing)
