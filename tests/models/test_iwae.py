"""The bound of the importance-weighted autoencoder and its two gradients."""

import functools

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
from cases import for_cases
from rows.iwae import CASES

from keras_genzoo import losses, sampling
from keras_genzoo.models.iwae import bernoulli_nll_of_draws
from keras_genzoo.utils.record import Record


def batch_of(model, case, num):
    images = np.where(case.data(num)[0] > 127, 255, 0).astype("uint8")
    return Record(images=tf.convert_to_tensor(model.to_network(images)))


def gradients(model, batch):
    """Of the bound, by path of the variable."""
    with tf.GradientTape() as tape:
        loss, _ = model.negative_bound(batch)
    variables = [each for each in model.trainable_variables if "batch_normalization" not in each.path]
    return {
        variable.path: tf.convert_to_tensor(each)
        for variable, each in zip(variables, tape.gradient(loss, [each.value for each in variables]), strict=True)
    }


@for_cases(CASES)
def test_bound_of_many_draws_is_the_likelihood(case):
    """With many draws, the training loss is near to the importance-weighted log-likelihood, whatever the gradient."""
    model = case.build(train_samples=3000)
    batch = batch_of(model, case, 1)
    loss, terms = model.negative_bound(batch, training=False)
    assert terms == {}
    images = np.where(case.data(1)[0] > 127, 255, 0).astype("uint8")
    assert float(loss) == pytest.approx(-model.log_likelihood(images, num_samples=3000)[0], abs=0.1)


def test_bernoulli_likelihood_of_draws_and_its_gradients_are_those_of_repeated_images():
    rng = np.random.default_rng(0)
    images = tf.constant((rng.random((3, 6)) < 0.5).astype("float32"))
    logits, factors = (tf.constant(rng.normal(size=shape).astype("float32")) for shape in ((3, 4, 6), (3, 4)))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([images, logits])
        fast = bernoulli_nll_of_draws(images, logits)
        repeated = losses.bernoulli_nll(tf.repeat(images, 4, axis=0), tf.reshape(logits, (-1, 6)))
        slow = tf.reshape(repeated, (3, 4))
        totals = [tf.reduce_sum(factors * each) for each in (fast, slow)]
    np.testing.assert_allclose(fast, slow, rtol=1e-5)
    for of_fast, of_slow in zip(*(tape.gradient(each, [images, logits]) for each in totals), strict=True):
        np.testing.assert_allclose(of_fast, of_slow, rtol=1e-4, atol=1e-5)
    extreme = bernoulli_nll_of_draws(tf.constant([[0.0, 1.0]]), tf.constant([[[1e4, -1e4], [-1e4, 1e4]]]))
    np.testing.assert_allclose(extreme, [[2e4, 0.0]])


def test_doubly_reparametrized_gradient_is_that_of_the_paper():
    """Equation 8 of 1810.04152 in NumPy for both heads of the encoder; the decoder's gradient is that of the bound."""
    case = CASES[1]
    model, same = case.build(), case.build()
    batch = batch_of(model, case, 5)
    found = gradients(model, batch)
    encoded = model.encoded(batch.images, training=True)
    z_mean, deviation = (np.repeat(each, 2, axis=0) for each in (encoded["z_mean"], np.exp(0.5 * encoded["z_log_var"])))
    noise = sampling.step_normal((10, 4), same.noise()).numpy()
    z = tf.constant(z_mean + deviation * noise)
    with tf.GradientTape() as tape:
        tape.watch(z)
        means = tf.reshape(model.decoded(z, training=True), (10, -1))
    x, variance = np.repeat(np.reshape(batch.images, (5, -1)), 2, axis=0), np.exp(float(model.pixel_log_var.numpy()))
    log_p = scipy.stats.norm.logpdf(x, means, np.sqrt(variance)).sum(axis=1) + scipy.stats.norm.logpdf(z).sum(axis=1)
    log_q = scipy.stats.norm.logpdf(z, z_mean, deviation).sum(axis=1)
    weights = scipy.special.softmax((log_p - log_q).reshape(5, 2), axis=1).reshape(10, 1)
    by_z = np.einsum("np,npd->nd", (x - means) / variance, tape.batch_jacobian(means, z)) - z + noise / deviation
    expected = {
        "z_mean/bias": -np.sum(weights**2 * by_z, axis=0) / 5,
        "z_log_var/bias": -np.sum(weights**2 * by_z * 0.5 * deviation * noise, axis=0) / 5,
        "pixel_log_var": -np.sum(weights * 0.5 * ((x - means) ** 2 / variance - 1.0)) / 5,
    }
    for path, value in expected.items():
        (gradient,) = (each for name, each in found.items() if name.endswith(path))  # the name of the model is before
        np.testing.assert_allclose(gradient, value, rtol=1e-3, atol=1e-3)


def test_both_gradients_have_the_same_mean():
    """For each head of the encoder, over 40 batches of 500 draws; within five standard errors."""
    case, means, errors = CASES[1], [], []
    for gradient in ("standard", "dreg"):
        model = case.build(gradient=gradient, train_samples=3)
        batch = batch_of(model, case, 2).map(lambda images: tf.repeat(images, 250, axis=0))
        step = tf.function(functools.partial(gradients, model, batch))
        drawn = [step() for _ in range(40)]
        heads = np.array([[*found["z_mean/bias"], *found["z_log_var/bias"]] for found in drawn])
        means.append(heads.mean(axis=0))
        errors.append(heads.std(axis=0) / np.sqrt(40))
    assert means[0].shape == (8,)
    assert (np.abs(means[0] - means[1]) < 5.0 * np.hypot(*errors)).all()
    assert (np.abs(means[0]) > 5.0 * np.hypot(*errors)).any()
