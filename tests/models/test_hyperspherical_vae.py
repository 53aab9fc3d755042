"""The von Mises-Fisher posterior against SciPy and numerical integration."""

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
import tensorflow as tf
from cases import CASES

from keras_genzoo.families.priors import SpherePrior
from keras_genzoo.likelihood import von_mises_fisher
from keras_genzoo.models.hyperspherical_vae import VonMisesFisherPosterior

CASE = next(case for case in CASES if case.name == "hyperspherical_vae")
KAPPAS = np.array([1e-3, 0.1, 1.0, 10.0, 300.0, 1e4])
DIMS = [2, 3, 10, 50]
for_dims = pytest.mark.parametrize("dim", DIMS)


def scipy_divergence(kappa, dim):
    """The divergence and its derivative by the exponentially scaled Bessel functions of SciPy."""
    order = dim / 2 - 1
    log_bessel = np.log(scipy.special.ive(order, kappa)) + kappa
    mean = scipy.special.ive(order + 1, kappa) / scipy.special.ive(order, kappa)
    log_c = order * np.log(kappa) - dim / 2 * np.log(2 * np.pi) - log_bessel
    log_area = np.log(2) + dim / 2 * np.log(np.pi) - scipy.special.gammaln(dim / 2)
    slope = kappa * (1 - mean**2 - (dim - 1) / kappa * mean)
    return kappa * mean + log_c + log_area, slope, log_c, mean


@for_dims
def test_divergence_and_its_gradient_are_those_of_bessel_functions(dim):
    kappa = tf.constant(KAPPAS)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(kappa)
        divergence = von_mises_fisher.divergence(kappa, dim)
        log_c = von_mises_fisher.log_normalizer(kappa, dim)
    expected, slope, expected_log_c, mean = scipy_divergence(KAPPAS, dim)
    np.testing.assert_allclose(divergence, expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(divergence[0], KAPPAS[0] ** 2 / (2 * dim), rtol=1e-3)  # the leading term of its series
    np.testing.assert_allclose(log_c, expected_log_c, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(tape.gradient(divergence, kappa), slope, rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(tape.gradient(log_c, kappa), -mean, rtol=1e-6)


@for_dims
def test_angles_are_quantiles_of_their_density(dim):
    noise = np.array([-4.0, -1.0, 0.0, 0.7, 3.0])
    for kappa in KAPPAS:
        angles = np.asarray(von_mises_fisher.angles(np.array([kappa]), noise[None], dim))[0]
        reach = min(np.pi, 12.0 * np.sqrt(dim / kappa))
        t = np.linspace(0.0, reach, 200001)
        log_p = kappa * (np.cos(t) - 1.0) + (dim - 2) * np.log(np.maximum(np.sin(t), 1e-300))
        mass = scipy.integrate.cumulative_simpson(np.exp(log_p - log_p.max()), x=t, initial=0.0)
        shares = np.interp(angles, t, mass / mass[-1])
        np.testing.assert_allclose(shares, scipy.stats.norm.cdf(noise), atol=2e-6)


@for_dims
def test_gradient_of_angles_is_that_of_the_map(dim):
    kappa, noise = np.repeat(KAPPAS[1:], 3), np.tile([-2.0, 0.3, 2.0], len(KAPPAS) - 1)[:, None]
    variable = tf.constant(kappa)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        angles = von_mises_fisher.angles(variable, noise, dim)[:, 0]
    step = 1e-2 * kappa  # the map itself is exact to a millionth only
    ends = [np.asarray(von_mises_fisher.angles(kappa + sign * step, noise, dim))[:, 0] for sign in (1, -1)]
    slopes = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(tape.gradient(angles, variable) * kappa, slopes * kappa, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize(("dim", "kappa"), [(2, 2.0), (3, 0.5), (5, 40.0)])
def test_draws_and_densities_are_those_of_scipy(dim, kappa):
    rng = np.random.default_rng(0)
    mean = rng.standard_normal(dim)
    mean /= np.linalg.norm(mean)
    posterior = VonMisesFisherPosterior(np.float32(mean)[None], np.float32([[kappa]])).repeat(4000)
    z, log_q = (np.asarray(each, "float64") for each in posterior.draw(rng.standard_normal((4000, dim)).astype("f")))
    expected = scipy.stats.vonmises_fisher(mean, kappa)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(log_q, expected.logpdf(z / np.linalg.norm(z, axis=1, keepdims=True)), atol=1e-4)
    drawn = expected.rvs(4000, random_state=rng)
    for direction in (mean, *np.eye(dim)):
        assert scipy.stats.ks_2samp(z @ direction, drawn @ direction).pvalue > 1e-3


def test_draws_of_repeated_posteriors_are_those_of_each_alone():
    mean, kappa = np.float32([[0.6, 0.0, 0.8], [0.0, 1.0, 0.0]]), np.float32([[5.0], [80.0]])
    noise = np.random.default_rng(0).standard_normal((12, 3)).astype("float32")
    alone = VonMisesFisherPosterior(mean.repeat(6, axis=0), kappa.repeat(6, axis=0))
    together = VonMisesFisherPosterior(mean, kappa).repeat(2).repeat(3)
    assert int(alone.num_rows) == int(together.num_rows) == 12
    for expected, found in zip(alone.draw(noise), together.draw(noise), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(*(each.divergences(SpherePrior(3)) for each in (alone, together)), rtol=1e-6)


def test_draws_around_the_first_axis_are_finite_and_differentiable():
    mean = tf.constant([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
    kappa = tf.constant([[1e4], [1e4]])
    with tf.GradientTape() as tape:
        tape.watch([mean, kappa])
        z, log_q = VonMisesFisherPosterior(mean, kappa).draw(tf.constant([[0.1, 1.0, 2.0]] * 2))
        total = tf.reduce_sum(z) + tf.reduce_sum(log_q)
    assert all(np.isfinite(np.asarray(each)).all() for each in tape.gradient(total, [mean, kappa]))
    np.testing.assert_allclose(z[:, 0], [1.0, -1.0], atol=1e-2)


def test_divergence_is_the_mean_difference_of_densities():
    posterior = VonMisesFisherPosterior(np.float32([[0.6, 0.0, 0.8]]), np.float32([[5.0]])).repeat(20000)
    noise = np.random.default_rng(0).standard_normal((20000, 3)).astype("float32")
    z, log_q = posterior.draw(noise)
    estimate = np.asarray(log_q - SpherePrior(3).log_density(z))
    assert float(posterior.divergence(SpherePrior(3))[0]) == pytest.approx(estimate.mean(), abs=0.03)


def test_codes_of_images_are_unit_vectors_and_concentrations_are_bounded():
    model = CASE.build()
    images, _ = CASE.labelled(4)
    for bias, bound in ((1e6, 1e4), (-1e6, 1.0)):
        kernel, offset = model.encoder.get_layer("z_spread").weights
        kernel.assign(np.zeros(kernel.shape))
        offset.assign([bias])
        z_mean, z_kappa = model.encode(images)
        np.testing.assert_allclose(np.linalg.norm(z_mean, axis=1), 1.0, rtol=1e-5)
        np.testing.assert_allclose(z_kappa, np.full((4, 1), bound))
        assert np.isfinite(float(model.train_step((images,))["loss"]))
    assert model.encode(images[:0])[1].shape == (0, 1)
