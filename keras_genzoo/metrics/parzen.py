"""Log-density of images under a Parzen window on generated ones, of models without a likelihood."""

import warnings

import numpy as np
from scipy.special import logsumexp
from sklearn.metrics.pairwise import euclidean_distances

from keras_genzoo.metrics._arrays import check_pair
from keras_genzoo.utils.checks import check_at_least

BANDWIDTHS = tuple(np.geomspace(0.05, 1.0, 30))
_ROWS_AT_ONCE = 250  # bounds the memory of the distances


def parzen_log_density(real, fake, bandwidths=BANDWIDTHS, num_chosen=1000, seed=0):
    """Computes the mean log-density of real rows under a mixture of Gaussians, one around each generated row.

    The standard deviation of the Gaussians is that which is best for some of the real rows; the others are measured.
    The figure is that of early papers on adversarial networks. Do not choose between models by it: in the dimensions
    of images it says little about samples or likelihoods, and cluster centres of the training data are better than
    the data (https://arxiv.org/abs/1511.01844, section 3.3).

    Args:
        real: array-like (n, d), n >= 2: the pixels of an image in 0..1 per row, for example.
        fake: array-like (m, d), m >= 1. More of them give a higher density.
        bandwidths: standard deviations to choose from, each above 0, in units of the columns.
        num_chosen: number of real rows by which the standard deviation is chosen, at least 1 and below n.
        seed: seed of the choice of these rows, 0 or more.

    A warning says if the best standard deviation is the first or the last of several.

    Returns:
        dict with `value`, nats per row, higher is better; `standard_error` over the rows that were measured;
        `bandwidth`, the standard deviation; and `n`, the number of these rows.

    Raises:
        ValueError: if a set is empty, contains NaN, or numbers of columns differ, or an argument is out of range.

    References:
        Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, section 5; Makhzani et al., 2015,
        https://arxiv.org/abs/1511.05644, table 1.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import parzen_log_density
    >>> row = np.zeros((1, 1))
    >>> result = parzen_log_density(np.zeros((2, 1)), np.zeros((1, 1)), bandwidths=[1.0], num_chosen=1)
    >>> round(result["value"], 4)  # -log(2 pi) / 2
    -0.9189
    """
    real, fake = check_pair(real, fake)
    check_at_least(1, num_chosen=num_chosen)
    check_at_least(0, seed=seed)
    if len(real) < 2:
        raise ValueError(f"Expected at least two real rows, to choose by one of them. Received: {len(real)}")
    if num_chosen >= len(real):
        raise ValueError(f"Expected num_chosen below the number of real rows, {len(real)}. Received: {num_chosen}")
    bandwidths = np.asarray(bandwidths, "float64").reshape(-1)
    if not len(bandwidths) or not (np.isfinite(bandwidths) & (bandwidths > 0)).all():
        raise ValueError(f"Expected bandwidths as numbers above 0, at least one. Received: {bandwidths.tolist()}")
    order = np.random.default_rng(seed).permutation(len(real))
    chosen, measured = real[order[:num_chosen]], real[order[num_chosen:]]
    best = bandwidths[np.argmax(log_densities(chosen, fake, bandwidths).mean(axis=1))]
    if len(bandwidths) > 1 and best in (bandwidths.min(), bandwidths.max()):  # as of pixels in 0..255
        warnings.warn(
            f"The best of the bandwidths is {best:.3g}, at their end: rows in other units need others", stacklevel=2
        )
    values = log_densities(measured, fake, [best])[0]
    return {
        "value": float(values.mean()),
        "standard_error": float(values.std() / np.sqrt(len(values))),
        "bandwidth": float(best),
        "n": len(values),
    }


def log_densities(rows, centres, bandwidths):
    """Log-densities `(bandwidths, n)` of rows `(n, d)` under Gaussians around centres `(m, d)`."""
    dim, parts = rows.shape[1], []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        squares = euclidean_distances(rows[start : start + _ROWS_AT_ONCE], centres, squared=True)
        parts.append([logsumexp(-squares / (2.0 * width**2), axis=1) for width in bandwidths])
    scale = np.log(len(centres)) + dim * np.log(np.sqrt(2.0 * np.pi) * np.asarray(bandwidths))
    return np.concatenate(parts, axis=1) - scale[:, None]
