"""The size and the channels of a model's images, from the data of its recipe."""

import dataclasses

from keras_genzoo import registry
from keras_genzoo.utils.pixels import MAX_SIDE, MIN_SIDE
from keras_genzoo.utils.points import is_point_shape
from keras_genzoo.utils.signals import is_signal_shape

SIDE = 64  # of images that have several sizes, or one that no model takes


def with_image_shape(recipe):
    """The recipe with the `image_shape` of its images, if neither the recipe nor its pretrained weights give one.

    Args:
        recipe: `Recipe`.

    Returns:
        Tuple of the recipe and a sentence about what was chosen; the sentence is `None` if nothing was missing.

    Raises:
        ValueError: If the images of the recipe cannot be read.

    Example:

    >>> from keras_genzoo.recipes import Recipe
    >>> with_image_shape(Recipe("vae"))[0].args
    {'image_shape': [28, 28, 1]}
    """
    takes_images = "image_shape" in registry.describe(recipe.model).arguments
    if not takes_images or "image_shape" in recipe.args or recipe.weights is not None:  # which give it
        return recipe, None
    from keras_genzoo.data.sides import split_of_first_domain
    from keras_genzoo.data.sources import open_part

    data = recipe.data
    part = open_part(data.source, split_of_first_domain(data, data.split), data.limit, **data.array_options())
    try:
        shape = part.shape(data.image_size, data.channels)
        found = "x".join(map(str, shape[:2]))
    except ValueError as error:
        if "image_size=" not in str(error):  # images differ in size
            raise
        shape, found = part.shape((SIDE, SIDE), data.channels), "several sizes"
    if is_point_shape(shape):
        told = f"image_shape: [{shape[0]}], from points of {shape[0]} coordinates."
        return dataclasses.replace(recipe, args={**recipe.args, "image_shape": [*shape]}), told
    if is_signal_shape(shape):
        told = f"image_shape: [{shape[0]},{shape[1]}], from signals of {shape[0]} samples."
        return dataclasses.replace(recipe, args={**recipe.args, "image_shape": [*shape]}), told
    *size, channels = shape
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in size):
        size = [SIDE, SIDE]
    colour = "colour" if channels == 3 else "grey"
    told = f"image_shape: [{size[0]},{size[1]},{channels}], from {colour} images of {found}."
    if found != f"{size[0]}x{size[1]}":
        told += " They are scaled and cropped; image_shape of the model chooses another size."
    return dataclasses.replace(recipe, args={**recipe.args, "image_shape": [*size, channels]}), told
