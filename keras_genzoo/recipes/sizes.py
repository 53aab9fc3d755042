"""The number of training images of a model whose loss needs it, from the data of its recipe."""

import dataclasses

from keras_genzoo import registry


def with_dataset_size(recipe):
    """The recipe with the `dataset_size` of its data, if the model takes one and the recipe gives none.

    Args:
        recipe: `Recipe`.

    Returns:
        The recipe itself if nothing is missing.

    Raises:
        ValueError: If the recipe gives another number than that of the images.

    Example:

    >>> from keras_genzoo.recipes import Recipe
    >>> with_dataset_size(Recipe("beta_tc_vae")).args
    {'dataset_size': 1500}
    """
    if "dataset_size" not in registry.describe(recipe.model).arguments:
        return recipe
    from keras_genzoo.data.parts import count_of
    from keras_genzoo.data.sources import named, open_part

    data, given = recipe.data, recipe.args.get("dataset_size")
    part = open_part(data.source, data.split, data.limit, **data.array_options())
    number = count_of(part, recipe.args.get("image_shape"))
    if given is None:
        return dataclasses.replace(recipe, args={**recipe.args, "dataset_size": number})
    if given != number:
        raise ValueError(
            f"Expected dataset_size={number}, the number of training images of {named(data.source)}, or none, for the "
            f"number that there is. Received: dataset_size={given!r}"
        )
    return recipe
