"""Directions that have a name: single components of a code, and the real-valued conditions of a model."""

import re

import numpy as np
from keras import ops

from keras_genzoo.families.conditions import RealCondition
from keras_genzoo.latent.codes import check_movable, conditions_of, decode, on_shell, sample
from keras_genzoo.utils.checks import check_at_least

_NAME = re.compile(r"(\w+)\[(\d+)\]")
_INNER = (1.0, 99.0)  # percentiles of codes from the prior, between which a component goes
_DRAWN = 2000


def named_directions(model, num_samples=16, seed=0):
    """What can be changed by name, and how much it changes: `z[0]`, `z[1]`, ..., and, of an InfoGAN, `factors[0]`, ...

    Args:
        model: A model whose codes can move by small steps.
        num_samples: Codes over which changes are means, at least 1. Time grows with `num_samples * latent_dim`.
        seed: Seed of the codes.

    Returns:
        Dict by name, those that change images most first: mean absolute change of a pixel, 0..255, from one end of the
        direction to the other. A component of a VAE's code that is not used changes nothing.

    Example:

    >>> import keras_genzoo
    >>> small = dict(image_shape=(8, 8, 1), latent_dim=2, base_filters=4)
    >>> sorted(keras_genzoo.latent.named_directions(keras_genzoo.build("infogan", **small)))
    ['factors[0]', 'factors[1]', 'z[0]', 'z[1]']
    """
    check_movable(model)
    reals = [each for each in model.conditions if isinstance(each, RealCondition)]
    names = [f"{each.name}[{index}]" for each in reals for index in range(each.dim)]
    names += [f"z[{index}]" for index in range(model.latent_dim)]
    changes = {}
    for name in names:
        images = traverse(model, name, num_samples, 2, seed).astype("float32")
        changes[name] = float(np.abs(images[:, 0] - images[:, 1]).mean())
    return dict(sorted(changes.items(), key=lambda item: -item[1]))


def traverse(model, name, num=1, steps=9, seed=0, start=0, **conditions):
    """Images along a direction that has a name, all else unchanged.

    A component of a code goes over the inner 98 % of its values under the prior, a condition over its range.

    Args:
        model: A model whose codes can move by small steps.
        name: `"z[3]"`, a component of the code, or `"factors[0]"`, one of a real-valued condition.
        num: Number of rows, at least 1: row i has code `start + i` of the collection `seed`.
        steps: Images in a row, at least 2.
        seed: Integer: see `generate`.
        start: Index of the first code, at least 0.
        **conditions: As for `generate`, one value for each row.

    Returns:
        uint8 NumPy array `(num, steps, height, width, channels)`.

    Raises:
        ValueError: If the model has no such direction.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4)
    >>> keras_genzoo.latent.traverse(model, "z[1]", num=2, steps=5).shape
    (2, 5, 8, 8, 1)
    """
    check_movable(model)
    check_at_least(2, steps=steps)
    part, index = _parsed(model, name)
    z = np.repeat(sample(model, num, seed, start), steps, axis=0)
    given = conditions_of(model, num, conditions, seed, start)
    given = {key: np.repeat(values, steps, axis=0) for key, values in given.items()}
    if part == "z":
        low, high = np.percentile(sample(model, _DRAWN)[:, index], _INNER)
        moved = z.copy()
        moved[:, index] = np.tile(np.linspace(low, high, steps), num)
        z = ops.convert_to_numpy(on_shell(model, moved, z)) if model.prior.kind == "sphere" else moved
    else:
        (condition,) = [each for each in model.conditions if each.name == part]
        given[part][:, index] = np.tile(np.linspace(condition.low, condition.high, steps), num)
    return decode(model, z, **given).reshape(num, steps, *model.image_shape)


def _parsed(model, name):
    """`"factors[1]"` as `("factors", 1)`; raises `ValueError` if the model has no such direction."""
    sizes = {each.name: each.dim for each in model.conditions if isinstance(each, RealCondition)}
    sizes["z"] = model.latent_dim
    found = _NAME.fullmatch(name) if isinstance(name, str) else None
    if found is None or int(found[2]) >= sizes.get(found[1], 0):
        known = ", ".join(f"{part}[0..{size - 1}]" for part, size in sizes.items())
        raise ValueError(f"Expected a direction of {model.model_name}, one of {known}. Received: {name!r}")
    return found[1], int(found[2])
