"""The classes of a model that takes labels, from the data of its recipe."""

import dataclasses
import warnings

from keras_genzoo import presets, registry


def with_classes(recipe):
    """The recipe with the number and the names of the classes of its data, if the model takes them and none are given.

    Args:
        recipe: `Recipe`.

    Returns:
        The recipe itself if nothing is missing.

    Raises:
        ValueError: If the recipe or its pretrained weights have another number of classes than the data, or other
            names. Labels that are only numbers may leave out classes of pretrained weights.

    Example:

    >>> from keras_genzoo.recipes import Recipe
    >>> with_classes(Recipe("cgan")).args
    {'num_classes': 10}
    """
    from keras_genzoo.data.sources import classes_of

    known = registry.describe(recipe.model).arguments
    if "num_classes" not in known:
        return recipe
    classes = classes_of(recipe.data.source, recipe.data.split, **recipe.data.array_options())
    if classes is None:
        return recipe
    stored = {} if recipe.weights is None or recipe.transfer else presets.stored_arguments(recipe.model, recipe.weights)
    args = {**stored, **recipe.args}
    given = args.get("num_classes")
    found = {} if given is not None else {"num_classes": classes.number}
    if found and classes.unseen:
        some = ", ".join(map(str, classes.unseen[:10])) + (" ..." if len(classes.unseen) > 10 else "")
        warnings.warn(
            f"Found no images of {len(classes.unseen)} of {classes.number} classes of {classes.source}: {some}",
            stacklevel=2,
        )
    # Labels that are too great are refused by the model, with an example.
    if given is not None and (classes.declared or (given > classes.number and not stored)):
        classes.check(given, args.get("class_names"), renamed=recipe.args.get("class_names") is not None)
    if "class_names" in known and args.get("class_names") is None and classes.names is not None:
        found["class_names"] = list(classes.names)
    return dataclasses.replace(recipe, args={**recipe.args, **found}) if found else recipe
