"""Frechet distance between two sets of features, taken as Gaussians (Heusel et al. 2017, 1706.08500, eq. 6)."""

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg

from keras_genzoo.metrics._arrays import check_equal_width, check_features


@dataclass(frozen=True, eq=False, repr=False)
class Moments:
    """Mean and covariance of a feature set: all that the Frechet distance needs of it.

    Attributes:
        mean: float64 (d,).
        covariance: float64 (d, d), symmetric, divided by n - 1.
        count: number n of rows that they were computed from.
    """

    mean: np.ndarray
    covariance: np.ndarray
    count: int

    def __repr__(self):
        return f"<Moments of {self.count} rows of {len(self.mean)} features>"

    @cached_property
    def factor(self):
        """A (d, r) matrix F with F F^T = covariance; r is its numerical rank. Computed once."""
        values, vectors = scipy.linalg.eigh(self.covariance)
        # Directions without variance come back as +-1e-16 of the largest: their square root would be 1e-8, noise
        # that adds up over a few thousand features, so they are dropped before the root.
        keep = values > max(values[-1], 0.0) * len(values) * np.finfo("float64").eps
        return vectors[:, keep] * np.sqrt(values[keep])


def feature_moments(features):
    """Computes the mean and the covariance of features, in float64.

    Args:
        features: array-like (n, d), n >= 2, finite.

    Returns:
        `Moments`. Keep them to compare one set of real images with many sets of fakes.

    Raises:
        ValueError: if there are fewer than 2 rows (one row has no covariance), or a value is not finite.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import feature_moments
    >>> feature_moments(np.array([[0.0, 1.0], [2.0, 1.0]])).mean
    array([1., 1.])
    """
    features = check_features(features, "features for a Frechet distance", least=2)
    mean = features.mean(axis=0)
    centred = features - mean  # (n, d)
    return Moments(mean, centred.T @ centred / (len(features) - 1), len(features))


def frechet_distance(real_features, fake_features):
    """Computes the squared Frechet distance between Gaussians fitted to two sets of features.

    `|m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2))`, with the unbiased covariances.

    The trace of the root is the sum of the singular values of `F1^T F2`, where `F F^T = C` comes from a symmetric eigen
    decomposition; those are the roots of the eigenvalues of `C1^(1/2) C2 C1^(1/2)`. So the result is
    real and never negative, and covariances without full rank (fewer images than features) need no correction.
    Identical sets give 0 within 1e-12 of the covariances' trace.

    The estimate is biased upwards, the more the fewer the images (1801.01401): compare only numbers with equal counts,
    and with the floor between two sets of real images. It is an "FID" only on the features of the published Inception
    network; on others, name the features.

    Args:
        real_features: array-like (n, d) with n >= 2, or `Moments` from `feature_moments`.
        fake_features: array-like (m, d) with m >= 2, or `Moments`. The order of the two does not matter.

    Returns:
        float, 0 or more, lower is better; in squared units of the features.

    Raises:
        ValueError: if a set has fewer than 2 rows, contains NaN, or the numbers of columns differ.

    Warns:
        UserWarning: if a set has at most as many rows as columns.

    References:
        - [GANs Trained by a Two Time-Scale Update Rule](https://arxiv.org/abs/1706.08500), eq. 6.
        - Dowson and Landau 1982, the distance between two Gaussians.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import frechet_distance
    >>> real = np.random.default_rng(0).normal(size=(500, 4))
    >>> round(frechet_distance(real, real + 2.0), 6)  # shifted by 2 in 4 directions: 4 * 2^2
    16.0
    """
    real, fake = _moments(real_features), _moments(fake_features)
    check_equal_width(len(real.mean), len(fake.mean))
    overlap = real.factor.T @ fake.factor  # (r1, r2)
    root_trace = scipy.linalg.svdvals(overlap).sum() if overlap.size else 0.0
    _warn_of_few_images(min(real.count, fake.count), len(real.mean))
    shift = real.mean - fake.mean
    distance = shift @ shift + np.trace(real.covariance) + np.trace(fake.covariance) - 2.0 * root_trace
    return max(float(distance), 0.0)  # rounding can leave -1e-15 for identical sets


def _warn_of_few_images(count, width):
    if count <= width:
        warnings.warn(
            f"Computed a Frechet distance of {count} images in {width} features, without a correction: with so few the "
            f"covariances lack rank, and the distance is biased upwards; use more than {width} images, or the kernel "
            "distance",
            stacklevel=3,
        )


def _moments(features):
    return features if isinstance(features, Moments) else feature_moments(features)
