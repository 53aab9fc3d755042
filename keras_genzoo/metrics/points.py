"""Metrics of generated points: how many modes of a mixture they cover, how good they are, how even over the modes."""

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import xlogy

from keras_genzoo.data.points import known_modes, modes_of
from keras_genzoo.metrics.samplers import sampler_of
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.points import is_point_shape
from keras_genzoo.utils.progress import status
from keras_genzoo.utils.text import shown

RADIUS = 3.0  # standard deviations of a mode within which a sample is good: section 4.1 of 1712.04086


def mode_coverage(points, modes):
    """Coverage of the modes of a mixture by points.

    Each point belongs to the nearest mode. It is good if it lies within three standard deviations of it.

    Args:
        points: Floats `(n, coordinates)`, n at least 1.
        modes: `keras_genzoo.data.modes_of(...)`, or a pair of means `(modes, coordinates)` and a standard deviation.

    Returns:
        Dict of `modes`, the number of modes with at least one good point, `good_share`, the share of good points, and
        `reverse_kl`, the KL divergence in nats of the distribution of all points over the modes from the uniform one:
        the sum of `p * log(p * K)` over K modes, 0 at best and log K where all points belong to one mode.

    Raises:
        ValueError: On points that are not finite or have another number of coordinates than the modes.

    References:
        Lin et al., 2018, https://arxiv.org/abs/1712.04086, section 4.1.

    Example:

    >>> mode_coverage([[0.0], [0.1], [0.9], [7.0]], ([[0.0], [1.0], [2.0], [3.0]], 0.05))["modes"]
    2
    """
    points = as_array(points, "points").astype("float64")
    means, std = np.asarray(modes[0], "float64"), float(modes[1])
    if points.ndim != 2 or not len(points) or points.shape[1:] != means.shape[1:]:
        raise ValueError(f"Expected points of shape (n, {means.shape[1]}), n at least 1. Received: {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError("Expected finite points. Received: NaN or infinity")
    distances, nearest = cKDTree(means).query(points)
    good = distances <= RADIUS * std
    shares = np.bincount(nearest, minlength=len(means)) / len(points)
    divergence = float(np.sum(xlogy(shares, shares * len(means))))
    return {
        "modes": len(np.unique(nearest[good])),
        "good_share": float(good.mean()),
        "reverse_kl": max(divergence, 0.0),
    }


def makes_points(model):
    """Whether a model, or any object with `generate`, makes points and not images, by its `image_shape`."""
    return is_point_shape(getattr(model, "image_shape", None))


def evaluate_points(model, data, names, num, seed, progress, split, floor, sampler, unread):
    """What `evaluate` returns for a model of points; `unread` are arguments that these metrics do not read, by name."""
    for name, value in unread.items():
        if value is not None:
            raise ValueError(f"Expected no {name}: metrics of points do not read it. Received: {name}={value!r}")
    if known_modes(data) is None:
        raise ValueError(
            f"Expected data whose modes are known, 'points:grid25' or 'points:ring8', for {', '.join(names)}. "
            f"Received: {shown(data)}"
        )
    modes, chosen = modes_of(data), {} if sampler is None else {"sampler": sampler}
    with status("generating", progress):
        found = mode_coverage(model.generate(num, seed=seed, batch_size=2500, **chosen), modes)
    good = f"within {RADIUS:g} standard deviations, {RADIUS * modes.std:g}, of the nearest of {len(modes.means)} modes"
    protocol = {"n_fake": num, "data": data, "seed": seed, "good": good}
    if (sampler := sampler_of(model, sampler)) is not None:
        protocol["sampler"] = sampler
    results = {name: {"value": found[name], "protocol": dict(protocol)} for name in names}
    if floor:
        real = _real_coverage(data, split, num, modes)
        for name, result in results.items():
            result["floor"] = {"value": real[name], "protocol": {"n_real": num, "data": data, "split": split}}
    return results


def _real_coverage(data, split, num, modes):
    """`mode_coverage` of as many real points."""
    from keras_genzoo.data import load_arrays

    real, _ = load_arrays(data, split=split, limit=num)
    if len(real) < num:
        raise ValueError(f"Expected num_images of at most {len(real)}, the points of {split}. Received: {num}")
    return mode_coverage(real, modes)
