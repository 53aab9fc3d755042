"""Pictures of Markov chains: missing pixels that are filled in, and a Gibbs chain, step by step."""

import numpy as np

from keras_genzoo.plots.figures import check_methods, save_table
from keras_genzoo.utils import pixels
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least

_GREY = 128  # of missing pixels


def save_imputation(model, images, mask, path, steps=(1, 2, 5, 10, 20, 50), seed=0, **conditions):
    """Draws how missing pixels are filled in: originals, what is known, and the images after some steps.

    Args:
        model: Model with `impute`.
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`: one row each. Missing pixels that are NaN
            are shown as black in the originals.
        mask: Where pixels are missing, as for `impute`; `None`: those that are NaN.
        path: PNG file to write.
        steps: Numbers of steps of `impute` that are shown, each at least 1.
        seed: Integer, of the chain, which is the same for all numbers of steps.
        **conditions: Models with conditions: their values, one per image, such as `labels`.

    Returns:
        Path of the file.

    Raises:
        ValueError: If the model cannot impute, or an argument does not fit.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> left_half = np.arange(8) < np.full((8, 1), 4)
    >>> save_imputation(model, digits[:3], left_half, f"{tempfile.mkdtemp()}/half.png", steps=[1, 4]).name
    'half.png'
    """
    check_methods(model, "impute")
    _check_steps(steps)
    from keras_genzoo.families.imputing import without_missing  # which imports TensorFlow

    images, missing = without_missing(as_array(images, "images"), mask, model.image_shape)
    images, mask = _bytes(model, images), missing
    filled = [model.impute(images, mask, each, seed=seed, **conditions) for each in steps]
    shown = np.stack([images, np.where(missing, np.uint8(_GREY), images), *filled], axis=1)
    return save_table(shown, path, columns=["original", "known", *map(str, steps)])


def save_gibbs_chain(model, images, path, steps=(1, 2, 5, 10, 20, 50, 100, 500), seed=0):
    """Draws Gibbs chains of a Boltzmann machine: the images where they start, and after some steps.

    Args:
        model: Model with `gibbs`.
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`: one row each.
        path: PNG file to write.
        steps: Numbers of steps that are shown, each at least 1; probabilities of pixels as grey values.
        seed: Integer, of the chain, which is the same for all numbers of steps.

    Returns:
        Path of the file.

    Raises:
        ValueError: If the model has no Gibbs chain, or an argument does not fit.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=16)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> save_gibbs_chain(model, digits[:3], f"{tempfile.mkdtemp()}/chain.png", steps=[1, 4]).name
    'chain.png'
    """
    check_methods(model, "gibbs")
    _check_steps(steps)
    images = _bytes(model, as_array(images, "images"))
    shown = np.stack([images, *(model.gibbs(images, each, seed=seed) for each in steps)], axis=1)
    return save_table(shown, path, columns=["start", *map(str, steps)])


def _bytes(model, images):
    """Images of a model, uint8 or float, as uint8."""
    pixels.check_images(images, model.image_shape)
    return images if images.dtype == np.uint8 else pixels.to_uint8(images)


def _check_steps(steps):
    if not np.ndim(steps) == 1 or not len(steps):
        raise ValueError(f"Expected steps as a list of at least one number. Received: steps={steps!r}")
    for each in steps:
        check_at_least(1, steps=each)
