"""Autoencoders with a likelihood: codes, reconstructions, the bound, and the likelihood of images against SciPy."""

import math

import numpy as np
import options
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
from cases import cases_with, for_cases

from keras_genzoo import sampling
from keras_genzoo.likelihood import importance
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.record import Record

AUTOENCODERS = cases_with("encode", "decode", "reconstruct", "log_likelihood")
KEYS = ("likelihood", "network")
METHODS = ("loss_terms", "negative_bound", "log_weights", "encoded", "codes", "posterior", "prior", "divergence")


def properties(case):
    """Properties in which models of the family differ: methods of the bound, likelihood, conditions, network."""
    cls = case.model_class
    # a prior is a property
    methods = {name: getattr(getattr(cls, name), "fget", getattr(cls, name)) for name in METHODS}
    owners = {(name, method.__module__, method.__qualname__) for name, method in methods.items()}
    declared = cls.arguments()
    defaults = {name: declared[name].default if name in declared else getattr(cls, name) for name in KEYS}
    chosen = {(name, case.args.get(name, default)) for name, default in defaults.items()}
    return owners | chosen | {("conditions", cls.conditions != ())}


def covering(cases):
    """A few rows that cover all properties; all rows with `pytest --every-row`, rows of one model with `--model`."""
    cases = [case for case in cases if options.model in (None, case.name)] or cases
    if options.every_row:
        return cases
    left, chosen = set().union(*map(properties, cases)), []
    while left:
        chosen.append(max(cases, key=lambda case: len(left & properties(case))))
        left -= properties(chosen[-1])
    return chosen


KINDS = covering(AUTOENCODERS)
for_kinds = for_cases(KINDS)


def for_kinds_with(condition):
    """Parametrizes a test over the kinds that satisfy `condition`; if there are none, over the first such row."""
    return for_cases([*filter(condition, KINDS)] or [*filter(condition, AUTOENCODERS)][:1])


def has_gaussian_posterior(case):
    """Whether q(z|x) is a diagonal Gaussian and p(z) the standard normal, for which SciPy computes the bound."""
    cls = case.model_class
    return cls.posterior is VAE.posterior and cls.prior is VAE.prior and cls.log_weights is VAE.log_weights


def given_part(given, rows):
    """Some rows of conditions."""
    return {key: value[rows] for key, value in given.items()}


def direct_log_weights(model, images, num, seed, start=0, **given):
    """`log p(x|z) + log p(z) - log q(z|x)` by scipy.stats, with the model's networks and noise: (n, num)."""
    x = np.asarray(model.to_network(images), "float64")
    if model.binarize:
        noise = sampling.uniform_rows(seed + 2**32, start, len(x), math.prod(model.image_shape))
        x = (np.asarray(noise).reshape(x.shape) < x).astype("float64")
    posterior = model.encoder(Record(images=x, **given).feed(model.encoder), training=False)
    means, deviations = np.asarray(posterior["z_mean"], "float64"), np.exp(0.5 * np.float64(posterior["z_log_var"]))
    rows = np.asarray(sampling.normal_rows(seed, start * num, len(x) * num, model.latent_dim), "float64")
    result = np.empty((len(x), num))
    for i, noise in enumerate(rows.reshape(len(x), num, model.latent_dim)):
        z = means[i] + deviations[i] * noise
        codes = Record(z=z.astype("float32"), **{name: np.repeat(value[i], num) for name, value in given.items()})
        decoded = np.asarray(model.decoder(codes.feed(model.decoder), training=False), "float64")
        if model.likelihood == "bernoulli":
            pixels = scipy.stats.bernoulli.logpmf(np.broadcast_to(x[i], decoded.shape), scipy.special.expit(decoded))
        else:
            pixels = scipy.stats.norm.logpdf(x[i], decoded, math.exp(0.5 * float(model.pixel_log_var.numpy())))
        log_prior = scipy.stats.norm.logpdf(z).sum(axis=-1)
        log_posterior = scipy.stats.norm.logpdf(z, means[i], deviations[i]).sum(axis=-1)
        result[i] = pixels.reshape(num, -1).sum(axis=-1) + log_prior - log_posterior
    return result


@pytest.fixture(scope="module")
def disturbed():
    """Function from a row to a model with noise on all weights and statistics, so that posterior and prior differ."""
    models = {}

    def get(case):
        if str(case) not in models:
            model, rng = case.build(), np.random.default_rng(0)
            for variable in model.weights:
                value = variable.numpy() + 0.2 * rng.normal(size=variable.shape)
                variable.assign(np.abs(value) if "variance" in variable.path else value)
            models[str(case)] = model
        return models[str(case)]

    return get


# -- likelihoods -------------------------------------------------------------------------------------------------------


