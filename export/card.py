"""The card of an exported model: a JSON file that says what the model is, what it takes and how exact it is."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_genzoo import presets
from keras_genzoo.preset_files import as_json
from keras_genzoo.version import __version__

from .report import Parity

CARD = "genzoo.json"
FORMAT_VERSION = 1


def write_card(
    folder: str | os.PathLike,
    model: Any,
    signatures: Mapping[str, Any],
    parity: Mapping[str, Parity],
    **facts: Any,
) -> None:
    """Writes `genzoo.json` beside `saved_model.pb`; it says nothing of the machine, the folder or the hour.

    Args:
        folder: The folder of the SavedModel.
        model: The model of the zoo that was exported.
        signatures: Names, dtypes and shapes, as in `ExportReport.signatures`.
        parity: Errors by signature, as in `ExportReport.parity`; written with three digits.
        **facts: What else is to stand in the card, for example `precision="float32"`.
    """
    content = {
        "format_version": FORMAT_VERSION,
        **describe_model(model),
        "versions": library_versions(),
        **facts,
        "signatures": signatures,
        "parity": {name: _rounded(result) for name, result in parity.items()},
    }
    text = json.dumps(as_json(content), indent=2) + "\n"
    Path(folder, CARD).write_text(text, encoding="utf-8")


def describe_model(model: Any) -> dict[str, Any]:
    """Registry name and arguments of a model, without those that do not change what the file does."""
    if not hasattr(model, "get_config"):
        return {"model": type(model).__name__, "config": {}}
    left_out = ("dtype", "seed", "name")  # Keras numbers the names of a process
    config = {key: value for key, value in model.get_config().items() if key not in left_out}
    return {"model": model.model_name, "config": config}


def preset_facts(model: Any, preset: str | os.PathLike | None) -> dict[str, Any]:
    """What travels with the weights of a preset: its name, and the data that it was trained on with their licence.

    Args:
        model: The model that is exported.
        preset: Name or folder of the preset that it was built from, or `None`.

    Returns:
        Dict with `name` and `data`; empty without a preset.

    Raises:
        ValueError: If there is no such preset, or it is one of another model.
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
    """Versions of what has written the file."""
    import keras
    import tensorflow as tf

    return {"keras_genzoo": __version__, "keras": keras.__version__, "tensorflow": tf.__version__}


def _rounded(parity: Parity) -> dict[str, Any]:
    errors = {key: float(f"{getattr(parity, key):.2e}") for key in ("max_error", "mean_error")}
    return {**errors, "num_samples": parity.num_samples, "dtype": parity.dtype}
