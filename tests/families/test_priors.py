"""Priors of codes: their distributions, and what lies between two codes."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from keras_genzoo.families.priors import (
    JoinedPrior,
    MixturePrior,
    NormalPrior,
    OneHotPrior,
    SpherePrior,
    UniformPrior,
)

NORMAL = np.random.default_rng(0).standard_normal((4000, 6)).astype("float32")


def test_uniform_codes_are_uniform_from_minus_one_to_one():
    codes = np.asarray(UniformPrior(6).from_normal(NORMAL))
    np.testing.assert_allclose(codes, 2.0 * scipy.stats.norm.cdf(NORMAL) - 1.0, atol=1e-6)
    assert codes.min() < -0.99 and codes.max() > 0.99
    density = scipy.stats.uniform(-1, 2).logpdf([[0.5] * 6, [0.5] * 5 + [1.5]]).sum(axis=1)
    np.testing.assert_allclose(UniformPrior(6).log_density(np.float32([[0.5] * 6, [0.5] * 5 + [1.5]])), density)


def test_one_hot_codes_are_of_every_class_equally_often():
    codes = np.asarray(OneHotPrior(6).from_normal(NORMAL))
    np.testing.assert_array_equal(np.sort(codes, axis=1), np.tile([0.0] * 5 + [1.0], (4000, 1)))
    assert scipy.stats.chisquare(codes.sum(axis=0)).pvalue > 1e-3
    np.testing.assert_allclose(OneHotPrior(6).log_density(codes[:3]), np.log(np.full(3, 1 / 6)), rtol=1e-6)
    ways = np.asarray(OneHotPrior(6).interpolate(codes[:1], codes[1:2], np.float32([0.0, 0.4, 0.5, 1.0])))[0]
    np.testing.assert_array_equal(ways, codes[[0, 0, 1, 1]])


def test_parts_of_a_joined_code_are_codes_of_their_priors():
    parts = NormalPrior(1), OneHotPrior(3), UniformPrior(2)
    joined, columns = JoinedPrior(*parts), (slice(0, 1), slice(1, 4), slice(4, 6))
    assert joined.dim == 6
    codes = np.asarray(joined.from_normal(NORMAL))
    fractions = np.float32([0.25, 0.75])
    ways = np.asarray(joined.interpolate(codes[:2], codes[2:4], fractions))
    assert ways.shape == (2, 2, 6)
    densities = [np.asarray(part.log_density(codes[:2, own])) for part, own in zip(parts, columns, strict=True)]
    np.testing.assert_allclose(joined.log_density(codes[:2]), sum(densities), rtol=1e-6)
    for part, own in zip(parts, columns, strict=True):
        np.testing.assert_array_equal(codes[:, own], part.from_normal(NORMAL[:, own]))
        np.testing.assert_array_equal(ways[..., own], part.interpolate(codes[:2, own], codes[2:4, own], fractions))


# -- mixtures ----------------------------------------------------------------------------------------------------------

WEIGHTS = np.array([0.2, 0.5, 0.3])


def mixture(kind, dim=3):
    """A mixture of three Gaussians, and the same as SciPy's."""
    rng = np.random.default_rng(1)
    means = 3.0 * rng.standard_normal((3, dim))
    scales = np.exp(0.5 * rng.standard_normal((3, dim)))
    matrices = np.apply_along_axis(np.diag, -1, scales)
    if kind == "triangular":
        matrices += 0.2 * np.tril(rng.standard_normal((3, dim, dim)), -1)
    factors = scales if kind == "diagonal" else matrices
    logits = np.log(WEIGHTS) + 2.5  # a constant does not matter
    prior = MixturePrior(*(np.float32(each) for each in (logits, means, factors)))
    return prior, [scipy.stats.multivariate_normal(m, f @ f.T) for m, f in zip(means, matrices, strict=True)]


for_factors = pytest.mark.parametrize("kind", ["diagonal", "triangular"])


