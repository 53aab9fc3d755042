"""What autoencoders can do beside generating: encode, decode, reconstruct, and the likelihood of images."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
from cases import cases_with, for_cases

from keras_genzoo import sampling
from keras_genzoo.models import _likelihood

AUTOENCODERS = cases_with("encode", "decode", "reconstruct", "log_likelihood")


def direct_log_weights(model, images, num, seed, start=0, labels=None):
    """`log p(x|z) + log p(z) - log q(z|x)` by scipy.stats, with the model's networks and noise: (n, num)."""
    x = np.asarray(model.to_network(images), "float64")
    if model.binarize:
        noise = sampling.uniform_rows(seed + 2**32, start, len(x), math.prod(model.image_shape))
        x = (np.asarray(noise).reshape(x.shape) < x).astype("float64")
    posterior = {
        key: np.asarray(value, "float64")
        for key, value in model.encoder(model.with_labels(x, labels), training=False).items()
    }
    rows = np.asarray(sampling.normal_rows(seed, start * num, len(x) * num, model.latent_dim), "float64")
    result = np.empty((len(x), num))
    for i, noise in enumerate(rows.reshape(len(x), num, model.latent_dim)):
        mean, deviation = posterior["z_mean"][i], np.exp(0.5 * posterior["z_log_var"][i])
        z = mean + deviation * noise
        codes = model.with_labels(z.astype("float32"), None if labels is None else np.repeat(labels[i], num))
        decoded = np.asarray(model.decoder(codes, training=False), "float64")
        if model.likelihood == "bernoulli":
            pixels = scipy.stats.bernoulli.logpmf(np.broadcast_to(x[i], decoded.shape), scipy.special.expit(decoded))
        else:
            pixels = scipy.stats.norm.logpdf(x[i], decoded, math.exp(0.5 * float(model.pixel_log_var.numpy())))
        log_prior = scipy.stats.norm.logpdf(z).sum(axis=-1)
        log_posterior = scipy.stats.norm.logpdf(z, mean, deviation).sum(axis=-1)
        result[i] = pixels.reshape(num, -1).sum(axis=-1) + log_prior - log_posterior
    return result


@pytest.fixture(scope="module")
def trained():
    """Function from a row to a model after some steps, so that posterior and prior differ."""
    models = {}

    def get(case):
        if str(case) not in models:
            model = models[str(case)] = case.build()
            for step in range(10):
                model.train_step(case.data(16, seed=step))
            if model.likelihood == "gaussian":
                model.pixel_log_var.assign(-0.7)
        return models[str(case)]

    return get


@for_cases(AUTOENCODERS)
def test_log_likelihood_equals_a_direct_computation(case, trained):
    model, (images, given) = trained(case), case.labelled(3)
    weights = direct_log_weights(model, images, num=7, seed=11, **given)
    expected = scipy.special.logsumexp(weights, axis=1) - math.log(7)
    estimate = model.log_likelihood(images, num_samples=7, seed=11, **given)
    assert estimate.dtype == np.float64
    np.testing.assert_allclose(estimate, expected, rtol=1e-5)
    np.testing.assert_allclose(
        model.elbo(images, seed=11, **given), direct_log_weights(model, images, 1, 11, **given)[:, 0], rtol=1e-5
    )


@for_cases(AUTOENCODERS)
def test_bound_is_under_the_likelihood_on_average(case, trained):
    model, (images, given) = trained(case), case.labelled(4)
    bounds = [model.elbo(images, seed=seed, **given).mean() for seed in range(20)]
    likelihoods = [model.log_likelihood(images, num_samples=50, seed=seed, **given).mean() for seed in range(20)]
    assert np.mean(bounds) < np.mean(likelihoods)


@for_cases(AUTOENCODERS)
def test_bound_equals_reconstruction_minus_divergence_on_average(case, trained):
    model, (images, given) = trained(case), case.labelled(2)
    if model.binarize:  # pixels of 0 and 1 are left as they are
        images = (images > 127).astype("uint8") * 255
    x = model.to_network(images)
    bounds = np.array([model.elbo(images, seed=seed, **given).mean() for seed in range(100)])
    terms = [model.loss_terms(x, **given, training=False) for _ in range(100)]
    totals = np.array([-float(term["reconstruction_loss"]) - float(term["kl_loss"]) for term in terms])
    error = math.sqrt((bounds.var() + totals.var()) / 100)
    assert abs(bounds.mean() - totals.mean()) < 5 * error


@for_cases(AUTOENCODERS)
def test_likelihood_is_the_same_in_any_chunks(case, trained, monkeypatch):
    model, (images, given) = trained(case), case.labelled(4)
    whole = model.log_likelihood(images, num_samples=12, seed=5, **given)
    size = math.prod(model.image_shape)
    for passes in (5, 12, 25):  # five draws, one image, two images a pass
        monkeypatch.setattr(_likelihood, "PIXELS_A_PASS", passes * size)
        np.testing.assert_allclose(model.log_likelihood(images, num_samples=12, seed=5, **given), whole, rtol=1e-6)


@for_cases(AUTOENCODERS)
def test_likelihood_of_an_image_depends_on_its_index_alone(case, trained):
    model, (images, given) = trained(case), case.labelled(6)
    part = {key: value[2:5] for key, value in given.items()}
    whole = model.log_likelihood(images, num_samples=9, seed=5, **given)
    again = model.log_likelihood(images[2:5], num_samples=9, seed=5, start=2, **part)
    np.testing.assert_allclose(again, whole[2:5], rtol=1e-6)
    other = model.log_likelihood(images[2:5], num_samples=9, seed=5, **part)
    assert np.abs(other - whole[2:5]).max() > 1e-3
    bounds = model.elbo(images, seed=5, **given)
    np.testing.assert_allclose(model.elbo(images[2:5], seed=5, start=2, **part), bounds[2:5], rtol=1e-6)


