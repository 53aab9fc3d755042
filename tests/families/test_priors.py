"""Priors of codes: their distributions, and what lies between two codes."""

import numpy as np
import scipy.stats

from keras_genzoo.families.priors import JoinedPrior, NormalPrior, OneHotPrior, UniformPrior

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
