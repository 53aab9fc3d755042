"""Beta-TC-VAE: the parts of the divergence against SciPy, and against their exact values where the batch is all."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
from cases import CASES

import keras_genzoo
from keras_genzoo.families.posteriors import GaussianPosterior
from keras_genzoo.utils.record import Record

CASE = next(case for case in CASES if str(case) == "beta_tc_vae-weighted")
N, M, DIM = 50, 6, 3


def made(estimate, size=N):
    return CASE.build(tc_estimate=estimate, dataset_size=size, latent_dim=DIM)


def posteriors(num=M, seed=0):
    """Means, log-variances and codes of a batch."""
    rng = np.random.default_rng(seed)
    mean, log_var = rng.normal(size=(num, DIM)), rng.normal(-1.0, 0.5, size=(num, DIM))
    return mean, log_var, mean + np.exp(0.5 * log_var) * rng.normal(size=(num, DIM))


def estimates(model, mean, log_var, z):
    tensors = [tf.constant(x, "float32") for x in (mean, log_var, z)]
    found = model.aggregate_log_densities(tensors[2], GaussianPosterior(*tensors[:2]))
    return [np.asarray(x, "float64") for x in found]


def weights_of(estimate, num=M, size=N):
    """Weights of q(z_i|x_j) by the formulas of section 4.1 and appendix C.2, entry by entry."""
    weights = np.empty((num, num))
    for i in range(num):
        for j in range(num):
            if estimate == "weighted":
                weights[i, j] = 1.0 / (size * num)
            elif j == i:
                weights[i, j] = 1.0 / size
            elif j == (i + 1) % num:
                weights[i, j] = (size - (num - 1)) / (size * (num - 1))
            else:
                weights[i, j] = 1.0 / (num - 1)
    return weights


@pytest.mark.parametrize("estimate", ["weighted", "stratified"])
def test_densities_of_all_codes_are_those_of_the_formulas(estimate):
    mean, log_var, z = posteriors()
    weights = weights_of(estimate)
    densities = scipy.stats.norm.pdf(z[:, None], mean[None], np.exp(0.5 * log_var)[None])  # (codes, images, dim)
    joint = np.log((weights * densities.prod(axis=-1)).sum(axis=1))
    product = np.log((weights[..., None] * densities).sum(axis=1)).sum(axis=-1)
    for found, expected in zip(estimates(made(estimate), mean, log_var, z), (joint, product), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_stratified_weights_add_up_to_one_for_any_batch():
    for num in (2, 3, N):
        weights = np.exp(np.asarray(made("stratified").log_weights_of_batch(num)))
        np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.exp(np.asarray(made("stratified").log_weights_of_batch(1))), [[1.0 / N]], rtol=1e-5)


def test_stratified_estimate_of_the_density_is_unbiased():
    mean, log_var, z = posteriors(N)
    densities = scipy.stats.norm.pdf(z[0], mean, np.exp(0.5 * log_var)).prod(axis=-1)
    rng, found = np.random.default_rng(1), []
    weights = np.exp(np.asarray(made("stratified").log_weights_of_batch(M), "float64"))[0]
    for _ in range(20000):
        rows = np.concatenate([[0], 1 + rng.choice(N - 1, M - 1, replace=False)])
        found.append((weights * densities[rows]).sum())
    assert np.mean(found) == pytest.approx(densities.mean(), abs=4.0 * np.std(found) / np.sqrt(20000))


@pytest.mark.parametrize("estimate", ["weighted", "stratified"])
def test_terms_add_up_to_an_estimate_of_the_divergence_and_are_weighed(estimate):
    model = CASE.build(tc_estimate=estimate, beta=5.0, binarize=False)
    batch = Record(images=model.to_network(np.repeat(CASE.data(2)[0], 400, axis=0)))
    loss, terms = model.negative_bound(batch, training=False)
    terms = {key: float(value) for key, value in terms.items()}
    encoded = model.encoded(batch.images)
    mean, log_var = (np.asarray(encoded[name], "float64") for name in model.code_names)
    divergence = 0.5 * (mean**2 + np.exp(log_var) - 1.0 - log_var).sum(axis=1).mean()
    total = terms["mi_loss"] + terms["tc_loss"] + terms["dimension_kl_loss"]
    assert total == pytest.approx(divergence, abs=0.3)
    expected = terms["reconstruction_loss"] + 0.5 * terms["mi_loss"] + 5.0 * terms["tc_loss"]
    assert float(loss) == pytest.approx(expected + 2.0 * terms["dimension_kl_loss"], rel=1e-5)


def test_size_of_the_data_set_changes_no_gradient_of_the_weighted_estimate():
    images = CASE.data(8)[0]
    gradients = []
    for size in (8, 60000):
        model = CASE.build(dataset_size=size)
        with tf.GradientTape() as tape:
            loss, _ = model.negative_bound(model.training_batch((images,)))
        gradients.append(tape.gradient(loss, [variable.value for variable in model.trainable_variables]))
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_training_without_the_size_of_the_data_set_is_refused_and_use_is_not():
    model, images = CASE.build(dataset_size=None), CASE.data(4)[0]
    assert model.generate(1, seed=0).shape == (1, 8, 8, 1)
    assert np.isfinite(model.log_likelihood(images, num_samples=2)).all()
    for call in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ValueError, match="Expected dataset_size, the number of training images.*Received"):
            call(images)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_more_images_than_the_data_set_are_refused(jit_compile):
    model, images = CASE.build(dataset_size=3), CASE.data(4)[0]
    model.compile(jit_compile=jit_compile)
    with pytest.raises(ValueError, match="Expected batches of at most dataset_size=3 images. Received: 4 images"):
        model.fit((images for _ in range(1)), verbose=0)
    with pytest.raises(ValueError, match="Expected dataset_size=4, of the images. Received: dataset_size=3"):
        model.fit(images, batch_size=2, verbose=0)


def test_stratified_estimate_of_fewer_images_than_the_data_set_warns():
    images = CASE.data(4)[0]
    with pytest.warns(UserWarning, match="dataset_size=9, but there are 4 training images"):
        CASE.build(dataset_size=9, tc_estimate="stratified").fit(images, batch_size=4, verbose=0)
    with pytest.warns(UserWarning, match="dataset_size=4, but there are 2 training images"):
        CASE.build(dataset_size=4, tc_estimate="stratified").fit(images, validation_split=0.5, verbose=0)
    CASE.build(dataset_size=2, tc_estimate="stratified").fit(images, validation_split=0.5, verbose=0)
    CASE.build(dataset_size=9, tc_estimate="weighted").fit(images, batch_size=4, verbose=0)


def test_where_there_is_no_total_correlation_a_training_is_refused():
    with pytest.raises(ValueError, match="Expected latent_dim of at least 2: a total correlation .* latent_dim=1"):
        CASE.build(latent_dim=1)
    with pytest.raises(ValueError, match="Expected batches of at least 2 images, .* is estimated from. Received: 1"):
        CASE.build().fit(CASE.data(4)[0], batch_size=1, verbose=0)


def test_training_lowers_the_total_correlation_by_its_weight():
    """That of Gaussian codes, -log det of the correlations / 2; seeds 1 to 3 gave 78 to 268 times less."""
    digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    found = []
    for beta in (0.0, 20.0):
        args = dict(image_shape=(8, 8, 1), latent_dim=4, network="mlp", hidden_units=(64,), seed=1)
        model = keras_genzoo.build("beta_tc_vae", beta=beta, dataset_size=len(digits), **args)
        model.fit(digits, batch_size=50, epochs=15, shuffle=False, verbose=0)
        mean, log_var = model.encode(digits)
        covariance = np.cov(mean.T) + np.diag(np.exp(log_var).mean(axis=0))
        scale = np.sqrt(np.diag(covariance))
        found.append(-0.5 * np.linalg.slogdet(covariance / np.outer(scale, scale))[1])
    assert found[1] < found[0] / 30.0
