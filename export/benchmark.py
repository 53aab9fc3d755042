"""Latency of an exported file, measured in a separate process that imports only the runtime and NumPy."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

from keras_genzoo.utils.checks import check_at_least

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
        batch_size: Samples per call.
        threads: Threads of the runtime; `None`: the runtime's default.
        runtime: `"litert"` or `"tensorflow"`.
        arena: LiteRT only: bytes of the memory shared by intermediate tensors, without weights, with the built-in
            kernels; a delegate such as XNNPACK keeps a copy of the weights in addition. `None` for other formats.

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
        """Samples per second at the median latency."""
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
    """Measures the latency of one call of an exported file, in a separate process.

    Args:
        path: A `.tflite` file, the folder of a SavedModel, or the folder of a model with versions, of which the newest
            is measured.
        signature: Name of the signature. Ignored for a LiteRT file with one signature.
        batch_size: SavedModel: samples per call, at least 1; interpolations and Gibbs chains have 8 steps. The batch
            size of a LiteRT file is fixed.
        runs: Number of timed calls, at least 1.
        warmup: Number of calls before them, at least 0: the first calls trace, allocate and fill caches.
        threads: Threads of the runtime, at least 1; `None`: the runtime's default (LiteRT: 1, TensorFlow: all cores).

    Returns:
        A `Latency`.

    Raises:
        ValueError: If an argument is out of its range, or `path` is not a LiteRT file or SavedModel.
        RuntimeError: If the file cannot be run; the message is that of the runtime.

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
    # -P keeps the script's folder off the import path, where its neighbours would shadow modules such as `onnx`.
    command = [sys.executable, "-P", str(_SCRIPT), json.dumps({**task, "threads": threads})]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
        raise RuntimeError(f"Could not run {os.fspath(path)!r}: {lines[-1]}")
    return Latency(threads=threads, **json.loads(result.stdout.strip().splitlines()[-1]))
