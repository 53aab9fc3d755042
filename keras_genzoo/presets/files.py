"""The files of a preset folder: reading, checking and atomic writing."""

import contextlib
import hashlib
import json
import tempfile
from pathlib import Path

from keras_genzoo.utils.atomic import remove, swap
from keras_genzoo.version import __version__

FORMAT_VERSION = 1
CONFIG, WEIGHTS, METADATA, CARD, SAMPLES = (
    "config.json",
    "model.weights.h5",
    "metadata.json",
    "card.json",
    "samples.png",
)


def read_config(folder):
    """`config.json` of a preset folder, checked: a dict of `format_version`, `model` and `args`."""
    config = read_json(Path(folder) / CONFIG)
    version = config.get("format_version", 0)
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise ValueError(
            f"Expected a preset of format {FORMAT_VERSION} or older: update keras_genzoo to load a newer one. "
            f"Received: format {version!r}, written by keras_genzoo {config.get('keras_genzoo', 'unknown')}"
        )
    if not {"model", "args"} <= set(config):
        raise ValueError(f"Expected {CONFIG} with 'model' and 'args'. Received: {', '.join(config) or 'no key'}")
    return config


def read_metadata(folder):
    """`metadata.json` of a preset folder as a dict: versions, parameter counts, sha256 by file."""
    return read_json(Path(folder) / METADATA)


def verify(folder):
    """Raises `ValueError` unless every file of a preset folder has the sha256 of `metadata.json`."""
    folder = Path(folder)
    checksums = read_metadata(folder).get("sha256", {})
    for name in (CONFIG, WEIGHTS):
        if name not in checksums:
            raise ValueError(f"Expected the sha256 of {name} in {METADATA}. Received: {', '.join(checksums) or 'none'}")
    for name, expected in checksums.items():
        path = folder / name
        if not path.is_file():
            raise ValueError(f"Expected the file {name} in the preset {folder.name}. Received: no such file")
        received = _sha256(path)
        if received != expected:
            raise ValueError(
                f"Expected {name} of the preset {folder.name} with sha256 {expected[:16]}...: the file is damaged "
                f"or was changed; download it again. Received: sha256 {received[:16]}..."
            )


def write_metadata(folder, parameters=None):
    """Writes `metadata.json`: versions, parameter counts and the sha256 of every other file of the folder."""
    import keras
    import tensorflow as tf

    folder = Path(folder)
    if parameters is None:
        parameters = read_metadata(folder)["parameters"]
    versions = {"keras_genzoo": __version__, "keras": keras.__version__, "tensorflow": tf.__version__}
    files = sorted(item.name for item in folder.iterdir() if item.name != METADATA)
    checksums = {name: _sha256(folder / name) for name in files}
    write_json(folder / METADATA, {"versions": versions, "parameters": parameters, "sha256": checksums})


@contextlib.contextmanager
def replaced_folder(path):
    """Context with an empty folder next to `path`, which replaces `path` on success and is removed on an error."""
    path = Path(path).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield scratch
        scratch.chmod(0o755)
        swap(scratch, path)
    except OSError as error:
        raise OSError(f"{path} could not be written ({error}); what was there is unchanged.") from error
    finally:
        remove(scratch)


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path):
    """The dict in a JSON file; raises `ValueError` if the file is missing or holds something else."""
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


def write_json(path, values):
    """Writes a dict as an indented JSON file."""
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
