"""The posterior of the chain VAE, against dense covariances with SciPy."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from rows.chain_vae import CASES

from keras_genzoo.families.priors import NormalPrior, UniformPrior
from keras_genzoo.models.chain_vae import ChainPosterior, linear_recurrence


def random_chains(num=3, dim=7):
    """A posterior, and for each of its rows the mean and the dense matrix from the noise to the code, in float64."""
    rng = np.random.default_rng(0)
    z_mean, z_log_var, coupling = rng.normal(size=(3, num, dim)).astype("float32")
    coupling[:, 3] = 0.0
    matrices = []
    for log_var, factors in zip(z_log_var, coupling, strict=True):
        below = np.diag(np.float64(factors[1:]), -1)  # (I - A) (z - m) = S noise
        matrices.append(np.linalg.solve(np.eye(dim) - below, np.diag(np.exp(0.5 * np.float64(log_var)))))
    return ChainPosterior(*map(tf.constant, (z_mean, z_log_var, coupling))), z_mean.astype("float64"), matrices


def test_codes_and_densities_are_those_of_a_dense_covariance():
    posterior, means, matrices = random_chains()
    noise = np.random.default_rng(1).normal(size=means.shape).astype("float32")
    z, log_q = posterior.draw(noise)
    for row, matrix in enumerate(matrices):
        np.testing.assert_allclose(z[row], means[row] + matrix @ noise[row], rtol=1e-4, atol=1e-5)
        expected = scipy.stats.multivariate_normal(means[row], matrix @ matrix.T).logpdf(np.float64(z[row]))
        assert float(log_q[row]) == pytest.approx(expected, abs=1e-3)
    np.testing.assert_allclose(posterior.log_density(z), log_q, atol=1e-3)


def test_divergence_is_that_of_a_dense_covariance():
    posterior, means, matrices = random_chains()
    covariances = [matrix @ matrix.T for matrix in matrices]
    np.testing.assert_allclose(posterior.variances(), [np.diag(each) for each in covariances], rtol=1e-5)
    expected = [
        0.5 * (np.trace(each) + mean @ mean - len(mean) - np.linalg.slogdet(each)[1])
        for mean, each in zip(means, covariances, strict=True)
    ]
    np.testing.assert_allclose(posterior.divergence(NormalPrior(7)), expected, rtol=1e-5)
    assert posterior.divergence(UniformPrior(7)) is None


@pytest.mark.parametrize("length", [1, 2, 5, 8])
def test_linear_recurrence_equals_a_loop(length):
    factors, terms = np.random.default_rng(0).normal(size=(2, 2, length)).astype("float32")
    expected, before = np.empty((2, length)), np.zeros(2)
    for i in range(length):
        expected[:, i] = before = factors[:, i] * before + terms[:, i]
    np.testing.assert_allclose(linear_recurrence(tf.constant(factors), tf.constant(terms)), expected, rtol=1e-5)


def test_encoder_gives_bounded_chains():
    """Heads at +-1e6: variances stay within exp(+-10), and correlations of neighbours within +-0.999."""
    case = CASES[0]
    model, (images,) = case.build(latent_dim=9), case.data(2)
    for name, value in (("z_log_var", 1e6), ("z_log_var", -1e6), ("z_correlation", 1e6), ("z_correlation", -1e6)):
        kernel, bias = model.encoder.get_layer(name).weights
        kernel.assign(np.zeros(kernel.shape))
        bias.assign(np.full(bias.shape, value))
        posterior = ChainPosterior(*map(tf.constant, model.encode(images)))
        assert np.isfinite(float(model.train_step((images,))["loss"]))
        assert (np.abs(np.log(posterior.variances())) < 10.01).all()
        assert (posterior.z_coupling[:, 0].numpy() == 0.0).all()
    correlation = posterior.z_coupling[:, 1:] * (posterior.variances()[:, :-1] / posterior.variances()[:, 1:]) ** 0.5
    np.testing.assert_allclose(correlation, -np.tanh(3.8), rtol=1e-3)
