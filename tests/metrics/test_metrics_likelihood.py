"""ELBO and importance-weighted log-likelihood on a linear Gaussian model, whose likelihood is known exactly."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from keras_genzoo.metrics import binarize, elbo, log_likelihood

PIXELS = 8 * 8


class LinearGaussian:
    """x = W z + b + noise with z ~ N(0, 1); q is the exact posterior, its covariance times `spread`."""

    def __init__(self, spread=1.0):
        rng = np.random.default_rng(0)
        self.weight, self.bias, self.noise = rng.normal(0, 0.1, (PIXELS, 2)), rng.uniform(0.3, 0.7, PIXELS), 0.2
        precision = np.eye(2) + self.weight.T @ self.weight / self.noise**2
        self.posterior = np.linalg.inv(precision)
        self.spread = spread
        self.calls = []

    def exact(self, images):
        covariance = self.weight @ self.weight.T + self.noise**2 * np.eye(PIXELS)
        return np.atleast_1d(multivariate_normal(self.bias, covariance).logpdf(images.reshape(-1, PIXELS) / 255))

    def log_likelihood(self, images, num_samples, seed=0, start=0):
        self.calls.append((len(images), num_samples, seed, start))
        return np.array([self.estimate(x, num_samples, [seed, start + i]) for i, x in enumerate(images)])

    def elbo(self, images, seed=0, start=0):
        return self.log_likelihood(images, 1, seed, start)

    def estimate(self, image, num_samples, seed):
        x = image.reshape(PIXELS) / 255
        mean = self.posterior @ self.weight.T @ (x - self.bias) / self.noise**2
        q = multivariate_normal(mean, self.posterior * self.spread)
        z = q.rvs(num_samples, random_state=np.random.default_rng(seed)).reshape(num_samples, 2)
        residual = x - self.bias - z @ self.weight.T
        log_px = -0.5 * np.sum(residual**2, 1) / self.noise**2 - PIXELS * np.log(self.noise * np.sqrt(2 * np.pi))
        log_prior = multivariate_normal(np.zeros(2), np.eye(2)).logpdf(z)
        return logsumexp(log_px + log_prior - np.atleast_1d(q.logpdf(z))) - np.log(num_samples)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (20, 8, 8, 1), dtype="uint8")


def test_exact_posterior_gives_the_exact_likelihood(images):
    model = LinearGaussian()
    exact = model.exact(images)
    for result in (elbo(model, images), log_likelihood(model, images, num_samples=3)):
        assert result["value"] == pytest.approx(exact.mean(), rel=1e-9)
        assert result["standard_error"] == pytest.approx(exact.std(ddof=1) / np.sqrt(20), rel=1e-9)
        assert result["bits_per_dimension"] == pytest.approx(-exact.mean() / np.log(2) / PIXELS, rel=1e-9)


def test_wrong_posterior_lowers_the_bound_and_samples_close_the_gap(images):
    model = LinearGaussian(spread=4.0)
    exact = model.exact(images).mean()
    gap = 0.5 * (2 * 4 - 2 - 2 * np.log(4))  # KL(q || posterior) of two Gaussians in 2 dimensions
    averaged = np.mean([elbo(model, images, seed=seed)["value"] for seed in range(30)])
    assert averaged == pytest.approx(exact - gap, abs=0.4)
    assert log_likelihood(model, images, num_samples=4000)["value"] == pytest.approx(exact, abs=0.02)


def test_batches_do_not_change_the_result(images):
    model = LinearGaussian(spread=2.0)
    whole = log_likelihood(model, images, 5, batch_size=20, seed=3)
    model.calls.clear()
    assert log_likelihood(model, images, 5, batch_size=8, seed=3) == whole
    assert model.calls == [(8, 5, 3, 0), (8, 5, 3, 8), (4, 5, 3, 16)]


def test_protocol_states_binarization_samples_and_seed(images):
    result = log_likelihood(LinearGaussian(), images, 7, binarization="dynamic", seed=2)
    assert result["protocol"] == {"n": 20, "binarization": "dynamic", "num_samples": 7, "seed": 2}
    assert elbo(LinearGaussian(), images)["protocol"]["binarization"] == "none"


def test_dynamic_binarization_gives_the_model_black_and_white_pixels(images):
    model = LinearGaussian()
    value = elbo(model, images, binarization="dynamic", seed=5)["value"]
    assert value == pytest.approx(model.exact(binarize(images, seed=5)).mean(), rel=1e-9)


def test_model_that_binarizes_gets_grey_images_and_is_named_dynamic(images):
    model = LinearGaussian()
    model.binarize = True
    result = elbo(model, images)
    assert result["protocol"]["binarization"] == "dynamic"
    assert result["value"] == pytest.approx(model.exact(images).mean(), rel=1e-9)  # left to the model
    with pytest.raises(ValueError, match="binarize=True"):
        elbo(model, images, binarization="none")
    black_and_white = binarize(images)
    assert elbo(model, black_and_white)["protocol"]["binarization"] == "none"
    assert elbo(model, black_and_white, binarization="none")["protocol"]["binarization"] == "none"


def test_binarize_draws_white_with_the_grey_level_as_probability():
    grey = np.full((200, 16, 16, 1), 51, "uint8")
    drawn = binarize(grey, seed=1)
    assert set(np.unique(drawn)) == {0, 255}
    assert (drawn == 255).mean() == pytest.approx(0.2, abs=0.01)
    np.testing.assert_array_equal(drawn, binarize((grey / 255).astype("float32"), seed=1))
    assert not np.array_equal(drawn, binarize(grey, seed=2))
    np.testing.assert_array_equal(binarize(drawn, seed=9), drawn)


def test_one_image_has_a_value_without_standard_error(images):
    model = LinearGaussian()
    result = elbo(model, images[:1])
    assert result["value"] == pytest.approx(model.exact(images[:1])[0])
    assert "standard_error" not in result


def test_model_without_likelihood_is_refused(images):
    with pytest.raises(ValueError, match=r"method elbo\(images\).*Received: object"):
        elbo(object(), images)


@pytest.mark.parametrize("returned", [np.zeros(3), np.full(20, np.nan), np.zeros((20, 1))])
def test_values_that_are_not_one_finite_number_an_image_are_refused(images, returned):
    class Broken:
        def elbo(self, images, seed, start):
            return returned

    with pytest.raises(ValueError, match="20 finite numbers"):
        elbo(Broken(), images)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"num_samples": 0}, "num_samples"),
        ({"batch_size": 0}, "batch_size"),
        ({"binarization": "fixed"}, "'none', 'dynamic'"),
        ({"images": np.zeros((0, 8, 8, 1), "uint8")}, "at least one image"),
        ({"images": np.zeros((8, 8, 1), "uint8")}, "batch, height"),
    ],
)
def test_bad_arguments_are_refused(images, change, message):
    with pytest.raises(ValueError, match=message):
        log_likelihood(LinearGaussian(), **({"images": images, "num_samples": 1} | change))
