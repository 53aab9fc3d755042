"""Cards of presets, made from the run that trained them, without paths of the machine."""

import hashlib
import os
import platform
from pathlib import Path

from keras_genzoo.data.views import public_source
from keras_genzoo.presets.bundled import locate
from keras_genzoo.presets.files import WEIGHTS


def make_card(run):
    """The card of a run, without metrics and without paths of this machine, as a dict."""
    recipe = run.recipe
    values = recipe.to_dict()
    for key in ("source", "source_b"):
        if values["data"][key] is not None:
            values["data"][key] = public_source(values["data"][key])
    values["data"]["data_dir"] = None
    if recipe.weights is not None and os.path.exists(recipe.weights):
        values["weights"] = Path(recipe.weights).name
    return {
        "name": recipe.name,
        "description": recipe.description,
        "model": recipe.model,
        **({} if recipe.weights is None else {"parent": run.parent}),
        "recipe": values,
        "data": {"title": recipe.data.title or values["data"]["source"], "license": recipe.data.license},
        "seed": recipe.seed,
        "epochs": recipe.epochs,
        "wall_time_seconds": round(run.wall_time()),
        "hardware": hardware(),
        "metrics": {},
    }


def parent_of(recipe):
    """What a card says of the weights that a training begins with: their name, and the SHA-256 of the file.

    `None` for a recipe without weights.
    """
    if recipe.weights is None:
        return None
    path = locate(recipe.model, recipe.weights)
    file = path / WEIGHTS if path.is_dir() else path
    with open(file, "rb") as stream:
        return {"name": path.name, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def public_metrics(metrics):
    """Results of `evaluate` without paths of this machine in their protocols."""
    if isinstance(metrics, dict):
        paths = ("data", "second_data")
        return {
            key: public_source(value) if key in paths and isinstance(value, str) else public_metrics(value)
            for key, value in metrics.items()
        }
    return metrics


def hardware():
    """The processors of this machine as text: `"2 CPU cores, x86_64"`, and the names of GPUs."""
    import tensorflow as tf

    gpus = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    names = [details.get("device_name", "GPU") for details in gpus]
    return ", ".join([f"{os.cpu_count()} CPU cores", platform.machine(), *names])
