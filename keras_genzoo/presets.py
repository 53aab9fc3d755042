"""Presets: weights with their configuration, checksums and a card of honest numbers.

A preset is a folder of five files: `config.json` (model and arguments), `model.weights.h5`, `metadata.json` (versions,
parameter counts, sha256 of the other files), `card.json` (recipe, data set, metrics with their protocols) and
`samples.png`. It comes from the package (by name), a folder, a `.weights.h5` file, or an `https://` or `hf://` address.
Reading names, cards and checksums imports no TensorFlow.
"""

import os
import shutil
from pathlib import Path

from keras_genzoo import registry
from keras_genzoo.fetching import fetch, fetch_from_hub
from keras_genzoo.preset_files import (
    CARD,
    CONFIG,
    FORMAT_VERSION,
    SAMPLES,
    WEIGHTS,
    as_json,
    read_config,
    read_json,
    read_metadata,
    replaced_folder,
    verify,
    write_json,
    write_metadata,
)
from keras_genzoo.version import __version__
from keras_genzoo.weight_files import load_weights, write_weights

_BUNDLED = Path(__file__).parent / "weights"


def list_presets(model=None):
    """Names of the bundled presets, in alphabetical order.

    Args:
        model: Only those of this model.

    Example:

    >>> "dcgan_mnist" in list_presets("dcgan")
    True
    """
    if model is not None:
        registry.check_name(model)
    folders = sorted(path.parent.name for path in _BUNDLED.glob(f"*/{CONFIG}"))
    return [name for name in folders if model is None or read_config(_BUNDLED / name)["model"] == model]


def card(preset):
    """The card of a preset as a dict: recipe, data set and its licence, seed, wall time, metrics with protocols.

    Args:
        preset: Name of a bundled preset, or a preset folder.

    Example:

    >>> card("dcgan_mnist")["data"]["title"]
    'MNIST'
    """
    return read_json(_existing_folder(preset) / CARD)


def bundled_folder(name):
    """Path of the folder of a bundled preset."""
    return _BUNDLED / name


# -- loading ----------------------------------------------------------------------------------------------------------


def load_model(name, weights, args=None):
    """A model with pretrained weights, not compiled; `keras_genzoo.build(name, weights=...)` calls this.

    Args:
        name: Registry name of the model.
        weights: Name of a bundled preset, with or without the model's (`"dcgan_mnist"`, `"mnist"`); a preset folder;
            a `.weights.h5` file; `https://` address of a folder with the preset's files, of a `.zip` of it, or of a
            `.weights.h5` file; `hf://owner/repository` (needs huggingface_hub).
        args: Dict of arguments that were given explicitly. Those that decide the shapes must equal the preset's.

    Raises:
        ValueError: If there is no such preset, it is damaged, newer than this package, of another model, or does not
            fit `args`.
    """
    args = dict(args or {})
    source = locate(name, weights)
    if source.is_file():
        model = registry.model_class(name)(**args)
        load_weights(model, source)
        model.after_pretrained()
        return model
    config = read_config(source)
    verify(source)
    if config["model"] != name:
        raise ValueError(f"Expected a preset of {name}. Received: {weights!r}, a preset of {config['model']}")
    stored, cls = config["args"], registry.model_class(name)
    for key, value in args.items():
        if key not in cls.training_arguments and key in stored and as_json(value) != stored[key]:
            raise ValueError(f"Expected {key}={stored[key]!r}, as in the preset {weights!r}. Received: {key}={value!r}")
    registry.check_arguments(name, stored)
    model = cls(**{**stored, **args})
    load_weights(model, source / WEIGHTS)
    model.after_pretrained()
    return model


