"""Precision, recall (1904.06991), density and coverage (2002.09797) on balls around k nearest neighbours."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from keras_genzoo.metrics._arrays import check_features, check_pair
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least

# `_inside` keeps two arrays of this many float64 numbers in memory: 64 MB each.
_CHUNK_ELEMENTS = 8_000_000
# Squared distances are computed as |x|^2 + |y|^2 - 2xy. This fraction of |x|^2 + |y|^2 is larger than the rounding
# error of the sum and far below the resolution of float32 features, so that a point on the surface of a ball counts as
# inside.
_TIE = 1e-12


def neighbour_distances(features, k):
    """Computes the distances from each row to its k nearest other rows.

    Args:
        features: array-like (n, d), n > k.
        k: number of neighbours, at least 1.

    Returns:
        float64 (n, k), ascending along the second axis. Column `k - 1` has the radii of the manifold for the
        metrics of this module; duplicates of a row have distance 0.

    Raises:
        ValueError: if k is not below the number of rows, or a value is not finite.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import neighbour_distances
    >>> neighbour_distances(np.array([[0.0], [1.0], [3.0]]), k=2).tolist()
    [[1.0, 3.0], [1.0, 2.0], [2.0, 3.0]]
    """
    features = check_features(features)
    check_at_least(1, k=k)
    if k >= len(features):
        raise ValueError(
            f"Expected k below the number of images, for k nearest neighbours of each. "
            f"Received: k={k} with {len(features)} image(s); lower k or use more images"
        )
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(features)
    return search.kneighbors()[0]


def precision(real_features, fake_features, k=3, radii=None):
    """Computes the fraction of generated images that lie on the manifold of real images, a measure of quality.

    A generated image lies on it if its distance to some real image is at most the distance of that image to its k-th
    nearest real neighbour. Balls are closed in all metrics of this module: a point at exactly this distance is inside.

    Args:
        real_features: array-like (n, d), n > k.
        fake_features: array-like (m, d), m >= 1.
        k: neighbours that set the radius; 3 in the paper. Larger k, larger balls, larger precision.
        radii: (n,) radii of the balls, if they are known already: `neighbour_distances(real_features, k)[:, k - 1]`.

    Returns:
        float in [0, 1], higher is better.

    Raises:
        ValueError: if n <= k, features are not finite, numbers of columns differ, or all radii are 0 because every real
            image has k or more exact duplicates.

    References:
        - [Improved Precision and Recall Metric](https://arxiv.org/abs/1904.06991), eq. 1 and 2.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import precision
    >>> precision(np.array([[0.0], [1.0], [2.0]]), np.array([[0.5], [9.0]]), k=1)
    0.5
    """
    real, fake = check_pair(real_features, fake_features)
    radii = _real_radii(real, k, radii)
    return _share_inside(real, radii, fake)


def recall(real_features, fake_features, k=3, radii=None):
    """Computes the share of real images that lie on the manifold of fake images: variety.

    Args:
        real_features: array-like (n, d), n >= 1.
        fake_features: array-like (m, d), m > k. All fakes equal (a collapsed generator) is a valid input: recall is 0.
        k: neighbours that set the radius of a ball around each fake; 3 in the paper.
        radii: (m,) radii of these balls, if they are known: `neighbour_distances(fake_features, k)[:, k - 1]`.

    Returns:
        float in [0, 1], higher is better.

    Raises:
        ValueError: if m <= k, features are not finite, or numbers of columns differ.

    References:
        - [Improved Precision and Recall Metric](https://arxiv.org/abs/1904.06991), eq. 1 and 2.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import recall
    >>> recall(np.array([[0.0], [1.0], [5.0], [6.0]]), np.array([[0.0], [1.0]]), k=1)
    0.5
    """
    real, fake = check_pair(real_features, fake_features)
    radii = _radii(fake, k, radii)
    return _share_inside(fake, radii, real)


def density(real_features, fake_features, k=5, radii=None):
    """Computes how many real images' balls a fake image lies in, on average, divided by k.

    Unlike precision, one real outlier with a large ball cannot make fakes in empty space count fully.

    Args:
        real_features: array-like (n, d), n > k.
        fake_features: array-like (m, d), m >= 1.
        k: neighbours that set the radius of each ball; 5 in the paper.
        radii: (n,) radii of the balls, if they are known: `neighbour_distances(real_features, k)[:, k - 1]`.

    Returns:
        float, 0 or more, not bounded by 1; about 1 for two samples of one distribution, higher is better.

    Raises:
        ValueError: as `precision`.

    References:
        - [Reliable Fidelity and Diversity Metrics](https://arxiv.org/abs/2002.09797), eq. 4.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import density
    >>> density(np.array([[0.0], [1.0], [2.0]]), np.array([[0.5], [9.0]]), k=1)  # 0.5 is in two balls, 9 in none
    1.0
    """
    real, fake = check_pair(real_features, fake_features)
    radii = _real_radii(real, k, radii)
    return float(sum(int(chunk.sum()) for chunk in _inside(real, radii, fake)) / (k * len(fake)))


def coverage(real_features, fake_features, k=5, radii=None):
    """Computes the share of real images that have at least one fake within their ball: variety.

    Args:
        real_features: array-like (n, d), n > k.
        fake_features: array-like (m, d), m >= 1.
        k: neighbours that set the radius of each ball; 5 in the paper.
        radii: (n,) radii of the balls, if they are known: `neighbour_distances(real_features, k)[:, k - 1]`.

    Returns:
        float in [0, 1], higher is better. For n = m images of one distribution it is about `1 - 2^-k`.

    Raises:
        ValueError: as `precision`.

    References:
        - [Reliable Fidelity and Diversity Metrics](https://arxiv.org/abs/2002.09797), eq. 5 and section 4.1.

    Example:

    >>> import numpy as np
    >>> from keras_genzoo.metrics import coverage
    >>> coverage(np.array([[0.0], [1.0], [5.0], [6.0]]), np.array([[0.5], [99.0]]), k=1)
    0.5
    """
    real, fake = check_pair(real_features, fake_features)
    radii = _real_radii(real, k, radii)
    covered = np.zeros(len(real), dtype=bool)
    for chunk in _inside(real, radii, fake):
        covered |= chunk.any(axis=0)
    return float(covered.mean())


def _radii(features, k, radii):
    if radii is None:
        return neighbour_distances(features, k)[:, -1]
    radii = as_array(radii, "radii").astype("float64")
    if radii.shape != (len(features),):
        raise ValueError(f"Expected one radius a row, shape ({len(features)},). Received: {radii.shape}")
    if not (radii >= 0.0).all():  # NaN is not
        raise ValueError(f"Expected radii of at least 0. Received: {radii[~(radii >= 0.0)][0]:g}")
    check_at_least(1, k=k)
    return radii


def _real_radii(real, k, radii):
    radii = _radii(real, k, radii)
    if not radii.any():
        raise ValueError(
            f"Expected real images that differ. Received: {len(real)} of which each has {k} or more exact duplicates "
            f"in the feature space, so that every neighbourhood is empty"
        )
    return radii


def _share_inside(centres, radii, points):
    """Returns the share of points that lie in at least one ball."""
    return float(np.concatenate([chunk.any(axis=1) for chunk in _inside(centres, radii, points)]).mean())


def _inside(centres, radii, points):
    """Yields bool arrays (points in the chunk, centres): whether each point is inside each centre's ball."""
    middle = centres.mean(axis=0)  # distances do not change, and their rounding errors shrink
    centres, points = centres - middle, points - middle
    centre_norms = np.einsum("nd,nd->n", centres, centres)
    point_norms = np.einsum("nd,nd->n", points, points)
    squared_radii = radii * radii
    rows = max(1, _CHUNK_ELEMENTS // len(centres))
    for start in range(0, len(points), rows):
        part = slice(start, start + rows)
        excess = points[part] @ (-2.0 * centres.T)  # (rows, n), becomes squared distance - squared radius
        excess += (1.0 - _TIE) * point_norms[part, None]
        excess += (1.0 - _TIE) * centre_norms - squared_radii
        yield excess <= 0.0
