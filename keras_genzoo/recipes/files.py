"""Recipes by name or path, and the models built from them."""

import dataclasses
import functools
import importlib.resources
import os
from pathlib import Path

from keras_genzoo import building, registry
from keras_genzoo.recipes.optimizers import completed, make_optimizer
from keras_genzoo.recipes.reading import read_text, read_yaml
from keras_genzoo.recipes.recipe import Recipe
from keras_genzoo.utils.text import nearest


def list_recipes(model=None):
    """Names of the bundled recipes, in alphabetical order.

    Args:
        model: Name of a model, to list only its recipes.

    Example:

    >>> "dcgan_mnist" in list_recipes("dcgan")
    True
    """
    names = sorted(item.name[:-5] for item in _folder().iterdir() if item.name.endswith(".yaml"))
    if model is None:
        return names
    registry.check_name(model)
    return [name for name in names if registry.owner_of(name) == model]


def _folder():
    return importlib.resources.files("keras_genzoo.zoo_configs")


def load_recipe(name):
    """Reads a recipe.

    Args:
        name: One of `list_recipes()`, or the path of a YAML file.

    Returns:
        The `Recipe`, checked.

    Raises:
        ValueError: If the recipe does not exist, or a key or value is invalid; the message names the nearest valid one.

    Example:

    >>> load_recipe("dcgan_mnist").model
    'dcgan'
    """
    name = os.fspath(name)
    if name in list_recipes():
        stem, text = name, (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    elif name.endswith((".yaml", ".yml")) and os.path.isfile(name):
        stem, text = Path(name).stem, read_text(name)
    else:
        raise ValueError(
            f"Expected a recipe's name or a .yaml file; {nearest(name, list_recipes())} Received: {name!r}"
        )
    values = read_yaml(text, f"the recipe {name!r}")
    try:
        recipe = Recipe.from_dict(values)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return recipe if recipe.name else dataclasses.replace(recipe, name=stem)


def with_own_optimizers(recipe):
    """The recipe in which an optimizer without a name is the model's own with the given arguments, name and all."""
    args = {} if recipe.transfer else recipe.args
    own = functools.partial(building.build, recipe.model, weights=recipe.weights, **args)
    return dataclasses.replace(recipe, optimizers=completed(recipe.optimizers, own))


def build_model(recipe):
    """The compiled model of a recipe, with pretrained weights if the recipe names some.

    `dtype: auto` is the fastest on this machine; the dtype policy of the model says which it is.
    """
    from keras_genzoo.finetuning import freeze, transfer
    from keras_genzoo.recipes.precision import resolved

    recipe, _ = resolved(recipe)
    args = {**recipe.args, "seed": recipe.seed, "dtype": recipe.dtype}
    # Optimizers are made first, so that an invalid one is an error before the networks are built.
    optimizers = {key: make_optimizer(spec) for key, spec in with_own_optimizers(recipe).optimizers.items()}
    if recipe.transfer:
        model = transfer(building.build(recipe.model, weights=recipe.weights), optimizers, **args).model
    else:
        model = building.build(recipe.model, weights=recipe.weights, optimizers=optimizers, **args)
    if recipe.freeze:
        freeze(model, *recipe.freeze)
    model.steps_per_execution = recipe.steps_per_execution
    return model