@for_factors
def test_density_of_a_mixture_is_that_of_scipy(kind):
    prior, gaussians = mixture(kind)
    z = np.float32(4.0 * np.random.default_rng(2).standard_normal((2, 5, 3)))
    expected = scipy.special.logsumexp([each.logpdf(z) for each in gaussians], b=WEIGHTS[:, None, None], axis=0)
    np.testing.assert_allclose(prior.log_density(z), expected, rtol=1e-5)


@for_factors
def test_codes_of_a_mixture_have_the_shares_means_and_covariances_of_its_components(kind):
    prior, gaussians = mixture(kind)
    normal = np.random.default_rng(0).standard_normal((20000, 4)).astype("float32")
    codes = np.asarray(prior.from_normal(normal))
    component = np.digitize(scipy.stats.norm.cdf(normal[:, 0]), np.cumsum(WEIGHTS)[:-1])
    for index, gaussian in enumerate(gaussians):
        own = codes[component == index]
        assert len(own) / 20000 == pytest.approx(WEIGHTS[index], abs=0.01)
        spread = np.sqrt(np.diag(gaussian.cov))
        np.testing.assert_array_less(np.abs(own.mean(axis=0) - gaussian.mean), 0.07 * spread)
        np.testing.assert_array_less(np.abs(np.cov(own.T) - gaussian.cov), 0.07 * np.outer(spread, spread))


def test_density_of_narrow_components_far_from_the_origin_is_exact():
    means = np.float32([[300.0] * 40, [300.1] * 40])
    prior = MixturePrior(np.zeros(2, "float32"), means, np.full((2, 40), 0.01, "float32"))
    z = np.float32(np.float64(means[:1]) + 0.01 * np.random.default_rng(0).standard_normal((1, 40)))
    # the other component is ten standard deviations away
    expected = scipy.stats.norm(np.float64(means[0]), 0.01).logpdf(np.float64(z)).sum() - np.log(2.0)
    np.testing.assert_allclose(prior.log_density(z), [expected], rtol=1e-5)


@for_factors
def test_interpolation_in_a_mixture_begins_and_ends_at_the_codes_and_stays_in_one_component(kind):
    prior, gaussians = mixture(kind, dim=30)
    rng = np.random.default_rng(3)
    ends = np.float32([gaussians[0].rvs(random_state=rng), gaussians[0].rvs(random_state=rng)])
    ways = np.asarray(prior.interpolate(ends[:1], ends[1:], np.float32([0.0, 0.5, 1.0])))[0]
    np.testing.assert_allclose(ways[[0, 2]], ends, atol=1e-4)
    # a great circle around its mean: the middle is as far from it as the ends, which a straight line is not
    distances = [np.linalg.solve(np.linalg.cholesky(gaussians[0].cov), each - gaussians[0].mean) for each in ways]
    lengths = np.linalg.norm(distances, axis=-1)
    assert min(lengths[0], lengths[2]) * 0.99 < lengths[1] < max(lengths[0], lengths[2]) * 1.01


def test_codes_on_the_sphere_are_uniform():
    codes = np.asarray(SpherePrior(6).from_normal(NORMAL))
    np.testing.assert_allclose(np.linalg.norm(codes, axis=-1), 1.0, rtol=1e-6)
    for axis in range(6):  # a coordinate has the distribution of 2 b - 1 for a symmetric beta variable b
        assert scipy.stats.kstest((codes[:, axis] + 1) / 2, scipy.stats.beta(2.5, 2.5).cdf).pvalue > 1e-3
    np.testing.assert_allclose(SpherePrior(6).log_density(codes[:2]), np.full(2, -np.log(np.pi**3)), rtol=1e-6)
    ways = np.asarray(SpherePrior(6).interpolate(codes[:3], codes[3:6], np.float32([0.3, 0.7])))
    np.testing.assert_allclose(np.linalg.norm(ways, axis=-1), 1.0, rtol=1e-5)
