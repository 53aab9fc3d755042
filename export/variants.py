"""The kinds of LiteRT file that one signature can become, measured beside each other."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from keras_genzoo.progress import status

from .benchmark import Latency, latency
from .report import ExportError, Variant

THREADS = (1, 2)
ROUNDS = 3  # a machine's speed drifts: files that are compared take turns
NOISE = 1.05  # two measurements of one file differ by so much


def measured(files: list[Any], max_loss: float) -> tuple[Variant, ...]:
    """Size, memory and latency of LiteRT files; what is slower than the first one, or lost too much, is marked.

    Args:
        files: A `keras_genzoo.export.litert.Made` each, the float32 file first.
        max_loss: Largest mean absolute error, in [0, 1] pixels.
    """
    latencies = latencies_of(files, ROUNDS if len(files) > 1 else 1)
    variants = []
    for made, taken in zip(files, latencies, strict=True):
        slower = [str(n) for n in THREADS if taken[n].median_ms > NOISE * latencies[0][n].median_ms]
        marks = [f"slower than float32 at {' and '.join(slower)} thread{'s' * (slower != ['1'])}"] if slower else []
        if made.quantization is not None and made.parity.mean_error > max_loss:
            marks.append(f"loss above {max_loss:g}")
        arena = taken[THREADS[0]].arena
        variants.append(Variant(name_of(made.quantization), len(made.content), arena, taken, made.parity, tuple(marks)))
    return tuple(variants)


def name_of(quantization: str | None) -> str:
    """A word for a kind of file: `None` is float32."""
    return quantization or "float32"


def latencies_of(files: list[Any], rounds: int = 1) -> list[dict[int, Latency]]:
    """Latency of each file at one and two threads: of several rounds, in which the files take turns, the median one."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{index}.tflite") for index in range(len(files))]
        for path, made in zip(paths, files, strict=True):
            path.write_bytes(made.content)
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


def choose(
    maker: Any, quantizations: tuple, num_samples: int, tolerance: float, max_loss: float
) -> tuple[Any, tuple[Variant, ...]]:
    """Makes all kinds of files, measures them, and chooses the fastest one whose loss is small enough.

    Args:
        maker: A `keras_genzoo.export.litert.Maker`.
        quantizations: What to try, `None` for float32 first: it has the smallest error, so one is always found.
        num_samples: Number of inputs that are compared with Keras.
        tolerance: Largest error of the float32 file.
        max_loss: Largest mean absolute error of the others.

    Returns:
        The chosen `Made`, the fastest on one thread, and what was measured of each.

    Raises:
        ExportError: If there is no float32 file.
    """
    made, problems = [maker.make(quantizations[0], num_samples, tolerance)], {}
    for quantization in quantizations[1:]:
        try:
            made.append(maker.make(quantization, num_samples, tolerance))
        except ExportError as error:  # a network may have an op without an 8-bit form
            problems[quantization] = str(error)
    report = measured(made, max_loss)
    fitting = [i for i, each in enumerate(made) if each.quantization is None or each.parity.mean_error <= max_loss]
    fastest = min(fitting, key=lambda i: report[i].latency[THREADS[0]].median_ms)
    missing = (Variant(name_of(quantization), problem=problem) for quantization, problem in problems.items())
    return made[fastest], (*report, *missing)
