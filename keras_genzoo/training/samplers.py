"""Samplers of codes that a recipe declares are fitted to the training images at the end of a run."""

import warnings

import numpy as np

from keras_genzoo.training.epoch_length import images_per_epoch

MAX_IMAGES = 20000  # more codes do not change a sampler of a few components


def check_samplers(model, recipe, data):
    """Raises `ValueError` if samplers of the recipe could not be fitted or are not there, before the first step."""
    declared = getattr(model, "samplers", None) or {}
    num = 0
    if declared:  # counting opens the source
        num = images_per_epoch(model.data_kind, recipe.data, model.image_shape)
        num = min(len(data) * recipe.data.batch_size, num)
    for kind, size in declared.items():
        if kind != "two_stage" and size > min(num, MAX_IMAGES):
            raise ValueError(
                f"Expected samplers.{kind} of at most {min(num, MAX_IMAGES)}, for as many training images. "
                f"Received: {size}"
            )
    for sampler in recipe.evaluation.samplers:
        if sampler not in ("prior", *declared):
            raise ValueError(
                f"Expected evaluation.samplers of {', '.join(['prior', *declared])}, as in args.samplers. "
                f"Received: {sampler!r}"
            )
    _check_stopping(recipe, declared)


def _check_stopping(recipe, declared):
    """Raises `ValueError` if a training is stopped by images of the prior, and judged by those of a sampler."""
    from keras_genzoo.metrics.table import METRICS

    metric, samplers = recipe.stopping.metric, recipe.evaluation.samplers
    generates = metric in METRICS and METRICS[metric].method == "generate"
    if generates and declared and samplers[:1] != ("prior",):
        raise ValueError(
            "Expected evaluation.samplers that begin with prior, from which a training that is not over generates. "
            f"Received: evaluation.samplers={list(samplers)} with stopping.metric={metric}"
        )


def without_samplers(model):
    """Has the grids of a training come from the prior: samplers are fitted at its end."""
    if getattr(model, "samplers", None):
        from keras_genzoo.families.code_sampling import unfit_samplers

        unfit_samplers(model)


def fit_samplers(model, recipe, data):
    """Fits the samplers that the recipe declares to the codes of training images, the first ones of `data`.

    One that cannot be fitted is told by a warning: the weights of the training are worth more.
    """
    images, given = first_images(model, data, MAX_IMAGES)
    for kind, size in list(model.samplers.items()):
        try:
            model.fit_sampler(kind, images, size, seed=recipe.seed, **given)
        except ValueError as error:  # such as too few images, of which the last batch is not full
            warnings.warn(f"The preset has no fitted sampler {kind!r}: {error}", stacklevel=3)


def first_images(model, data, num):
    """The images of the first batches of `data`, at least `num` if it has as many, and the dict of their conditions."""
    from keras_genzoo.families.given_conditions import conditions_of_images

    parts, found = [], 0
    for batch in data:
        parts.append(batch if isinstance(batch, tuple) else (batch,))
        found += len(parts[-1][0])
        if found >= num:
            break
    columns = [np.concatenate([np.asarray(part) for part in column]) for column in zip(*parts, strict=True)]
    taken = conditions_of_images(model)
    return columns[0], {each.name: column for each, column in zip(taken, columns[1:], strict=False)}
