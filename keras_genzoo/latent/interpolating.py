"""Interpolations between pairs of generated images."""

import numpy as np

from keras_genzoo.families.batches import in_batches
from keras_genzoo.families.generation import with_defaults
from keras_genzoo.families.given_conditions import given_conditions
from keras_genzoo.latent.codes import between
from keras_genzoo.utils.checks import check_at_least, check_seed


def interpolate(model, num, steps, seed=0, start=0, batch_size=64, **conditions):
    """Interpolations between pairs of generated images; the prior, or a fitted mixture, says how.

    Args:
        model: A model with a latent code.
        num: Number of pairs, at least 1: pair i goes from code `start + i` to code `start + i + 1` of the collection
            `seed`.
        steps: Images of a pair, both ends included, at least 2.
        seed: Integer: see `generate`.
        start: Index of the first code, at least 0.
        batch_size: Images in one pass through the network.
        **conditions: As for `generate`, one value per pair: a condition stays the same within a pair.

    Returns:
        uint8 NumPy array `(num, steps, height, width, channels)`.

    Raises:
        ValueError: If the model has no latent code, or an argument is out of its range.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=4)
    >>> keras_genzoo.latent.interpolate(model, 2, 5).shape
    (2, 5, 8, 8, 1)
    """
    if not hasattr(model, "latent_sample"):
        raise ValueError(f"Expected a model with a latent code. Received: {type(model).__name__}")
    check_at_least(1, num=num, batch_size=batch_size)
    check_at_least(2, steps=steps)
    check_at_least(0, start=start)
    z = model.latent_sample(num + 1, check_seed(seed), start)
    codes = between(model, z[:-1], z[1:], np.linspace(0.0, 1.0, steps).astype("float32"))
    given = with_defaults(model, seed, start, num, given_conditions(model, conditions, num, weights=True))
    given = {name: np.repeat(np.asarray(values), steps, axis=0) for name, values in given.items()}
    z = codes.reshape(-1, model.latent_dim)

    def decode(z, **conditions):
        return model.images_from_codes(z, "uint8", **conditions)

    images = np.concatenate(in_batches(model, "interpolate", decode, batch_size, z, **given))
    return images.reshape(num, steps, *model.image_shape)