@for_kinds_with(has_gaussian_posterior)
def test_log_likelihood_equals_a_direct_computation(case, disturbed):
    model, (images, given) = disturbed(case), case.labelled(3)
    weights = direct_log_weights(model, images, num=7, seed=11, **given)
    expected = scipy.special.logsumexp(weights, axis=1) - math.log(7)
    estimate = model.log_likelihood(images, num_samples=7, seed=11, **given)
    assert estimate.dtype == np.float64
    np.testing.assert_allclose(estimate, expected, rtol=1e-5)
    bound = direct_log_weights(model, images, num=1, seed=11, **given)[:, 0]
    np.testing.assert_allclose(model.elbo(images, seed=11, **given), bound, rtol=1e-5)


@for_kinds
def test_bound_is_under_the_likelihood_on_average(case, disturbed):
    model, (images, given) = disturbed(case), case.labelled(4)
    images, given = np.repeat(images, 20, axis=0), {key: np.repeat(value, 20) for key, value in given.items()}
    bound = model.elbo(images, seed=0, **given).mean()
    assert bound < model.log_likelihood(images, num_samples=50, seed=0, **given).mean()


@for_kinds_with(lambda case: {"reconstruction_loss", "kl_loss"} <= set(case.model_class.loss_names))
def test_bound_equals_reconstruction_minus_divergence_on_average(case, disturbed):
    model, (images, given) = disturbed(case), case.labelled(2)
    if model.binarize:  # pixels of 0 and 1 are left as they are
        images = (images > 127).astype("uint8") * 255
    images, given = np.repeat(images, 2000, axis=0), {key: np.repeat(value, 2000) for key, value in given.items()}
    bounds = model.elbo(images, seed=0, **given)
    batch = Record(images=model.to_network(images), **given).map(tf.convert_to_tensor)
    terms = model.loss_terms(batch, training=False)
    total = -float(terms["reconstruction_loss"]) - float(terms["kl_loss"])
    # An upper limit of the standard error: the exact KL term makes the sum of the terms vary less than the bound.
    error = math.sqrt(2.0 * bounds.reshape(2, 2000).var(axis=1).mean() / 4000)
    assert abs(bounds.mean() - total) < 5.0 * error


@for_kinds
def test_likelihood_is_the_same_in_any_chunks_and_traced_at_most_twice(case, disturbed, monkeypatch):
    model, (images, given) = disturbed(case), case.labelled(4)
    whole = model.log_likelihood(images, num_samples=12, seed=5, **given)
    monkeypatch.setattr(model, "_functions", {})
    size = math.prod(model.image_shape)
    for passes in (5, 12, 25):  # five draws, one image, two images per pass
        monkeypatch.setattr(importance, "PIXELS_PER_PASS", passes * size)
        np.testing.assert_allclose(model.log_likelihood(images, num_samples=12, seed=5, **given), whole, rtol=1e-6)
    model.elbo(images, **given)
    assert model._functions["log_weights"].experimental_get_tracing_count() <= 2


@for_kinds
def test_likelihood_of_an_image_depends_on_its_index_alone(case, disturbed):
    model, (images, given) = disturbed(case), case.labelled(6)
    part = given_part(given, slice(2, 5))
    whole = model.log_likelihood(images, num_samples=9, seed=5, **given)
    again = model.log_likelihood(images[2:5], num_samples=9, seed=5, start=2, **part)
    np.testing.assert_allclose(again, whole[2:5], rtol=1e-6)
    other = model.log_likelihood(images[2:5], num_samples=9, seed=5, **part)
    assert np.abs(other - whole[2:5]).max() > 1e-3
    bounds = model.elbo(images, seed=5, **given)
    np.testing.assert_allclose(model.elbo(images[2:5], seed=5, start=2, **part), bounds[2:5], rtol=1e-6)


@for_kinds
def test_likelihood_takes_seeds_of_any_sign_and_no_images(case, disturbed):
    model, (images, given) = disturbed(case), case.labelled(2)
    results = [model.log_likelihood(images, num_samples=3, seed=seed, **given) for seed in (-1, 2**40, 0)]
    assert np.isfinite(results).all()
    assert len({result.tobytes() for result in results}) == 3
    assert model.log_likelihood(images[:0], **given_part(given, slice(0))).shape == (0,)


# -- codes and reconstructions -----------------------------------------------------------------------------------------


@for_kinds_with(has_gaussian_posterior)
def test_encode_gives_mean_and_log_variance(case, disturbed):
    model, (images, given) = disturbed(case), case.labelled(3)
    z_mean, z_log_var = model.encode(images, **given)
    assert z_mean.shape == z_log_var.shape == (3, model.latent_dim)
    for other in ((images / 255.0).astype("float32"), images / 255.0):
        np.testing.assert_allclose(model.encode(other, **given)[0], z_mean, atol=1e-5)


