"""Directions with names, and files of them that know the model in whose latent space they were found."""

import hashlib
import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from keras import ops

from keras_genzoo.latent.codes import check_codes, check_direction, check_movable
from keras_genzoo.utils.atomic import write_atomically

FIELDS = ("vectors", "names", "model", "weights")


def save_directions(path, model, directions):
    """Writes directions with their names to a file, with the model that they belong to.

    Args:
        path: A `.npz` file, which is replaced.
        model: The model in whose latent space they were found.
        directions: A dict of vectors `(latent_dim,)` by name; `Directions`, or an array `(directions, latent_dim)`,
            whose names are then 1, 2 and so on.

    Raises:
        ValueError: If a name or a vector does not fit.

    Example:

    >>> import os, tempfile
    >>> import keras_genzoo
    >>> from keras_genzoo import latent
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = os.path.join(folder, "found.npz")
    ...     latent.save_directions(file, model, {"width": [1, 0, 0, 0], "slant": [0, 1, 1, 0]})
    ...     list(latent.load_directions(file, model))
    ['width', 'slant']
    """
    if Path(path).suffix.lower() != ".npz":
        raise ValueError(f"Expected a .npz file for directions. Received: {os.fspath(path)!r}")
    found = named_directions(model, directions)
    fields = dict(vectors=np.stack([*found.values()]), names=np.array([*found]))
    fields |= dict(model=np.array(model.model_name), weights=np.array(weights_digest(model)))
    write_atomically(path, lambda file: np.savez(file, **fields), suffix=".npz")


def load_directions(path, model):
    """The directions of a file that `save_directions` has written.

    Args:
        path: The `.npz` file; or a `.npy` file `(directions, latent_dim)`, of which only the length is checked, with a
            warning.
        model: The model that they are for: of the same kind, with the same weights as when they were found.

    Returns:
        Dict of float32 arrays `(latent_dim,)` by name.

    Raises:
        ValueError: If it is another file, or its directions are of another model.
        FileNotFoundError: If there is no such file.
    """
    name = os.fspath(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"Expected a .npz file of directions. Received: {name!r}, which is not there")
    try:
        with open(path, "rb") as file:
            content = np.load(file, allow_pickle=False)
            fields = content if isinstance(content, np.ndarray) else {field: content[field] for field in FIELDS}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        raise ValueError(
            f"Expected a file of latent.save_directions, or of keras-genzoo directions --vectors. Received: {name!r}"
        ) from None
    if isinstance(fields, np.ndarray):
        warnings.warn(f"{name} does not say of which model its directions are: save them as .npz", stacklevel=2)
        return named_directions(model, fields)
    kind, weights = str(fields["model"]), str(fields["weights"])
    if kind != model.model_name or weights != weights_digest(model):
        other = kind if kind != model.model_name else f"{kind} with other weights"
        raise ValueError(
            f"Expected directions that were found for this {model.model_name}. Received: those of another model, "
            f"{other}, in {name!r}"
        )
    names, vectors = [str(each) for each in fields["names"].reshape(-1)], fields["vectors"]
    if len(set(names)) != len(names) or vectors.shape[:1] != (len(names),):
        raise ValueError(f"Expected as many directions as names, each once. Received: {name!r}, with {names}")
    return named_directions(model, dict(zip(names, vectors, strict=True)))


def named_directions(model, directions):
    """Directions as a dict of float32 vectors by name, checked for a model; nothing of them is scaled.

    Args:
        model: A model whose codes can move by small steps.
        directions: As in `save_directions`, or the path of such a file.
    """
    check_movable(model)
    if isinstance(directions, str | os.PathLike):
        return load_directions(directions, model)
    if isinstance(directions, Mapping):
        names, vectors = [*directions], [*directions.values()]
    else:
        vectors = check_codes(model, getattr(directions, "vectors", directions), "directions")
        names = [str(number + 1) for number in range(len(vectors))]
    if not names or not all(isinstance(name, str) and name.strip() and name.isprintable() for name in names):
        raise ValueError(f"Expected directions with names, each a line of text. Received: {names}")
    found = {}
    for name, vector in zip(names, vectors, strict=True):
        found[name] = check_direction(model, vector, f"the direction {name!r}")
    return found


def weights_digest(model):
    """SHA-256 of the weights of the network that makes images of codes: the same for a file and a copy of a model."""
    digest = hashlib.sha256()
    for variable in model.generator_network.weights:
        value = np.ascontiguousarray(ops.convert_to_numpy(variable), "<f4")
        digest.update(f"{value.shape}".encode() + value.tobytes())
    return digest.hexdigest()
