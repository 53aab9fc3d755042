"""The models, one file each; importing this package registers all of them with Keras."""

import importlib

from keras_genzoo.registry import bundled_models

for _name in bundled_models():
    importlib.import_module(f"keras_genzoo.models.{_name}")
