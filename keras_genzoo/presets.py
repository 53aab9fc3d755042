"""Presets: weights with their configuration, checksums and a card of honest numbers.

A preset is a folder of five files: `config.json` (model and arguments), `model.weights.h5`, `metadata.json` (versions,
parameter counts, sha256 of the other files), `card.json` (recipe, data set, metrics with their protocols) and
`samples.png`. It comes from the package (by name), a folder, a `.weights.h5` file, or an `https://` or `hf://` address.
Reading names, cards and checksums imports no TensorFlow.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from keras_genzoo import registry
from keras_genzoo.version import __version__

FORMAT_VERSION = 1
CONFIG, WEIGHTS, METADATA, CARD, SAMPLES = (
    "config.json",
    "model.weights.h5",
    "metadata.json",
    "card.json",
    "samples.png",
)
_BUNDLED = Path(__file__).parent / "weights"
# Arguments that change how a model trains, not what its weights are: they may differ from the preset's.
_FREE_ARGUMENTS = ("seed", "dtype", "name", "d_steps")


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
    return _read_json(_existing_folder(preset) / CARD)


def read_config(folder):
    """`config.json` of a preset folder, checked: a dict of `format_version`, `model` and `args`."""
    config = _read_json(Path(folder) / CONFIG)
    version = config.get("format_version", 0)
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise ValueError(
            f"Expected a preset of format {FORMAT_VERSION} or older: update keras_genzoo to load a newer one. "
            f"Received: format {version!r}, written by keras_genzoo {config.get('keras_genzoo', 'unknown')}"
        )
    if not {"model", "args"} <= set(config):
        raise ValueError(f"Expected {CONFIG} with 'model' and 'args'. Received: {', '.join(config) or 'no key'}")
    return config


def verify(folder):
    """Raises `ValueError` unless every file of a preset folder has the sha256 that `metadata.json` states."""
    folder = Path(folder)
    for name, expected in _read_json(folder / METADATA).get("sha256", {}).items():
        path = folder / name
        if not path.is_file():
            raise ValueError(f"Expected the file {name} in the preset {folder.name}. Received: no such file")
        received = _sha256(path)
        if received != expected:
            raise ValueError(
                f"Expected {name} of the preset {folder.name} with sha256 {expected[:16]}...: the file is damaged "
                f"or was changed; fetch it again. Received: sha256 {received[:16]}..."
            )


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
        return model
    config = read_config(source)
    verify(source)
    if config["model"] != name:
        raise ValueError(f"Expected a preset of {name}. Received: {weights!r}, a preset of {config['model']}")
    stored = config["args"]
    for key, value in args.items():
        if key not in _FREE_ARGUMENTS and key in stored and _as_json(value) != stored[key]:
            raise ValueError(f"Expected {key}={stored[key]!r}, as in the preset {weights!r}. Received: {key}={value!r}")
    model = registry.model_class(name)(**{**stored, **args})
    load_weights(model, source / WEIGHTS)
    return model


def locate(name, weights):
    """Path of the folder or `.weights.h5` file that `weights` stands for, fetched where it is an address."""
    text = os.fspath(weights)
    if text.startswith("https://"):
        return _fetch(text)
    if text.startswith("hf://"):
        return _fetch_from_hub(text.removeprefix("hf://"))
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


def load_weights(model, path):
    """Loads a `.weights.h5` file whole or not at all.

    Raises:
        ValueError: If the file is damaged or belongs to another architecture; the model is as it was then.
    """
    before = model.get_weights()
    try:
        model.load_weights(path)
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        model.set_weights(before)
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(
            f"Expected {Path(path).name} to be a whole weight file of this {model.model_name}. Received: {first_line}"
        ) from error


def _existing_folder(preset):
    folder = _BUNDLED / os.fspath(preset)
    folder = folder if folder.is_dir() else Path(preset)
    if not (folder / CONFIG).is_file():
        hint = registry.nearest(preset, list_presets())
        raise ValueError(f"Expected the name or folder of a preset; {hint} Received: {os.fspath(preset)!r}")
    return folder


def _fetch(url):
    """Downloads a preset into the cache, whole or not at all: a weight file, a zip, or a folder's files."""
    target = _cache_folder() / hashlib.sha256(url.encode()).hexdigest()[:24]
    if url.endswith(".weights.h5"):
        target = target.with_suffix(".weights.h5")
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=_cache_folder()) as scratch:
        scratch = Path(scratch)
        if url.endswith(".weights.h5"):
            _download(url, scratch / WEIGHTS)
            os.replace(scratch / WEIGHTS, target)
            return target
        folder = scratch / "preset"
        folder.mkdir()
        if url.endswith(".zip"):
            _download(url, scratch / "preset.zip")
            _unpack(scratch / "preset.zip", folder)
        else:
            for file in (CONFIG, WEIGHTS, METADATA, CARD, SAMPLES):
                _download(f"{url.rstrip('/')}/{file}", folder / file)
        verify(folder)
        os.replace(folder, target)
    return target


