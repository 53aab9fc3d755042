"""The health of a run of a GAN is measured on some of its training images."""

import dataclasses
import warnings

import numpy as np

MAX_IMAGES = 1024  # among which copies are looked for
# Data as it is, each image once.
PLAIN = {"num_labelled": None, "repeat": 1, "repeat_labelled": 1, "drop_remainder": False}


def health_callbacks(model, recipe, step=0, verbose=0, **options):
    """List of the callback that measures the health of a run; empty for a model that is no GAN, or a single image.

    Args:
        model: The model.
        recipe: `Recipe`.
        step: Number of steps that are done.
        verbose: Whether to say what is wrong.
        **options: Size and channels of the images, as the loaders take them.
    """
    from keras_genzoo.callbacks import GANHealth
    from keras_genzoo.families import BaseGAN

    if not isinstance(model, BaseGAN) or model.data_kind.num_sets > 1:
        return []
    some = first_rows(model, recipe, MAX_IMAGES, **options)
    return [GANHealth(*some, first_step=step, verbose=bool(verbose))] if len(some[0]) > 1 else []


def first_rows(model, recipe, num, **options):
    """Tuple of the first training images, at most `num` (`None`: all), and what follows them: the same in each part."""
    limits = [each for each in (num, recipe.data.limit) if each is not None]
    limit = min(limits) if limits else None
    config = dataclasses.replace(recipe.data, limit=limit, **PLAIN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is wrong with the data was told when all of it was loaded
        data = model.data_kind.load(config.source, config, **options, shuffle=False)
        parts = [batch if isinstance(batch, tuple) else (batch,) for batch in data]
    columns = [np.concatenate([np.asarray(part) for part in column]) for column in zip(*parts, strict=True)]
    return tuple(column[:num] for column in columns)  # a limit counts files, and a wav file has many windows
