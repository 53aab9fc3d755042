"""Runners: functions that call an exported file in its runtime, NumPy inputs by name -> NumPy outputs by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from keras_genzoo.utils.quiet import quiet_stderr

from .report import ExportError

Runner = Callable[[dict[str, np.ndarray]], Mapping[str, np.ndarray]]


def saved_model_runner(loaded: Any, name: str) -> Runner:
    """Returns a runner for a signature of a SavedModel.

    Args:
        loaded: The return value of `tf.saved_model.load`.
        name: Name of the signature.
    """
    import tensorflow as tf

    signature = loaded.signatures[name]

    def run(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        outputs = signature(**{key: tf.constant(value) for key, value in inputs.items()})
        return {key: value.numpy() for key, value in outputs.items()}

    return run


def litert_runner(file: str | os.PathLike | bytes, name: str, threads: int = 1) -> LiteRTRunner:
    """Returns a runner for a signature of a LiteRT file with a static batch size: see `LiteRTRunner`.

    Args:
        file: The path of a `.tflite` file, or its bytes.
        name: Name of the signature.
        threads: Threads of the interpreter.
    """
    return LiteRTRunner(file, name, threads)


class LiteRTRunner:
    """Calls a signature of a LiteRT file with a static batch size: inputs by name -> outputs by name.

    Inputs of any length are cut into batches of the size in the file. The last batch is padded with its last row, whose
    further outputs are dropped. Quantized inputs and outputs are converted from and to real numbers.

    Args:
        file: The path of a `.tflite` file, or its bytes.
        name: Name of the signature.
        threads: Threads of the interpreter.
    """

    def __init__(self, file: str | os.PathLike | bytes, name: str, threads: int = 1):
        from ai_edge_litert.interpreter import Interpreter

        source = {"model_content": file} if isinstance(file, bytes) else {"model_path": os.fspath(file)}
        try:
            with quiet_stderr():  # the runtime logs its delegate
                interpreter = Interpreter(**source, num_threads=threads)
                interpreter.allocate_tensors()
                self.signature = interpreter.get_signature_runner(name)
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ExportError(f"Expected a file that LiteRT runs. Received: {reason}. Nothing was written.") from error
        self.details = {
            "inputs": self.signature.get_input_details(),
            "outputs": self.signature.get_output_details(),
        }
        self.batch_size = int(next(iter(self.details["inputs"].values()))["shape"][0])

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        lengths = {key: len(value) for key, value in inputs.items()}
        if len(set(lengths.values())) != 1:  # a short input would be padded
            raise ValueError(f"Expected inputs with equally many rows. Received: {lengths}")
        num = next(iter(lengths.values()))
        parts = [self._batch(inputs, start) for start in range(0, max(1, num), self.batch_size)]
        return {key: np.concatenate([part[key] for part in parts])[:num] for key in parts[0]}

    def _batch(self, inputs: dict[str, np.ndarray], start: int) -> dict[str, np.ndarray]:
        filled = {}
        for key, value in inputs.items():
            detail = self.details["inputs"][key]
            part = to_integers(value[start : start + self.batch_size], detail)
            filled[key] = np.zeros((self.batch_size, *value.shape[1:]), detail["dtype"])
            filled[key][: len(part)] = part
            filled[key][len(part) :] = part[-1:] if len(part) else 0  # not zeros, which weights of classes may not be
        outputs = self.signature(**filled)
        # Copies, because the runtime writes the next batch to the same memory.
        return {key: to_reals(np.array(value), self.details["outputs"][key]) for key, value in outputs.items()}


def scales_of(details: dict[str, dict[str, Any]]) -> dict[str, tuple[float, int]]:
    """Scale and zero point of each quantized input and output, by name."""
    each = {name: scale_of(detail) for side in details.values() for name, detail in side.items()}
    return {name: scale for name, scale in each.items() if scale is not None}


def scale_of(detail: dict[str, Any]) -> tuple[float, int] | None:
    """Scale and zero point of a quantized input or output; `None` if it is not quantized."""
    scale, zero_point = detail["quantization"]
    return (float(scale), int(zero_point)) if scale else None


def to_integers(values: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    """Real numbers as the integers of a quantized input; unchanged if the input is not quantized."""
    if scale_of(detail) is None:
        return values
    scale, zero_point = scale_of(detail)
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.round(values / scale) + zero_point, limits.min, limits.max).astype(detail["dtype"])


def to_reals(values: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    """Integers of a quantized output as float32; unchanged if the output is not quantized."""
    if scale_of(detail) is None:
        return values
    scale, zero_point = scale_of(detail)
    return (values.astype("float32") - np.float32(zero_point)) * np.float32(scale)
