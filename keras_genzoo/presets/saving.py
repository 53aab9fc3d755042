"""Writes preset folders, completely or not at all."""

import os
import shutil
from pathlib import Path

from keras_genzoo.presets.files import (
    CARD,
    CONFIG,
    FORMAT_VERSION,
    SAMPLES,
    WEIGHTS,
    read_json,
    read_metadata,
    replaced_folder,
    write_json,
    write_metadata,
)
from keras_genzoo.presets.weight_files import write_weights
from keras_genzoo.utils.plain import plain
from keras_genzoo.version import __version__


def save_preset(model, path, card=None, half_precision=False, averages_only=False, samples=None, overwrite=False):
    """Writes a preset folder, completely or not at all.

    Args:
        model: Model of the zoo.
        path: Folder to write.
        card: Dict for `card.json`, for example from a training run.
        half_precision: Whether to store the weights as float16, which halves the file. Kernels of layers
            that compute in bfloat16 are rounded to the 8 significant bits that their products see, which makes it
            another sixth smaller. The model is unchanged; compute metrics for the card on the preset as loaded.
        averages_only: Whether to store the averages of a model with `ema_decay` also as the networks that they follow,
            which takes a third off the file of a GAN. Images stay the same; a training goes on from the averages.
        samples: uint8 images `(n, height, width, channels)`, points `(n, coordinates)` or signals `(n, length,
            channels)`, for `samples.png`, or a function that takes the model with the stored weights and returns such
            samples. `None` takes eight rows of the first images of seed 0, 2,500 points or 16 signals, generated with
            the stored weights; the preset of a model without `generate` has no samples.
        overwrite: Whether to replace an existing preset; it is kept until the new one is complete.

    Returns:
        Path of the folder.

    Raises:
        ValueError: If `path` exists and `overwrite` is false, or is not a preset.
        OSError: If the preset cannot be written; an existing one is unchanged.
    """
    path = Path(path)
    if path.exists() and not overwrite and (not path.is_dir() or any(path.iterdir())):
        raise ValueError(
            f"Expected a new or empty folder, or overwrite=True. Received: {os.fspath(path)!r}, which exists"
        )
    if path.exists() and not (path / CONFIG).is_file() and (not path.is_dir() or any(path.iterdir())):
        raise ValueError(
            f"Expected a preset to overwrite: nothing else is deleted. Received: {os.fspath(path)!r}, which is not one"
        )
    with replaced_folder(path) as folder:
        stored = write_weights(model, folder / WEIGHTS, half_precision, averages_only)
        args = {key: value for key, value in model.get_config().items() if key not in ("dtype", "seed", "name")}
        config = {"format_version": FORMAT_VERSION, "keras_genzoo": __version__, "model": model.model_name}
        write_json(folder / CONFIG, {**config, "args": plain(args)})
        write_json(folder / CARD, plain(card or {}))
        columns = None
        if samples is None and hasattr(stored, "generate"):
            from keras_genzoo.families.generation import shown_samples

            num, columns = shown_samples(stored)
            samples = stored.generate(num, seed=0)
        elif callable(samples):
            samples = samples(stored)
        if samples is not None:
            from keras_genzoo import plots
            from keras_genzoo.data.points import known_modes

            source = (card or {}).get("recipe", {}).get("data", {}).get("source")
            plots.save_samples(samples, folder / SAMPLES, columns, known_modes(source))
        write_metadata(folder, parameters=_parameters(model))
    return path


def update_card(folder, values):
    """Merges `values` into the card of a preset folder and updates the checksums."""
    folder = Path(folder)
    new = plain({**read_json(folder / CARD), **values})
    parameters = read_metadata(folder)["parameters"]
    with replaced_folder(folder) as scratch:
        shutil.copytree(folder, scratch, dirs_exist_ok=True)
        write_json(scratch / CARD, new)
        write_metadata(scratch, parameters)


def _parameters(model):
    """Dict of parameter counts: `total`, `inference` (the network that makes the images), and each network by name."""
    import keras

    # Attributes that Keras tracks; a VAE also has a view of its decoder, which is not a separate network.
    views = {key for key in vars(model) if key == "generator_network"}
    items = {key: item for key, item in vars(model).items() if isinstance(item, keras.Model) and key not in views}
    networks = {key: item.count_params() for key, item in items.items()}
    total = model.count_params()
    inference = next((networks[key] for key in model.inference_networks if key in networks), total)
    return {"total": total, "inference": inference, **networks}
