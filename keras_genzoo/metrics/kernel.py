"""Kernel distance (KID): unbiased squared maximum mean discrepancy (Binkowski et al. 2018, 1801.01401)."""

from typing import NamedTuple

import numpy as np

from keras_genzoo.metrics._arrays import check_pair
from keras_genzoo.utils.checks import check_at_least


class KernelDistance(NamedTuple):
    """Mean over subsets and its standard error; the error is NaN for a single subset."""

    value: float
    standard_error: float


def kernel_distance(real_features, fake_features, num_subsets=100, subset_size=None, seed=0):
    """Computes the kernel distance with the cubic kernel `(x . y / d + 1)^3`, averaged over random subsets.

    Unlike the Frechet distance, the estimate is unbiased for any number of images: for two samples of one distribution
    its mean is 0, and it may be negative. It is often printed multiplied by 1,000; this value is not.

    Args:
        real_features: array-like (n, d), n >= 2.
        fake_features: array-like (m, d), m >= 2.
        num_subsets: number of random subsets, at least 1; more subsets reduce the standard error.
        subset_size: rows drawn without replacement from each set for each subset, 2 to min(n, m). Default: 1,000, or
            half of the smaller set if it has fewer than 2,000 rows, so that subsets differ.
        seed: seed of the subsets, an integer of at least 0.

    Returns:
        `KernelDistance(value, standard_error)`: lower is better. The standard error is that of the mean over subsets
        of these rows. Subsets overlap, so it does not estimate the error for other rows. It is NaN for a single subset,
        or if every subset contains both sets completely (which is then computed once).

    Raises:
        ValueError: if a set has fewer than 2 rows, contains NaN, numbers of columns differ, or `subset_size` is out
            of range.

    References:
        - [Demystifying MMD GANs](https://arxiv.org/abs/1801.01401), section 4.
        - Gretton et al. 2012, A Kernel Two-Sample Test, eq. 3 (the unbiased estimator).

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import kernel_distance
    >>> draw = np.random.default_rng(0).normal
    >>> same = kernel_distance(draw(size=(400, 8)), draw(size=(400, 8)))
    >>> far = kernel_distance(draw(size=(400, 8)), draw(1.0, size=(400, 8)))
    >>> abs(same.value) < 0.1 < far.value
    True
    """
    real, fake = check_pair(real_features, fake_features, least=2)
    check_at_least(1, num_subsets=num_subsets)
    check_at_least(0, seed=seed)
    smaller = min(len(real), len(fake))
    size = _subset_size(subset_size, smaller)
    if size == len(real) == len(fake):
        return KernelDistance(_squared_discrepancy(real, fake), float("nan"))
    rng = np.random.default_rng(seed)
    values = np.array(
        [
            _squared_discrepancy(
                real[rng.choice(len(real), size, replace=False)], fake[rng.choice(len(fake), size, replace=False)]
            )
            for _ in range(num_subsets)
        ]
    )
    error = values.std(ddof=1) / np.sqrt(num_subsets) if num_subsets > 1 else float("nan")
    return KernelDistance(float(values.mean()), float(error))


def compared(real, fake, seed):
    """The kernel distance between two `Reference`s as a result of `evaluate`."""
    size = default_subset_size(min(len(real), len(fake)))
    value, error = kernel_distance(real.features, fake.features, 100, size, seed)
    protocol = {"kernel": "(x.y/d + 1)^3", "num_subsets": 100, "subset_size": size}
    return {"value": value} | ({} if np.isnan(error) else {"standard_error": error}) | {"protocol": protocol}


def default_subset_size(smaller):
    """Returns the rows a subset that `kernel_distance` draws by default, for the size of the smaller set."""
    return min(1000, max(2, smaller // 2))


def _subset_size(subset_size, smaller):
    if subset_size is None:
        return default_subset_size(smaller)
    check_at_least(2, subset_size=subset_size)
    if subset_size > smaller:
        raise ValueError(f"Expected subset_size of at most the smaller set, {smaller} rows. Received: {subset_size}")
    return subset_size


def _squared_discrepancy(real, fake):
    """Unbiased MMD^2: pairs of a row with itself are left out of the means within one set."""
    within_real, within_fake, across = _kernel(real, real), _kernel(fake, fake), _kernel(real, fake)
    pairs = len(real) * (len(real) - 1)
    real_mean = (within_real.sum() - np.trace(within_real)) / pairs
    fake_mean = (within_fake.sum() - np.trace(within_fake)) / pairs
    return float(real_mean + fake_mean - 2.0 * across.mean())


def _kernel(a, b):
    base = a @ b.T
    base *= 1.0 / a.shape[1]
    base += 1.0
    cube = base * base  # `** 3` is ten times slower
    cube *= base
    return cube
