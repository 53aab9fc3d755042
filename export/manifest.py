"""The manifest of an exported model: a JSON file with the model's arguments, signatures and measured errors."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_genzoo import presets
from keras_genzoo.families.exporting import scalar_examples
from keras_genzoo.utils.plain import plain
from keras_genzoo.version import __version__

from .report import Parity

MANIFEST = "genzoo.json"
FORMAT_VERSION = 1


def write_manifest(
    folder: str | os.PathLike,
    model: Any,
    functions: Mapping[str, Any],
    signatures: Mapping[str, Any],
    parity: Mapping[str, Parity],
    **facts: Any,
) -> None:
    """Writes `genzoo.json` beside `saved_model.pb`. It does not name the machine, the folder or the time.

    Args:
        folder: The folder of the SavedModel.
        model: The exported model.
        functions: `ExportFunction` by signature name.
        signatures: Names, dtypes and shapes, as in `ExportReport.signatures`.
        parity: Errors by signature, as in `ExportReport.parity`; written with three digits.
        **facts: Further entries, for example `precision="float32"`.
    """
    examples = {name: scalar_examples(function) for name, function in functions.items()}
    content = {
        "format_version": FORMAT_VERSION,
        **describe_model(model),
        "versions": library_versions(),
        **facts,
        "signatures": signatures,
        "scalar_examples": {name: values for name, values in examples.items() if values},
        "parity": {name: _rounded(result) for name, result in parity.items()},
    }
    text = json.dumps(plain(content), indent=2) + "\n"
    Path(folder, MANIFEST).write_text(text, encoding="utf-8")


def describe_model(model: Any) -> dict[str, Any]:
    """Registry name and arguments of a model, without the arguments that do not affect the exported file."""
    if not hasattr(model, "get_config"):
        return {"model": type(model).__name__, "config": {}}
    left_out = ("dtype", "seed", "name")  # Keras numbers the names within a process
    config = {key: value for key, value in model.get_config().items() if key not in left_out}
    fixed = {name: value.tolist()[0] for name, value in vars(model).get("fixed_conditions", {}).items()}
    return {"model": model.model_name, "config": config, **({"fixed": fixed} if fixed else {})}


def preset_facts(model: Any, preset: str | os.PathLike | None) -> dict[str, Any]:
    """Name of a preset, and the data that its weights were trained on, with the licence of the data.

    Args:
        model: The exported model.
        preset: Name or folder of the preset from which the model was built, or `None`.

    Returns:
        Dict with `name` and `data`; empty without a preset.

    Raises:
        ValueError: If the preset does not exist, or belongs to another model.
    """
    if preset is None:
        return {}
    if not isinstance(preset, (str, os.PathLike)):
        raise ValueError(f"Expected preset as the name or folder of a preset. Received: preset={preset!r}")
    card = presets.card(preset)
    if card.get("model", model.model_name) != model.model_name:
        raise ValueError(f"Expected a preset of {model.model_name}. Received: preset={os.fspath(preset)!r}")
    return {key: card[key] for key in ("name", "data") if card.get(key) is not None}


def library_versions() -> dict[str, str]:
    """Versions of keras_genzoo, Keras and TensorFlow."""
    import keras
    import tensorflow as tf

    return {"keras_genzoo": __version__, "keras": keras.__version__, "tensorflow": tf.__version__}


def _rounded(parity: Parity) -> dict[str, Any]:
    errors = {key: float(f"{getattr(parity, key):.2e}") for key in ("max_error", "mean_error")}
    return {**errors, "num_samples": parity.num_samples, "dtype": parity.dtype}
