"""Finds presets: bundled ones by name, folders, files and addresses."""

import os
from pathlib import Path

from keras_genzoo import registry
from keras_genzoo.presets.fetching import fetch, fetch_from_hub
from keras_genzoo.presets.files import CARD, CONFIG, read_json
from keras_genzoo.utils.text import nearest

_BUNDLED = Path(__file__).parent.parent / "weights"
_RUN = "recipe.yaml"  # in the folder of a run


def list_presets(model=None):
    """Names of the bundled presets, in alphabetical order.

    Args:
        model: Name of a model, to list only its presets.

    Example:

    >>> "dcgan_mnist" in list_presets("dcgan")
    True
    """
    if model is not None:
        registry.check_name(model)
    folders = sorted(path.parent.name for path in _BUNDLED.glob(f"*/{CONFIG}"))
    return [name for name in folders if model is None or registry.owner_of(name) == model]


def card(preset):
    """The card of a preset as a dict: recipe, data set and its licence, seed, wall time, metrics with their protocols.

    Args:
        preset: Name of a bundled preset, or a preset folder.

    Example:

    >>> card("dcgan_mnist")["data"]["title"]
    'MNIST'
    """
    return read_json(existing_folder(preset) / CARD)


def bundled_folder(name):
    """Path of the folder of a bundled preset."""
    return _BUNDLED / name


def is_bundled(name):
    """Whether a string is the name of a bundled preset.

    Raises:
        ValueError: If a preset or a run in the working directory has the same name: nothing tells which is meant.
    """
    name = os.fspath(name)
    if not _has_bundled(name):
        return False
    model = registry.owner_of(name)
    _check_one_meaning(name, f"the model {model!r} and the weights {name.removeprefix(f'{model}_')!r}")
    return True


def bundled_name(preset):
    """Name of the bundled preset that `preset` is the name or the folder of; `None` for another preset."""
    if is_bundled(preset):
        return os.fspath(preset)
    folder = Path(preset).resolve()
    return folder.name if folder.parent == _BUNDLED.resolve() and _has_bundled(folder.name) else None


def _has_bundled(name):
    return name.isidentifier() and (_BUNDLED / name / CONFIG).is_file()


def _check_one_meaning(name, other):
    """Raises `ValueError` if a bundled preset's name is that of a preset or a run in the working directory too."""
    if any(Path(name, file).is_file() for file in (CONFIG, _RUN)):
        raise ValueError(
            f"Expected {os.path.join(os.curdir, name)!r} for the folder of this name, or {other} for the bundled "
            f"preset. Received: {name!r}, which names both"
        )


def locate(name, weights):
    """Path of the folder or `.weights.h5` file that `weights` names; an address is downloaded."""
    text = os.fspath(weights)
    if is_address(text):
        return fetched(text)
    full = f"{name}_{text}"
    if _has_bundled(full) and registry.owner_of(full) == name:
        _check_one_meaning(text, repr(full))
        return _BUNDLED / full
    if is_bundled(text) and registry.owner_of(text) == name:
        return _BUNDLED / text
    if is_bundled(text):
        own = ", ".join(list_presets(name)) or "none"
        raise ValueError(
            f"Expected weights of {name} (presets: {own}). Received: {text!r}, weights of {registry.owner_of(text)}"
        )
    path = Path(text)
    if (text and path.is_dir()) or (path.is_file() and text.endswith(".weights.h5")):
        return existing_folder(path) if _preset_of_run(path) else path
    raise ValueError(
        "Expected weights as a preset's name, a preset folder, a .weights.h5 file, or an https:// or hf:// address; "
        f"presets of {name}: {', '.join(list_presets(name)) or 'none'}; {nearest(text, list_presets())} "
        f"Received: {text!r}"
    )


def is_address(text):
    """Whether a text is the `https://` or `hf://` address of a preset."""
    return text.startswith(("https://", "hf://"))


def fetched(address):
    """Path of the preset, or the weight file, at an address; it is downloaded once."""
    return fetch_from_hub(address.removeprefix("hf://")) if address.startswith("hf://") else fetch(address)


def find(preset):
    """Path of the folder of a preset: a bundled one, a folder, or one at an address.

    Raises:
        ValueError: If there is no such preset.
    """
    text = os.fspath(preset)
    return fetched(text) if is_address(text) else existing_folder(text)


def existing_folder(preset):
    """Path of the folder of a preset, by its name or path; raises `ValueError` if it does not exist."""
    folder = _BUNDLED / preset if is_bundled(preset) else Path(preset)
    if not (folder / CONFIG).is_file():
        if inner := _preset_of_run(folder):
            hint = f"did you mean {os.fspath(inner)!r}, of this run?"
        else:
            hint = f"this folder has no {CONFIG}." if folder.is_dir() else nearest(preset, list_presets())
        raise ValueError(f"Expected the name or folder of a preset; {hint} Received: {os.fspath(preset)!r}")
    return folder


def _preset_of_run(folder):
    """The folder of the preset in that of a run, which is none itself; `None` for other folders."""
    inner = folder / "preset"
    return inner if (inner / CONFIG).is_file() and not (folder / CONFIG).is_file() else None