@for_cases(AUTOENCODERS)
def test_likelihood_in_many_parts_is_traced_at_most_twice(case, monkeypatch):
    model, (images, given) = case.build(), case.labelled(6)
    monkeypatch.setattr(_likelihood, "PIXELS_A_PASS", 4 * math.prod(model.image_shape))
    model.log_likelihood(images, num_samples=10, **given)
    model.log_likelihood(images, num_samples=1, **given)
    assert model._functions["log_weights"].experimental_get_tracing_count() <= 2


@for_cases(AUTOENCODERS)
def test_likelihood_takes_seeds_of_any_sign_and_no_images(case, built):
    model, (images, given) = built(case), case.labelled(2)
    results = [model.log_likelihood(images, num_samples=3, seed=seed, **given) for seed in (-1, 2**40, 0)]
    assert np.isfinite(results).all()
    assert len({result.tobytes() for result in results}) == 3
    none = {key: value[:0] for key, value in given.items()}
    assert model.log_likelihood(images[:0], **none).shape == (0,)


@for_cases(AUTOENCODERS)
def test_encode_gives_mean_and_log_variance(case, built):
    model, (images, given) = built(case), case.labelled(3)
    z_mean, z_log_var = model.encode(images, **given)
    assert z_mean.shape == z_log_var.shape == (3, model.latent_dim)
    for other, tolerance in (((images / 255.0).astype("float32"), 1e-5), (images / 255.0, 1e-5)):
        np.testing.assert_allclose(model.encode(other, **given)[0], z_mean, atol=tolerance)


@for_cases(AUTOENCODERS)
def test_log_variance_is_bounded(case):
    model, (images, given) = case.build(), case.labelled(2)
    kernel, bias = model.encoder.get_layer("z_log_var").weights
    for value, bound in ((1e6, 10.0), (-1e6, -10.0)):
        kernel.assign(np.zeros(kernel.shape))
        bias.assign(np.full(bias.shape, value))
        np.testing.assert_array_equal(
            model.encode(images, **given)[1], np.full((2, model.latent_dim), bound, "float32")
        )
        assert np.isfinite(float(model.train_step((images, *given.values()))["loss"]))


@for_cases(AUTOENCODERS)
def test_decode_gives_mean_images(case, built):
    model, (_, given) = built(case), case.labelled(3)
    z = np.random.default_rng(0).normal(size=(3, model.latent_dim))
    images = model.decode(z, **given)
    assert images.dtype == np.float32
    assert images.shape == (3, *case.output)
    decoded = np.asarray(model.decoder(model.with_labels(z.astype("float32"), given.get("labels"))), "float64")
    expected = scipy.special.expit(decoded) if model.likelihood == "bernoulli" else np.clip((decoded + 1) / 2, 0, 1)
    np.testing.assert_allclose(images, expected, atol=1e-6)
    for wrong in (z[0], z[:, 1:], z[None]):
        with pytest.raises(ValueError, match=rf"Expected z of shape \(n, {model.latent_dim}\).*Received"):
            model.decode(wrong, **given)


@for_cases(AUTOENCODERS)
def test_reconstruct_decodes_the_mean_code(case, built):
    model, (images, given) = built(case), case.labelled(5)
    expected = np.rint(np.asarray(model.decode(model.encode(images, **given)[0], **given), "float64") * 255)
    result = model.reconstruct(images, **given)
    assert result.dtype == np.uint8
    assert np.abs(result - expected).max() <= 1  # a value halfway between two levels may go either way
    np.testing.assert_array_equal(model.reconstruct(images, batch_size=2, **given), result)
    none = {key: value[:0] for key, value in given.items()}
    assert model.reconstruct(images[:0], **none).shape == (0, *case.output)


@for_cases(AUTOENCODERS)
def test_use_refuses_wrong_images(case, built):
    model, (images, given) = built(case), case.labelled(2)
    for use in (model.encode, model.reconstruct, model.log_likelihood, model.elbo):
        for wrong in (images[0], images[:, 1:], images.astype("float32"), images.astype("int32")):
            with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
                use(wrong, **given)
    with pytest.raises(
        ValueError, match="Expected num_samples to be an integer of at least 1. Received: num_samples=0"
    ):
        model.log_likelihood(images, num_samples=0, **given)


@for_cases(AUTOENCODERS)
def test_loss_is_the_weighted_sum_of_its_terms(case):
    model = case.build(alpha=3.0)
    logs = {key: float(value) for key, value in model.train_step(case.data(4)).items()}
    assert set(logs) == {"loss", "reconstruction_loss", "kl_loss"}
    assert logs["loss"] == pytest.approx(3.0 * logs["reconstruction_loss"] + logs["kl_loss"], rel=1e-5)


@for_cases(cases_with("training_batch", such_that=lambda case: case.args.get("binarize")))
def test_pixels_are_binarized_with_their_grey_value_as_probability(case):
    model = case.build()
    _, *given = case.data(500)
    grey = np.full((500, *model.image_shape), 64, "uint8")
    first, second = (np.asarray(model.training_batch((grey, *given))[0]) for _ in range(2))
    assert set(np.unique(first)) == {0.0, 1.0}
    assert first.mean() == pytest.approx(64 / 255, abs=0.01)
    assert (first != second).any()
    fixed = [np.asarray(_likelihood.binarized(model, grey[:4], seed=1, start=start)) for start in (0, 0, 2)]
    np.testing.assert_array_equal(fixed[0], fixed[1])
    np.testing.assert_array_equal(fixed[0][2:], fixed[2][:2])
