"""From a name to a model: built anew, with pretrained weights, or from a file."""

import importlib
import inspect
import os
import zipfile
import zlib

from keras_genzoo import presets, registry
from keras_genzoo.utils.backend import check_backend
from keras_genzoo.utils.text import nearest


def model_class(name):
    """The class of a model.

    Args:
        name: One of `list_models()`.

    Raises:
        ValueError: If there is no such model, or if Keras does not run on TensorFlow.
    """
    registry.check_name(name)
    check_backend()
    cls = registry.registered_class(name)
    if cls is not None:
        return cls
    module = importlib.import_module(f"keras_genzoo.models.{name}")
    own = [item for item in vars(module).values() if inspect.isclass(item) and item.__module__ == module.__name__]
    return [item for item in own if hasattr(item, "build_networks")][-1]


def build(name, /, weights=None, optimizers=None, **args):
    """Builds a model by name: a compiled `keras.Model`, with the defaults of its paper.

    Args:
        name: One of `list_models()`; the spelling of the class or the paper is understood (`"DCGAN"`, `"WGAN-GP"`). The
            name of a bundled preset (`"dcgan_mnist"`) builds its model with its weights.
        weights: Pretrained weights: a preset's name (`"mnist"` or `"dcgan_mnist"`), a preset folder, a `.weights.h5`
            file, or an `https://` or `hf://` address. `None` starts from random weights. The arguments saved with a
            preset are the defaults then.
        optimizers: Dict of Keras optimizers by `compile` argument, for example `{"d_optimizer": "sgd"}`; `None` for
            the paper's.
        **args: Arguments of the model, for example `image_shape=(64, 64, 3)`; `show MODEL` on the command line lists
            them.

    Returns:
        The compiled model.

    Raises:
        ValueError: If there is no such model, argument or preset, or a value is out of its range.

    Example:

    >>> model = build("dcgan", image_shape=(8, 8, 1), latent_dim=16, base_filters=8)
    >>> model.generate(2, seed=0).shape
    (2, 8, 8, 1)
    """
    name = registry.plain_name(name)
    if name not in registry.list_models() and name in presets.list_presets():
        if weights is not None:
            raise ValueError(f"Expected no weights beside the preset {name!r}. Received: weights={weights!r}")
        name, weights = registry.owner_of(name), name
    cls = model_class(name)
    check_optimizers(name, cls, optimizers)
    model = cls(**args) if weights is None else presets.load_model(cls, name, weights, args)
    model.compile(**(optimizers or {}))
    return model


def check_optimizers(name, cls, optimizers):
    """Raises `ValueError` unless optimizers are `None`, or a dict by names that the class of the model has."""
    if optimizers is not None and not isinstance(optimizers, dict):
        names = ", ".join(cls.optimizer_names)
        raise ValueError(f"Expected optimizers of {name} as a dict by name: {names}. Received: {optimizers!r}")
    for key, optimizer in (optimizers or {}).items():
        if key not in cls.optimizer_names:
            hint = nearest(key, cls.optimizer_names)
            shown = optimizer if isinstance(optimizer, str) else type(optimizer).__name__
            raise ValueError(f"Expected optimizers of {name}; {hint} Received: {key}={shown!r}")


def from_preset(preset, optimizers=None, **args):
    """Builds the model of a preset with its weights: a compiled `keras.Model`.

    Args:
        preset: Name of a bundled preset, preset folder, or `https://` or `hf://` address of one.
        optimizers: As for `build`.
        **args: As for `build`.

    Raises:
        ValueError: As for `build`.

    Example:

    >>> from_preset("dcgan_mnist").generate(2, seed=0).shape
    (2, 28, 28, 1)
    """
    folder = presets.find(preset)
    return build(presets.read_config(folder)["model"], weights=folder, optimizers=optimizers, **args)


def load_preset(name, folder):
    """The model of a preset folder, not compiled."""
    return presets.load_model(model_class(name), name, folder)


def load(path):
    """Loads a `.keras` file: the model, its weights and its optimizers, exactly as saved.

    After `import keras_genzoo`, `keras.saving.load_model` does the same; this checks the file first.

    Args:
        path: File that `model.save` wrote.

    Raises:
        ValueError: If there is no such file or it is not a whole `.keras` file.
    """
    check_backend()
    import keras

    _check_whole(path)
    return keras.saving.load_model(path)


def _check_whole(path):
    """Raises `ValueError` unless `path` is a `.keras` file of which every byte is as it was written."""
    reason = "not one"
    try:
        with zipfile.ZipFile(path) as file:
            if os.fspath(path).endswith(".keras") and {"config.json", "model.weights.h5"} <= set(file.namelist()):
                reason = file.testzip()  # the first member whose checksum is wrong
    except FileNotFoundError:
        reason = "no such file"
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        reason = str(error)
    if reason:
        raise ValueError(
            f"Expected a whole .keras file, as model.save() writes it. Received: {os.fspath(path)!r} ({reason})"
        )