def locate(name, weights):
    """Path of the folder or `.weights.h5` file that `weights` stands for, fetched where it is an address."""
    text = os.fspath(weights)
    if text.startswith("https://"):
        return fetch(text)
    if text.startswith("hf://"):
        return fetch_from_hub(text.removeprefix("hf://"))
    for candidate in (f"{name}_{text}", text):
        if (_BUNDLED / candidate / CONFIG).is_file() and candidate in list_presets(name):
            return _BUNDLED / candidate
    path = Path(text)
    if path.is_dir() or (path.is_file() and text.endswith(".weights.h5")):
        return path
    raise ValueError(
        "Expected weights as a preset's name, a preset folder, a .weights.h5 file, or an https:// or hf:// address; "
        f"presets of {name}: {', '.join(list_presets(name)) or 'none'}; {registry.nearest(text, list_presets())} "
        f"Received: {text!r}"
    )


def _existing_folder(preset):
    folder = _BUNDLED / os.fspath(preset)
    folder = folder if folder.is_dir() else Path(preset)
    if not (folder / CONFIG).is_file():
        hint = registry.nearest(preset, list_presets())
        raise ValueError(f"Expected the name or folder of a preset; {hint} Received: {os.fspath(preset)!r}")
    return folder


# -- saving -----------------------------------------------------------------------------------------------------------


def save_preset(model, path, card=None, half_precision=False, samples=None, overwrite=False):
    """Writes a preset folder, whole or not at all.

    Args:
        model: Model of the zoo.
        path: Folder to write.
        card: Dict for `card.json`, for example from a training run.
        half_precision: Whether weights are stored as float16, which halves the file. The model itself is unchanged;
            numbers for the card are to be measured on the preset as loaded.
        samples: uint8 images `(n, height, width, channels)` for `samples.png`, or a function that takes the model as it
            was stored and gives them. Where missing, they are the first images of seed 0, eight rows, from the weights
            as they were stored; a model that does not generate has no picture then.
        overwrite: Whether an existing folder is replaced; it survives until the new one is complete.

    Returns:
        Path of the folder.

    Raises:
        ValueError: If `path` exists and is not to be overwritten.
    """
    path = Path(path)
    if path.exists() and not overwrite and (not path.is_dir() or any(path.iterdir())):
        raise ValueError(
            f"Expected a new or empty folder, or overwrite=True. Received: {os.fspath(path)!r}, which exists"
        )
    if path.exists() and not (path / CONFIG).is_file() and (not path.is_dir() or any(path.iterdir())):
        raise ValueError(
            f"Expected a preset to overwrite: nothing else is deleted. Received: {os.fspath(path)!r}, which is none"
        )
    with replaced_folder(path) as folder:
        stored = write_weights(model, folder / WEIGHTS, half_precision)
        args = {key: value for key, value in model.get_config().items() if key not in ("dtype", "seed", "name")}
        config = {"format_version": FORMAT_VERSION, "keras_genzoo": __version__, "model": model.model_name}
        write_json(folder / CONFIG, {**config, "args": as_json(args)})
        write_json(folder / CARD, as_json(card or {}))
        columns = None
        if samples is None and hasattr(stored, "generate"):
            columns = stored.grid_columns
            samples = stored.generate(8 * columns, seed=0)
        elif callable(samples):
            samples = samples(stored)
        if samples is not None:
            from keras_genzoo import plots

            plots.save_grid(samples, folder / SAMPLES, columns)
        write_metadata(folder, parameters=_parameters(model))
    return path


def update_card(folder, values):
    """Merges `values` into the card of a preset folder and renews the checksums."""
    folder = Path(folder)
    new = as_json({**read_json(folder / CARD), **values})
    parameters = read_metadata(folder)["parameters"]
    with replaced_folder(folder) as scratch:
        shutil.copytree(folder, scratch, dirs_exist_ok=True)
        write_json(scratch / CARD, new)
        write_metadata(scratch, parameters)


def _parameters(model):
    """Dict of the number of weights of each network, by attribute name, and of all together."""
    import keras

    # Attributes that Keras tracks; a VAE keeps a view of its decoder besides, which is no network of its own.
    views = {key for key in vars(model) if key == "generator_network"}
    items = {key: item for key, item in vars(model).items() if isinstance(item, keras.Model) and key not in views}
    networks = {key: item.count_params() for key, item in items.items()}
    return {"total": model.count_params(), **networks}
