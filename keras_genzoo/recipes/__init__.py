"""Recipes: all settings of a training in one YAML file, checked before training starts.

A recipe is read into the dataclass `Recipe`; an unknown key raises an error that names the nearest valid key. The
bundled recipes are in `zoo_configs`, one `<model>_<dataset>.yaml` each. TensorFlow is not imported before a model is
built.
"""

from keras_genzoo.recipes.data import DataConfig
from keras_genzoo.recipes.files import build_model, list_recipes, load_recipe, with_own_optimizers
from keras_genzoo.recipes.reading import parse_setting
from keras_genzoo.recipes.recipe import DTYPES, EvaluationConfig, Recipe, check_settings
from keras_genzoo.recipes.stopping import StoppingConfig

__all__ = [
    "DTYPES",
    "DataConfig",
    "EvaluationConfig",
    "Recipe",
    "StoppingConfig",
    "build_model",
    "check_settings",
    "list_recipes",
    "load_recipe",
    "parse_setting",
    "with_own_optimizers",
]
