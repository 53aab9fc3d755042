"""Augmentations of images that a gradient passes through: what a discriminator sees of real and generated images.

Zhao et al., 2020, Differentiable augmentation for data-efficient GAN training, https://arxiv.org/abs/2006.10738
(color, translation, cutout); Karras et al., 2020, Training generative adversarial networks with limited data,
https://arxiv.org/abs/2006.06676, appendix B (flip, scale, and the probability of each).

A function takes images in [-1, 1], `(batch, height, width, channels)`, and uniform numbers `(batch, n)`, and gives
images of the same shape. Translations, flips and scales are products with matrices from the left and from the right,
so that they compile with XLA and have derivatives of any order, which gradient penalties need.
"""

import math

from keras import ops

from keras_genzoo import sampling

MAX_SHIFT = 1 / 8  # of a side: section 3 and appendix of 2006.10738
CUTOUT_SIDE = 1 / 2  # of a side
SCALE_DEVIATION = 0.2  # of the logarithm to base 2: appendix B of 2006.06676
EMPTY = 0.0  # value of pixels from outside of an image: the middle grey


def color(images, numbers):
    """Brightness, saturation and contrast: `(x + u - 0.5)`, and distances from the means times 2 u and u + 0.5."""
    brightness, saturation, contrast = (each[:, None, None, None] for each in ops.unstack(numbers, 3, axis=1))
    images = images + brightness - 0.5
    grey = ops.mean(images, axis=-1, keepdims=True)
    images = grey + (images - grey) * (2.0 * saturation)
    level = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return level + (images - level) * (contrast + 0.5)


def translation(images, numbers):
    """A shift by whole pixels, up to an eighth of each side; what comes from outside is grey."""
    shifts = []
    for axis, length in enumerate(images.shape[1:3]):
        most = max(1, round(length * MAX_SHIFT))
        shifts.append(ops.floor(numbers[:, axis] * (2 * most + 1)) - most)
    return resampled(images, *((ops.ones_like(shift), shift) for shift in shifts))


def cutout(images, numbers):
    """A grey square of half of each side at a random place, partly outside."""
    inside = []
    for axis, length in enumerate(images.shape[1:3]):
        center = ops.floor(numbers[:, axis] * (length + 1 - length % 2))
        distance = ops.arange(length, dtype="float32")[None] - center[:, None]  # (batch, length)
        half = length * CUTOUT_SIDE / 2
        inside.append(ops.cast((distance >= -half) & (distance < half), "float32"))
    hidden = inside[0][:, :, None, None] * inside[1][:, None, :, None]
    return images + (EMPTY - images) * hidden


def flip(images, numbers):
    """A mirror image for half of the images."""
    sign = ops.where(numbers[:, 0] < 0.5, -1.0, 1.0)
    return resampled(images, None, (sign, ops.zeros_like(sign)))


def scale(images, numbers):
    """Enlarged or reduced by 2 to a normal number of standard deviation 0.2, about the center."""
    exponent = math.sqrt(2.0) * SCALE_DEVIATION * ops.erfinv(ops.clip(2.0 * numbers[:, 0] - 1.0, -0.999, 0.999))
    factor = 2.0**exponent
    return resampled(images, *[(factor, ops.zeros_like(factor))] * 2)


FUNCTIONS = {  # in their order, with how many uniform numbers each takes
    "color": (color, 3),
    "flip": (flip, 1),
    "scale": (scale, 1),
    "translation": (translation, 2),
    "cutout": (cutout, 2),
}


def resampled(images, rows, columns):
    """Images of which each axis is mirrored, scaled and shifted, by linear interpolation; grey from outside.

    Args:
        images: `(batch, height, width, channels)`.
        rows: Pair of the factor and the shift in pixels along the height, each `(batch,)`; `None` to leave it.
        columns: The same along the width.
    """
    height, width = images.shape[1:3]
    images = images - EMPTY
    if rows:
        images = ops.einsum("byh,bhwc->bywc", resampling(height, *rows), images)
    if columns:
        images = ops.einsum("bxw,bywc->byxc", resampling(width, *columns), images)
    return images + EMPTY


def resampling(length, factor, shift):
    """Matrices of a linear interpolation along one axis, `(batch, length, length)`: a row for each new position."""
    position = ops.arange(length, dtype="float32")
    middle = (length - 1) / 2
    source = (position - middle - shift[:, None]) / factor[:, None] + middle  # (batch, length): where it comes from
    return ops.relu(1.0 - ops.abs(source[:, :, None] - position))


def augmented(images, seed_generator, names, probability=1.0):
    """Images of which each is changed by each augmentation with a probability, in the order of `FUNCTIONS`.

    Args:
        images: In [-1, 1], `(batch, height, width, channels)`, float32.
        seed_generator: `keras.random.SeedGenerator` that the random numbers come from.
        names: Names of augmentations, of `FUNCTIONS`.
        probability: Number or scalar tensor in [0, 1].

    Returns:
        Images of the same shape; color may go beyond [-1, 1].

    Example:

    >>> import keras
    >>> images = keras.random.uniform((2, 8, 8, 3), -1, 1)
    >>> augmented(images, keras.random.SeedGenerator(0), ("translation", "cutout")).shape
    TensorShape([2, 8, 8, 3])
    """
    chosen = [(function, size) for name, (function, size) in FUNCTIONS.items() if name in names]
    sizes = [size for _, size in chosen]
    numbers = sampling.step_uniform((ops.shape(images)[0], sum(sizes) + len(sizes)), seed_generator)
    first = 0
    for function, size in chosen:
        takes = ops.cast(numbers[:, first] < probability, "float32")[:, None, None, None]
        changed = function(images, numbers[:, first + 1 : first + 1 + size])
        images = images + takes * (changed - images)
        first += 1 + size
    return images
