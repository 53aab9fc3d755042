"""Which samplers a file of weights has, before Keras loads it."""

import contextlib
import io
import json
import zipfile
from pathlib import Path

from keras_genzoo.families.samplers import SAMPLERS


def samplers_in_file(filepath):
    """The samplers in a `.weights.h5`, `.weights.json` or `.keras` file of a model.

    Args:
        filepath: Path of the file.

    Returns:
        Dict of the sorted shapes of their weights by kind; `None` for what is no such file, which Keras refuses.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile):
        shapes = {}
        for kind, weights in _weights(Path(filepath)):
            shapes[kind] = sorted([*shapes.get(kind, []), *(tuple(weight.shape) for weight in weights.values())])
        return shapes
    return None


def _weights(path):
    """Pairs of the kind of a sampler and the group of its weights, or of those of them that are in one of the files."""
    import h5py

    files = [path]
    if path.suffix == ".json":  # weights in several files
        places = json.loads(path.read_text(encoding="utf-8"))["weight_map"].values()
        names = {name for place in places for name in (place if isinstance(place, list) else [place])}
        files = [path.parent / name for name in sorted(names)]
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            files = [io.BytesIO(archive.read("model.weights.h5"))]
    for each in files:
        with h5py.File(each) as file:
            # Keras writes a layer where it first meets it, by the alphabet: below the model or below its layers.
            for name in (f"{parent}{kind}_sampler/vars" for parent in ("", "layers/") for kind in SAMPLERS):
                if name in file:
                    yield name.removesuffix("_sampler/vars").removeprefix("layers/"), file[name]
