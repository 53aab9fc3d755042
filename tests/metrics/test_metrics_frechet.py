"""Frechet distance against scipy.linalg.sqrtm, closed forms, and at the edges."""

import numpy as np
import pytest
import scipy.linalg

from keras_genzoo.metrics import Moments, feature_moments, frechet_distance


def direct(real, fake):
    """Equation 6 of 1706.08500 as it stands, with SciPy's matrix square root."""
    c1, c2 = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root = scipy.linalg.sqrtm(c1 @ c2).real
    return np.sum((real.mean(0) - fake.mean(0)) ** 2) + np.trace(c1 + c2 - 2 * root)


@pytest.mark.parametrize("n, m, d", [(300, 300, 5), (200, 150, 20), (60, 500, 12)])
def test_distance_equals_sqrtm(n, m, d):
    rng = np.random.default_rng(d)
    real = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    fake = rng.normal(size=(m, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)
    assert frechet_distance(real, fake) == pytest.approx(direct(real, fake), rel=1e-9)


def test_commuting_covariances_have_the_closed_form():
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    a, b = rng.uniform(0.1, 3.0, 6), rng.uniform(0.1, 3.0, 6)
    shift = rng.normal(size=6)
    real = Moments(np.zeros(6), rotation @ np.diag(a) @ rotation.T, 100)
    fake = Moments(shift, rotation @ np.diag(b) @ rotation.T, 100)
    expected = shift @ shift + np.sum((np.sqrt(a) - np.sqrt(b)) ** 2)
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-12)


def test_one_dimension_is_difference_of_means_and_deviations():
    real, fake = np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [2.0]])
    expected = (2.0 - 1.5) ** 2 + (2.0 - np.sqrt(0.5)) ** 2
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n, d", [(50, 4), (10, 64), (2, 30), (200, 128)])
def test_identical_sets_give_zero(n, d):
    features = np.random.default_rng(1).normal(size=(n, d)).astype("float32") * 1e3
    scale = np.trace(np.cov(features.astype("float64"), rowvar=False))
    assert frechet_distance(features, features) <= 1e-12 * scale
    assert frechet_distance(features, features[::-1]) <= 1e-12 * scale


def test_rank_deficient_covariances_equal_the_distance_within_their_subspace():
    rng = np.random.default_rng(2)
    real, fake = rng.normal(size=(8, 3)), rng.normal(size=(9, 3)) + 1.0
    embed = np.linalg.qr(rng.normal(size=(100, 100)))[0][:3]  # an isometry into 100 dimensions
    assert frechet_distance(real @ embed, fake @ embed) == pytest.approx(direct(real, fake), rel=1e-9)


def test_orthogonal_subspaces_share_no_root():
    rng = np.random.default_rng(3)
    real, fake = np.zeros((20, 6)), np.zeros((20, 6))
    real[:, :3], fake[:, 3:] = rng.normal(size=(20, 3)), rng.normal(size=(20, 3))
    traces = real.var(0, ddof=1).sum() + fake.var(0, ddof=1).sum()
    expected = np.sum((real.mean(0) - fake.mean(0)) ** 2) + traces
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-12)


def test_constant_features_leave_mean_and_variance():
    real = np.random.default_rng(4).normal(size=(30, 4))
    fake = np.full((30, 4), 2.0)
    expected = np.sum((real.mean(0) - 2.0) ** 2) + real.var(0, ddof=1).sum()
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(fake, fake) == 0.0


def test_distance_is_symmetric_and_moments_equal_features():
    rng = np.random.default_rng(5)
    real, fake = rng.normal(size=(40, 7)), rng.normal(size=(50, 7)) * 2
    value = frechet_distance(real, fake)
    assert frechet_distance(fake, real) == pytest.approx(value, rel=1e-12)
    assert frechet_distance(feature_moments(real), fake) == value


def test_moments_equal_numpy():
    features = np.random.default_rng(6).normal(size=(40, 7)).astype("float32")
    moments = feature_moments(features)
    np.testing.assert_allclose(moments.mean, features.astype("float64").mean(0), rtol=1e-12)
    np.testing.assert_allclose(moments.covariance, np.cov(features.astype("float64"), rowvar=False), atol=1e-12)
    np.testing.assert_allclose(moments.factor @ moments.factor.T, moments.covariance, atol=1e-12)
    assert moments.count == 40


@pytest.mark.parametrize(
    "real, message",
    [
        (np.zeros((1, 3)), "at least 2 row"),
        (np.zeros((0, 3)), "at least 2 row"),
        (np.zeros((5, 0)), "1 column"),
        (np.zeros(5), "shape"),
        (np.zeros((5, 2)), "2 and 3"),
        (np.full((5, 3), np.nan), "5 of 5 rows"),
        (np.array([[0.0, 0, 0], [0, np.inf, 0]]), "first in row 1"),
    ],
)
def test_bad_features_are_refused(real, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(real, np.random.default_rng(0).normal(size=(5, 3)))


def test_moments_are_shown_in_one_line():
    assert repr(feature_moments(np.eye(30)[:, :20])) == "<Moments of 30 rows of 20 features>"