def _unpack(archive, folder):
    """Takes the five files of a preset out of a zip, wherever they lie in it, and nothing else."""
    try:
        with zipfile.ZipFile(archive) as contents:
            for member in contents.namelist():
                file = member.rpartition("/")[2]
                if file in (CONFIG, WEIGHTS, METADATA, CARD, SAMPLES):
                    (folder / file).write_bytes(contents.read(member))
    except zipfile.BadZipFile:
        raise ValueError("Expected a whole zip of a preset. Received: a damaged file") from None


def _download(url, path):
    request = urllib.request.Request(url, headers={"User-Agent": f"keras_genzoo/{__version__}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response, open(path, "wb") as file:
            shutil.copyfileobj(response, file)
    except (urllib.error.URLError, OSError) as error:
        raise ValueError(f"Expected to fetch {url}. Received: {error}") from None


def _fetch_from_hub(repository):
    try:
        import huggingface_hub
    except ImportError:
        raise ValueError("Expected huggingface_hub for hf:// addresses: pip install 'keras-genzoo[hub]'") from None
    try:
        return Path(huggingface_hub.snapshot_download(repository))
    except Exception as error:  # the hub has many kinds of errors, of its own and of its HTTP library
        raise ValueError(f"Expected to fetch hf://{repository}. Received: {str(error).splitlines()[0]}") from error


def _cache_folder():
    root = os.environ.get("KERAS_GENZOO_CACHE") or Path.home() / ".cache" / "keras_genzoo"
    folder = Path(root) / "presets"
    folder.mkdir(parents=True, exist_ok=True)
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
        samples: uint8 images `(n, height, width, channels)` for `samples.png`; made by `model.generate` where missing.
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
    with replaced_folder(path) as folder:
        write_weights(model, folder / WEIGHTS, half_precision)
        args = {key: value for key, value in model.get_config().items() if key not in ("dtype", "seed", "name")}
        config = {"format_version": FORMAT_VERSION, "keras_genzoo": __version__, "model": model.model_name}
        _write_json(folder / CONFIG, {**config, "args": _as_json(args)})
        _write_json(folder / CARD, _as_json(card or {}))
        if samples is None and hasattr(model, "generate"):
            samples = model.generate(64, seed=0)
        if samples is not None:
            from keras_genzoo import plots

            plots.save_grid(samples, folder / SAMPLES)
        write_metadata(folder, parameters=_parameters(model))
    return path


def write_metadata(folder, parameters=None):
    """Writes `metadata.json`: versions, parameter counts and the sha256 of every other file of the folder."""
    import keras
    import tensorflow as tf

    folder = Path(folder)
    if parameters is None:
        parameters = _read_json(folder / METADATA)["parameters"]
    versions = {"keras_genzoo": __version__, "keras": keras.__version__, "tensorflow": tf.__version__}
    files = sorted(item.name for item in folder.iterdir() if item.name != METADATA)
    checksums = {name: _sha256(folder / name) for name in files}
    _write_json(folder / METADATA, {"versions": versions, "parameters": parameters, "sha256": checksums})


def update_card(folder, values):
    """Merges `values` into the card of a preset folder and renews the checksums."""
    folder = Path(folder)
    _write_json(folder / CARD, _as_json({**_read_json(folder / CARD), **values}))
    write_metadata(folder)


@contextlib.contextmanager
def replaced_folder(path):
    """Gives an empty folder beside `path` to fill; on success it takes the place of `path`, else it is removed."""
    path = Path(path).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield scratch
        scratch.chmod(0o755)
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
            os.replace(path, old / "old")
            os.replace(scratch, path)
            shutil.rmtree(old)
        else:
            os.replace(scratch, path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_weights(model, path, half_precision=False):
    """Writes the networks' weights, and nothing of optimizers or metrics, as a `.weights.h5` file."""
    import h5py

    copy = model.float32_copy()
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as scratch:
        whole = Path(scratch) / "whole.weights.h5"
        copy.save_weights(whole)
        with h5py.File(whole, "r") as source, h5py.File(path, "w") as target:
            _copy_h5(source, target, half_precision)


def _copy_h5(source, target, half_precision):
    """Copies groups and datasets, compressed; floats as float16 where they fit it."""
    import h5py
    import numpy as np

    for key, value in source.attrs.items():
        target.attrs[key] = value
    for key, item in source.items():
        if isinstance(item, h5py.Group):
            _copy_h5(item, target.create_group(key), half_precision)
            continue
        data = item[()]
        if half_precision and data.dtype == np.float32 and np.all(np.abs(data) < np.finfo(np.float16).max):
            data = data.astype("float16")
        compressed = {"compression": "gzip", "shuffle": True} if data.ndim else {}
        target.create_dataset(key, data=data, **compressed)


def _parameters(model):
    networks = {item.name: item.count_params() for item in model.layers if item.count_params()}
    return {"total": sum(networks.values()), **networks}


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path):
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(
            f"Expected the file {path.name} in the preset folder {path.parent}. Received: no such file"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"Expected JSON in {path.name}. Received: {error}") from None
    if not isinstance(values, dict):
        raise ValueError(f"Expected keys and values in {path.name}. Received: {type(values).__name__}")
    return values


def _write_json(path, values):
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _as_json(value):
    """Tuples as lists and NumPy numbers as Python's, as JSON gives them back."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    return value.item() if hasattr(value, "item") and not isinstance(value, str) else value