@for_kinds_with(has_gaussian_posterior)
def test_log_variance_is_bounded(case):
    model, (images, given) = case.build(), case.labelled(2)
    kernel, bias = model.encoder.get_layer("z_log_var").weights
    for value, bound in ((1e6, 10.0), (-1e6, -10.0)):
        kernel.assign(np.zeros(kernel.shape))
        bias.assign(np.full(bias.shape, value))
        expected = np.full((2, model.latent_dim), bound, "float32")
        np.testing.assert_array_equal(model.encode(images, **given)[1], expected)
        assert np.isfinite(float(model.train_step((images, *given.values()))["loss"]))


@for_kinds_with(lambda case: case.model_class.decodes_means)
def test_decode_gives_mean_images(case, disturbed):
    model, (_, given) = disturbed(case), case.labelled(3)
    z = np.random.default_rng(0).normal(size=(3, model.latent_dim))
    images = model.decode(z, **given)
    assert images.dtype == np.float32
    assert images.shape == (3, *case.output)
    decoded = model.decoder(Record(z=z.astype("float32"), **given).feed(model.decoder), training=False)
    decoded = np.asarray(decoded, "float64")
    expected = scipy.special.expit(decoded) if model.likelihood == "bernoulli" else np.clip((decoded + 1) / 2, 0, 1)
    np.testing.assert_allclose(images, expected, atol=1e-6)
    for wrong in (z[0], z[:, 1:], z[None]):
        with pytest.raises(ValueError, match=rf"Expected z as numbers of shape \(n, {model.latent_dim}\).*Received"):
            model.decode(wrong, **given)


@for_kinds
def test_reconstruct_decodes_the_first_code(case, disturbed):
    model, (images, given) = disturbed(case), case.labelled(5)
    codes = model.encode(images, **given)  # one array, or the tuple of the parameters of a distribution
    code = codes[0] if isinstance(codes, tuple) else codes
    expected = np.rint(np.asarray(model.decode(code, **given), "float64") * 255)
    result = model.reconstruct(images, **given)
    assert result.dtype == np.uint8
    assert np.abs(result - expected).max() <= 1  # a value halfway between two levels may go either way
    np.testing.assert_array_equal(model.reconstruct(images, batch_size=2, **given), result)
    assert model.reconstruct(images[:0], **given_part(given, slice(0))).shape == (0, *case.output)


@for_kinds
def test_use_refuses_wrong_images(case, disturbed):
    model, (images, given) = disturbed(case), case.labelled(2)
    for use in (model.encode, model.reconstruct, model.log_likelihood, model.elbo):
        for wrong in (images[0], images[:, 1:], images.astype("float32"), images.astype("int32")):
            with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
                use(wrong, **given)
    np.testing.assert_allclose(model.elbo([*images], **given), model.elbo(images, **given))  # a list is an array
    message = "Expected num_samples to be an integer of at least 1. Received: num_samples=0"
    with pytest.raises(ValueError, match=message):
        model.log_likelihood(images, num_samples=0, **given)


# -- training ----------------------------------------------------------------------------------------------------------


@for_kinds_with(
    lambda case: (
        case.model_class.negative_bound is VAE.negative_bound
        and "reconstruction_weight" in case.model_class.arguments()
    )
)
def test_loss_is_the_weighted_sum_of_its_terms(case):
    model = case.build(reconstruction_weight=3.0)
    model.train_step(case.data(4))  # with a warm-up, the KL term counts nothing in the first step
    model.reset_metrics()
    current = {key: float(value) for key, value in model.training_weights().items()}
    logs = {key: float(value) for key, value in model.train_step(case.data(4)).items()}
    assert list(logs) == list(case.model_class.loss_names)
    weights = {**dict.fromkeys(logs, 1.0), **current}
    assert weights["reconstruction_loss"] == 3.0
    expected = sum(weights[key] * value for key, value in logs.items() if key != "loss")
    assert logs["loss"] == pytest.approx(expected, rel=1e-5)


@for_kinds_with(lambda case: case.args.get("binarize"))
def test_pixels_are_binarized_with_their_grey_value_as_probability(case, disturbed):
    model = disturbed(case)
    _, *given = case.data(500)
    grey = np.full((500, *model.image_shape), 64, "uint8")
    first, second = (np.asarray(model.training_batch((grey, *given)).images) for _ in range(2))
    assert set(np.unique(first)) == {0.0, 1.0}
    assert first.mean() == pytest.approx(64 / 255, abs=0.01)
    assert (first != second).any()
    fixed = [np.asarray(model.likelihood_images(grey[:4], seed=1, start=start)) for start in (0, 0, 2)]
    np.testing.assert_array_equal(fixed[0], fixed[1])
    np.testing.assert_array_equal(fixed[0][2:], fixed[2][:2])
