"""The images that a model was trained on, and real ones that it was not: for a check of memorizing."""

import dataclasses

from keras_genzoo.recipes import DataConfig, Recipe
from keras_genzoo.training.health import first_rows
from keras_genzoo.training.real_images import config_of, data_of, is_data_of


def trained_and_held_out(model, preset, data=None, split="test", num=500, seed=0):
    """Training images of a model, and real images of another split.

    Args:
        model: The model.
        preset: Name or folder of a preset, run folder or path of a `.keras` file: see `data_of`.
        data: Another place of the data, or other data.
        split: Split of the images that were not trained on.
        num: Number of these, at most.
        seed: Seed of their choice.

    Returns:
        Tuple of two uint8 arrays: all training images, and the others; `None` in place of these if the source has no
        such split, but only the one of the training.

    Raises:
        ValueError: If a training image is in the other split.
    """
    from keras_genzoo.data.disjoint import check_disjoint
    from keras_genzoo.data.sources import existing_split
    from keras_genzoo.metrics.reference import load_images

    source, _ = data_of(preset, data)
    known = config_of(preset)
    config = dataclasses.replace(known if is_data_of(preset, data) else DataConfig(), source=source)
    located = config.array_options()
    # The shape of the model, and the split, range and limit of its training.
    images = first_rows(model, Recipe(model.model_name, data=config), None, **model.values.loading)[0]
    places = {key: value for key, value in located.items() if key != "label_key"}
    if existing_split(source, split, **places) != split:
        return images, None
    check_disjoint(source, config.split, split, config.limit, **located)
    return images, load_images(source, model.image_shape, num, split, seed, located)["images"]
