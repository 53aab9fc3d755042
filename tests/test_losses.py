"""Losses against NumPy and SciPy, and where floats end."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
import tensorflow as tf

from keras_genzoo import losses

EXTREME = [-1e4, -100.0, -1.0, 0.0, 1.0, 100.0, 1e4]


def log_sigmoid(x):
    return -np.logaddexp(0.0, -np.asarray(x, "float64"))


def test_discriminator_loss_is_binary_cross_entropy():
    real, fake = [0.3, -2.0, 5.0], [[1.5], [-0.7]]
    expected = -log_sigmoid(real).mean() - log_sigmoid(-np.array(fake)).mean()
    assert float(losses.minimax_discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-6)


def test_each_image_has_its_own_target():
    logits, targets = np.array([[2.0], [-1.0], [0.5]]), np.array([0.9, 0.1, 0.4])
    expected = -(targets * log_sigmoid(logits[:, 0]) + (1 - targets) * log_sigmoid(-logits[:, 0])).mean()
    value = losses.minimax_discriminator_loss(logits, logits, real_targets=targets, fake_targets=targets)
    assert float(value) == pytest.approx(2 * expected, rel=1e-6)
    with pytest.raises(ValueError, match=r"one per logit, \(3, 1\). Received: shape \(2,\)"):
        losses.minimax_discriminator_loss(logits, logits, real_targets=targets[:2])


def test_discriminator_loss_is_two_log_two_where_it_cannot_tell():
    assert float(losses.minimax_discriminator_loss([0.0], [0.0])) == pytest.approx(2 * math.log(2), rel=1e-6)


def test_generator_loss_is_minus_log_of_being_taken_for_real():
    fake = [1.5, -0.7, 0.0]
    assert float(losses.non_saturating_generator_loss(fake)) == pytest.approx(-log_sigmoid(fake).mean(), rel=1e-6)


def finite_with_gradient(function, *inputs):
    inputs = [tf.constant(values, tf.float32) for values in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(*inputs)
    assert np.isfinite(value.numpy()).all()
    gradients = tape.gradient(value, inputs)
    assert all(np.isfinite(gradient.numpy()).all() for gradient in gradients)
    return value.numpy(), [gradient.numpy() for gradient in gradients]


def test_adversarial_losses_are_finite_at_extreme_logits():
    value, (real, fake) = finite_with_gradient(losses.minimax_discriminator_loss, EXTREME, EXTREME)
    expected = np.maximum(EXTREME, 0).mean() * 2 + (2 * math.log1p(math.exp(-1)) + math.log(2)) / 7 * 2
    assert value == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(real, -scipy.special.expit(-np.array(EXTREME)) / 7, atol=1e-7)
    np.testing.assert_allclose(fake, scipy.special.expit(EXTREME) / 7, atol=1e-7)
    _, (gradient,) = finite_with_gradient(losses.non_saturating_generator_loss, EXTREME)
    np.testing.assert_allclose(gradient, -scipy.special.expit(-np.array(EXTREME)) / 7, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_losses_of_half_precision_logits_are_float32(dtype):
    logits = tf.cast([60000.0, -60000.0, 1.0], dtype)
    for loss in (
        losses.minimax_discriminator_loss(logits, logits),
        losses.non_saturating_generator_loss(logits),
        losses.bernoulli_nll(tf.ones((1, 3), dtype), logits[None])[0],
        losses.gaussian_kl(tf.ones((1, 3), dtype), tf.ones((1, 3), dtype))[0],
    ):
        assert loss.dtype == tf.float32
        assert np.isfinite(float(loss))


def test_divergence_is_zero_at_the_prior():
    np.testing.assert_array_equal(losses.gaussian_kl(np.zeros((3, 5)), np.zeros((3, 5))), np.zeros(3))


@pytest.mark.parametrize("mean, log_var", [(0.7, -1.3), (-2.0, 0.5), (0.0, 2.0)])
def test_divergence_equals_numerical_integration(mean, log_var):
    def integrand(z):
        log_q = scipy.stats.norm.logpdf(z, mean, math.exp(0.5 * log_var))
        return math.exp(log_q) * (log_q - scipy.stats.norm.logpdf(z))

    expected, _ = scipy.integrate.quad(integrand, mean - 30, mean + 30, points=[mean], limit=200)
    assert float(losses.gaussian_kl([[mean]], [[log_var]])[0]) == pytest.approx(expected, rel=1e-5)


def test_divergence_adds_up_over_the_code_and_not_over_the_batch():
    rng = np.random.default_rng(0)
    mean, log_var = rng.normal(size=(2, 4, 6))
    single = [
        [float(losses.gaussian_kl([[m]], [[v]])[0]) for m, v in zip(*row, strict=True)]
        for row in zip(mean, log_var, strict=True)
    ]
    np.testing.assert_allclose(losses.gaussian_kl(mean, log_var), np.sum(single, axis=1), rtol=1e-5)


def test_divergence_is_finite_at_the_bound_of_the_log_variance():
    bounds = [[-losses.MAX_LOG_VAR, losses.MAX_LOG_VAR]]
    finite_with_gradient(losses.gaussian_kl, [[1e4, -1e4]], bounds)


def test_bernoulli_nll_equals_scipy():
    rng = np.random.default_rng(1)
    images, logits = rng.integers(0, 2, (3, 4, 5, 1)), rng.normal(0, 3, (3, 4, 5, 1))
    expected = -scipy.stats.bernoulli.logpmf(images, scipy.special.expit(logits)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(losses.bernoulli_nll(images, logits), expected, rtol=1e-5)


def test_bernoulli_nll_of_grey_pixels_is_the_cross_entropy():
    rng = np.random.default_rng(2)
    images, logits = rng.uniform(size=(3, 4, 5, 1)), rng.normal(0, 3, (3, 4, 5, 1))
    expected = -(images * log_sigmoid(logits) + (1 - images) * log_sigmoid(-logits)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(losses.bernoulli_nll(images, logits), expected, rtol=1e-5)


def test_bernoulli_nll_is_finite_at_extreme_logits():
    images = np.array([[0.0, 1.0, 0.5, 0.0, 1.0, 0.5, 0.0]])
    _, (_, gradient) = finite_with_gradient(losses.bernoulli_nll, images, [EXTREME])
    np.testing.assert_allclose(gradient, scipy.special.expit([EXTREME]) - images, atol=1e-6)


@pytest.mark.parametrize("log_var", [-2.0, 0.0, 1.5])
def test_gaussian_nll_equals_scipy(log_var):
    rng = np.random.default_rng(3)
    images, mean = rng.normal(size=(2, 3, 4, 5, 1))
    expected = -scipy.stats.norm.logpdf(images, mean, math.exp(0.5 * log_var)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(losses.gaussian_nll(images, mean, log_var), expected, rtol=1e-5)


def test_gaussian_nll_takes_a_log_variance_for_each_pixel():
    rng = np.random.default_rng(4)
    images, mean, log_var = rng.normal(size=(3, 3, 4, 5, 1))
    expected = -scipy.stats.norm.logpdf(images, mean, np.exp(0.5 * log_var)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(losses.gaussian_nll(images, mean, log_var), expected, rtol=1e-5)


def test_gaussian_nll_is_finite_at_extreme_means():
    for log_var in (-losses.MAX_LOG_VAR, losses.MAX_LOG_VAR):
        finite_with_gradient(lambda x, m, v=log_var: losses.gaussian_nll(x, m, v), [[0.5] * 7], [EXTREME])


def test_log_density_of_codes_equals_scipy():
    z = np.random.default_rng(5).normal(0, 2, (4, 3, 6))
    np.testing.assert_allclose(losses.normal_log_density(z), scipy.stats.norm.logpdf(z).sum(axis=-1), rtol=1e-5)


def test_hinge_losses_stop_at_the_margin():
    real, fake = np.array([2.0, 0.25, -1.0]), np.array([[-3.0], [0.5]])
    expected = np.maximum(0.0, 1.0 - real).mean() + np.maximum(0.0, 1.0 + fake).mean()
    assert float(losses.hinge_discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-6)
    assert float(losses.hinge_generator_loss(fake)) == pytest.approx(1.25, rel=1e-6)


def test_wasserstein_losses_are_differences_of_mean_scores():
    real, fake = np.array([2.0, 0.25, -1.0]), np.array([[-3.0], [0.5]])
    expected = fake.mean() - real.mean()
    assert float(losses.wasserstein_discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-6)
    assert float(losses.wasserstein_generator_loss(fake)) == pytest.approx(1.25, rel=1e-6)


def test_scores_are_finite_at_extremes():
    for loss in (losses.hinge_discriminator_loss, losses.wasserstein_discriminator_loss):
        finite_with_gradient(loss, EXTREME, EXTREME)


def test_gradient_penalty_is_the_mean_squared_distance_of_slopes_from_one():
    slopes = np.array([0.0, 1.0, 2.5, 1e3])
    assert float(losses.gradient_penalty(slopes)) == pytest.approx(((slopes - 1.0) ** 2).mean(), rel=1e-6)


def test_squared_error_is_summed_over_an_image():
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(2, 3, 4, 5, 2))
    expected = ((one - two) ** 2).reshape(3, -1).sum(axis=1)
    np.testing.assert_allclose(losses.squared_error(one, two), expected, rtol=1e-5)


def test_least_squares_losses_equal_numpy():
    real, fake = np.array([0.3, -2.0, 5.0]), np.array([[1.5], [-0.7]])
    expected = 0.5 * np.mean((real - 1.0) ** 2) + 0.5 * np.mean(fake**2)
    assert float(losses.least_squares_discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-6)
    expected = 0.5 * np.mean((fake - 1.0) ** 2)
    assert float(losses.least_squares_generator_loss(fake)) == pytest.approx(expected, rel=1e-6)


def test_least_squares_losses_are_finite_at_extreme_scores_and_least_at_their_targets():
    value, (real, fake) = finite_with_gradient(losses.least_squares_discriminator_loss, EXTREME, EXTREME)
    assert value == pytest.approx(0.5 * np.mean((np.array(EXTREME) - 1) ** 2 + np.square(EXTREME)), rel=1e-6)
    np.testing.assert_allclose(real, (np.array(EXTREME) - 1) / 7, rtol=1e-6)
    np.testing.assert_allclose(fake, np.array(EXTREME) / 7, rtol=1e-6)
    assert float(losses.least_squares_discriminator_loss([1.0], [0.0])) == 0.0
    assert float(losses.least_squares_generator_loss([1.0])) == 0.0
