"""Presets: pretrained weights with their configuration, checksums and card.

A preset is a folder of five files: `config.json` (model and arguments), `model.weights.h5`, `metadata.json` (versions,
parameter counts, sha256 of the other files), `card.json` (recipe, data set, metrics with their protocols) and
`samples.png`. It is found by its name (bundled presets), as a folder, as a `.weights.h5` file, or at an `https://` or
`hf://` address. Listing presets and reading cards does not import TensorFlow.
"""

from keras_genzoo.presets.bundled import bundled_folder, bundled_name, card, find, is_bundled, list_presets, locate
from keras_genzoo.presets.files import CONFIG, WEIGHTS, read_config, read_metadata
from keras_genzoo.presets.loading import load_model, stored_arguments
from keras_genzoo.presets.saving import save_preset, update_card

__all__ = [
    "CONFIG",
    "WEIGHTS",
    "bundled_folder",
    "bundled_name",
    "card",
    "find",
    "is_bundled",
    "list_presets",
    "load_model",
    "locate",
    "read_config",
    "read_metadata",
    "save_preset",
    "stored_arguments",
    "update_card",
]
