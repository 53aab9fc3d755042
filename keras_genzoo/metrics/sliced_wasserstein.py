"""Sliced Wasserstein distance, on any features and on Laplacian pyramid patches (Karras et al. 2018, 1710.10196)."""

import numpy as np
from scipy.ndimage import correlate1d

from keras_genzoo.metrics._arrays import check_pair
from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.pixels import as_unit, check_images
from keras_genzoo.utils.progress import batches

_PATCH = 7  # side of a patch, as in the paper
_BINOMIAL = np.array([1.0, 4.0, 6.0, 4.0, 1.0], dtype="float32") / 16.0
_PROJECTIONS_AT_ONCE = 16  # bounds the memory of the sorted projections
_IMAGES_AT_ONCE = 128  # whose pyramids are in memory together


def sliced_wasserstein(real_features, fake_features, num_projections=512, seed=0):
    """Computes the Wasserstein-1 distance of random one-dimensional projections, averaged over them.

    In one dimension the distance is the area between the two quantile functions, exact for any two numbers of rows.

    Args:
        real_features: array-like (n, d), n >= 1.
        fake_features: array-like (m, d), m >= 1; m need not equal n.
        num_projections: number of directions, uniform on the unit sphere, 1 or more; 512 as in the paper. More make
            it repeat better under other seeds.
        seed: seed of the directions, 0 or more. Compare only distances with equal seeds and numbers of projections.

    Returns:
        float, 0 or more, in units of the features; lower is better.

    Raises:
        ValueError: if a set is empty, contains NaN, or numbers of columns differ.

    References:
        - [Progressive Growing of GANs](https://arxiv.org/abs/1710.10196), section 5.
        - Rabin et al. 2011, Wasserstein Barycenter and its Application to Texture Mixing.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import sliced_wasserstein
    >>> real = np.array([[0.0], [1.0]])
    >>> sliced_wasserstein(real, real + 3.0)  # in one dimension every direction is the axis
    3.0
    """
    real, fake = check_pair(real_features, fake_features)
    return _mean_distance(real, fake, num_projections, seed)


def image_sliced_wasserstein(real_images, fake_images, num_projections=128, patches_per_image=16, seed=0):
    """Computes the sliced Wasserstein distance between 7x7 patches, on each level of a Laplacian pyramid.

    Large images show which scale is wrong: fine texture at the first level, layout at the last. Needs no
    feature extractor. Each patch set is shifted and scaled to zero mean and unit variance per channel, as in the paper,
    so that colour and contrast count little here. Levels halve the image for as long as its smaller side stays at
    least 12 pixels (the paper stops at 16), so that a 28x28 image has two.

    Args:
        real_images: (n, height, width, channels), uint8 or float in [0, 1], sides of at least 7.
        fake_images: (m, height, width, channels), same size and channels.
        num_projections: number of directions per level; the paper takes 512.
        patches_per_image: patches drawn from each image per level; the paper takes 128. Memory grows with it: 7x7
            float32 numbers for each channel, patch and image.
        seed: seed of patches and directions.

    Returns:
        dict from level, "28x28" (height x width), to float distance, 0 or more; lower is better. The paper prints
        them times 1,000; these are not.

    Raises:
        ValueError: if shapes differ, images are smaller than 7 pixels, a set is empty, or values are out of range.

    References:
        - [Progressive Growing of GANs](https://arxiv.org/abs/1710.10196), section 5.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import image_sliced_wasserstein
    >>> images = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), dtype="uint8")
    >>> image_sliced_wasserstein(images, images)
    {'28x28': 0.0, '14x14': 0.0}
    """
    check_images(real_images)
    check_images(fake_images)
    real, fake = np.asarray(real_images), np.asarray(fake_images)
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(f"Expected real and fake images of one shape. Received: {real.shape[1:]} and {fake.shape[1:]}")
    if min(real.shape[1:3]) < _PATCH or not len(real) or not len(fake):
        raise ValueError(
            f"Expected at least one image in each set, of at least {_PATCH}x{_PATCH} pixels. "
            f"Received: {real.shape}, {fake.shape}"
        )
    check_at_least(1, patches_per_image=patches_per_image, num_projections=num_projections)
    check_at_least(0, seed=seed)
    # One stream of positions for both sets: identical sets then give exactly 0.
    real_levels, fake_levels = (_patches(images, patches_per_image, seed) for images in (real, fake))
    return {
        level: _mean_distance(_normalized(real_levels[level]), _normalized(patches), num_projections, seed)
        for level, patches in fake_levels.items()
    }


