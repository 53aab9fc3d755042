"""Real images beside a training: which split they are taken from, and those that a translator shows in pictures."""

import numpy as np


def with_existing_split(recipe, model):
    """The recipe, to be measured on its training split where the source has not the other one: a folder, say."""
    from keras_genzoo import data

    shape = {"image_size": model.image_shape[:2], "channels": model.image_shape[2]}
    try:
        split = recipe.evaluation.split
        data.load_arrays(recipe.data.source, split=split, limit=1, **shape, **recipe.data.array_options())
    except ValueError as error:
        if "Expected a split" not in str(error):
            raise
        return recipe.override({"evaluation.split": recipe.data.split})
    return recipe


def images_to_translate(recipe, model, num):
    """Images of the evaluation's split for each direction of a translator, always the same ones.

    Args:
        recipe: `Recipe`.
        model: The translator.
        num: Images of each domain, at least 1; fewer where there are not so many. Where the domains are matched, so are
            these.

    Returns:
        Dict by direction of uint8 images `(n, height, width, channels)`.
    """
    from keras_genzoo.data.pairs import side_b
    from keras_genzoo.metrics.reference import load_images

    found = with_existing_split(recipe, model)
    split, data = found.evaluation.split, found.data
    options = data.array_options()
    options.pop("label_key", None)
    first = {"source": data.source, "split": split, "image_key": options.pop("image_key", None)}
    second = side_b(data.source, data.source_b, split, data.split_b, data.image_key, data.image_key_b)
    images = {}
    for domain, side in (("a", first), ("b", second)):
        where = {**options, "image_key": side["image_key"]}
        images[domain] = load_images(side["source"], model.image_shape, num, side["split"], options=where)["images"]
    return {direction: images[direction[0]] for direction in model.directions}


def translations(model, images):
    """What a translator makes of images, one direction after the other, without the images themselves.

    Args:
        model: The translator.
        images: Dict by direction, as from `images_to_translate`.

    Returns:
        uint8 array of all translations.
    """
    return np.concatenate([model.translate(batch, direction) for direction, batch in images.items()])
