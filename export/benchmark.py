"""Latency of an exported file, measured in a process of its own that imports the runtime and NumPy, nothing of ours."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

from keras_genzoo.checks import check_at_least

from .versions import newest

_SCRIPT = Path(__file__).with_name("_timing.py")


@dataclasses.dataclass(frozen=True)
class Latency:
    """Time of one call of an exported file.

    Args:
        median_ms: Median over the calls, in milliseconds.
        low_ms: 10th percentile.
        high_ms: 90th percentile.
        runs: Number of timed calls.
        batch_size: Samples a call.
        threads: Threads that the runtime was given; `None`: its own choice.
        runtime: `"litert"` or `"tensorflow"`.
        arena: LiteRT: bytes of memory that the tensors between the operators share, without weights, with the built-in
            kernels; a delegate such as XNNPACK keeps a copy of the weights beside it. `None` elsewhere.

    Example:

    >>> from keras_genzoo.export import Latency
    >>> Latency(2.0, 1.9, 2.3, runs=50, batch_size=4, threads=1, runtime="litert").images_per_second
    2000.0
    """

    median_ms: float
    low_ms: float
    high_ms: float
    runs: int
    batch_size: int
    threads: int | None
    runtime: str
    arena: int | None = None

    @property
    def images_per_second(self) -> float:
        """Samples a second at the median."""
        return self.batch_size * 1000.0 / self.median_ms


def latency(
    path: str | os.PathLike,
    *,
    signature: str = "serving_default",
    batch_size: int = 1,
    runs: int = 50,
    warmup: int = 5,
    threads: int | None = None,
) -> Latency:
    """Measures how long one call of an exported file takes, in a process of its own.

    Args:
        path: A `.tflite` file, the folder of a SavedModel, or the folder of a model, whose newest version is taken.
        signature: Which signature is called; a LiteRT file with a single one is called by that, whatever its name.
        batch_size: Samples a call of a SavedModel, at least 1; an interpolation and a Gibbs chain have 8 steps. A
            LiteRT file has its own.
        runs: Timed calls, at least 1.
        warmup: Calls before, at least 0: the first ones trace, allocate and fill caches.
        threads: Threads of the runtime, at least 1; `None` leaves it to the runtime (LiteRT: 1, TensorFlow: all cores).

    Returns:
        A `Latency`.

    Raises:
        ValueError: If an argument is out of its range, or `path` is neither kind of export.
        RuntimeError: If the file cannot be run; the message is the runtime's.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo.export import latency
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "dcgan.tflite")
    ...     report = model.export(path, format="litert")
    ...     latency(path, runs=10).median_ms > 0.0
    True
    """
    check_at_least(1, batch_size=batch_size, runs=runs, **({} if threads is None else {"threads": threads}))
    check_at_least(0, warmup=warmup)
    file = Path(path) if Path(path).suffix == ".tflite" and Path(path).is_file() else newest(path)
    if file is None:
        raise ValueError(
            "Expected a .tflite file or the folder of a SavedModel, or of a model with versions."
            f" Received: path={os.fspath(path)!r}"
        )
    task = {"path": str(file), "signature": signature, "batch_size": batch_size, "runs": runs, "warmup": warmup}
    # -P: the script's own folder stays off the import path, so its neighbours hide no module of the runtime.
    command = [sys.executable, "-P", str(_SCRIPT), json.dumps({**task, "threads": threads})]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
        raise RuntimeError(f"Could not run {os.fspath(path)!r}: {lines[-1]}")
    return Latency(threads=threads, **json.loads(result.stdout.strip().splitlines()[-1]))