def _mean_distance(real, fake, num_projections, seed):
    check_at_least(1, num_projections=num_projections)
    check_at_least(0, seed=seed)
    directions = np.random.default_rng(seed).standard_normal((real.shape[1], num_projections))
    directions = (directions / np.linalg.norm(directions, axis=0)).astype(real.dtype)  # (d, p)
    total = 0.0
    for start in range(0, num_projections, _PROJECTIONS_AT_ONCE):
        part = directions[:, start : start + _PROJECTIONS_AT_ONCE]
        total += _quantile_distance(np.sort((real @ part).T, axis=1), np.sort((fake @ part).T, axis=1)).sum()
    return float(total / num_projections)


def _quantile_distance(real, fake):
    """Area between the quantile functions of each row of two sorted arrays (p, n) and (p, m): (p,)."""
    n, m = real.shape[1], fake.shape[1]
    if n == m:
        return np.abs(real - fake).mean(axis=1, dtype="float64")
    # Both step functions are constant between neighbouring jumps, which are at i/n and j/m: whole numbers times 1/(nm).
    jumps = np.union1d(np.arange(1, n + 1, dtype="int64") * m, np.arange(1, m + 1, dtype="int64") * n)
    widths = np.diff(jumps, prepend=0) / (n * m)
    return np.abs(real[:, (jumps - 1) // m] - fake[:, (jumps - 1) // n]) @ widths


def _pyramid(images):
    """Returns the Laplacian pyramid: differences between levels, then what is left at the coarsest one."""
    levels = []
    while min((images.shape[1] + 1) // 2, (images.shape[2] + 1) // 2) >= 12:
        smaller = _blur(images)[:, ::2, ::2]
        spread = np.zeros_like(images)
        spread[:, ::2, ::2] = smaller
        levels.append(images - 4.0 * _blur(spread))  # three of four pixels of `spread` are 0
        images = smaller
    return [*levels, images]


def _blur(images):
    return correlate1d(correlate1d(images, _BINOMIAL, axis=1, mode="mirror"), _BINOMIAL, axis=2, mode="mirror")


def _patches(images, per_image, seed):
    """Patches of each level, `(n * per_image, 7, 7, channels)` by "height x width"; images are read in parts."""
    num, channels = len(images) * per_image, images.shape[3]
    levels = {}
    for part in batches(len(images), _IMAGES_AT_ONCE):
        for level, values in enumerate(_pyramid(as_unit(images[part]))):
            height, width = values.shape[1:3]
            name = f"{height}x{width}"
            if name not in levels:
                rng = np.random.default_rng([seed, level])
                rows, columns = (rng.integers(0, side - _PATCH + 1, num)[:, None, None] for side in (height, width))
                levels[name] = rows, columns, np.empty((num, _PATCH, _PATCH, channels), "float32")
            rows, columns, patches = levels[name]
            drawn = slice(part.start * per_image, part.stop * per_image)
            owners = np.repeat(np.arange(len(values)), per_image)[:, None, None]
            offsets = np.arange(_PATCH)
            patches[drawn] = values[owners, rows[drawn] + offsets[:, None], columns[drawn] + offsets]
    return {name: patches for name, (_, _, patches) in levels.items()}


def _normalized(patches):
    """Patches of zero mean and unit variance per channel over the whole set, as rows."""
    patches -= patches.mean(axis=(0, 1, 2), dtype="float64").astype("float32")
    deviation = patches.std(axis=(0, 1, 2), dtype="float64").astype("float32")
    patches /= np.where(deviation > 1e-6, deviation, 1.0)  # a set of equal pixels, from a collapsed generator, stays 0
    return patches.reshape(len(patches), -1)
