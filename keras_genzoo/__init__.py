"""keras_genzoo: a zoo of generative models for Keras 3 on TensorFlow.

Public names are loaded on first use, so that `import keras_genzoo` is fast and does not import TensorFlow.
"""

import importlib

import wrapt

from keras_genzoo.utils import kernels
from keras_genzoo.version import __version__

kernels.turn_on()

# public name -> module that defines it
_EXPORTS = {
    "Recipe": "recipes",
    "build": "building",
    "evaluate": "metrics",
    "finetune": "training",
    "freeze": "finetuning",
    "from_preset": "building",
    "list_models": "registry",
    "list_presets": "presets",
    "list_recipes": "recipes",
    "load": "building",
    "load_recipe": "recipes",
    "register": "registry",
    "train": "training",
    "transfer": "finetuning",
}
_MODULES = (
    "callbacks",
    "data",
    "export",
    "families",
    "latent",
    "layers",
    "losses",
    "metrics",
    "models",
    "plots",
    "presets",
    "training",
)

__all__ = ["__version__", *sorted(_EXPORTS), *_MODULES]


@wrapt.when_imported("keras")  # before or after this package
def _register_stand_ins(keras):
    """Lets `keras.saving.load_model` load models of the zoo, whose modules are imported when a file needs them."""
    importlib.import_module("keras_genzoo.registry").register_stand_ins(keras)


def __getattr__(name):
    if name in _EXPORTS:
        return getattr(importlib.import_module(f"keras_genzoo.{_EXPORTS[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"keras_genzoo.{name}")
    raise AttributeError(f"module 'keras_genzoo' has no attribute {name!r}")


def __dir__():
    return __all__
