"""Categorical codes: exact divergence and likelihood, relaxed draws, and the count of the steps."""

import itertools

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
from cases import CASES

import keras_genzoo
from keras_genzoo.models.categorical_vae import CategoricalPosterior

CASE, STRAIGHT = [case for case in CASES if case.name == "categorical_vae"]
LOGITS = np.random.default_rng(0).normal(0.0, 1.5, (2, 3, 4)).astype("float32")


def test_draws_have_the_probabilities_of_the_logits():
    posterior = CategoricalPosterior(LOGITS[:1]).repeat(20000)
    noise = np.random.default_rng(1).standard_normal((20000, 12)).astype("float32")
    z, log_q = (np.asarray(each) for each in posterior.draw(noise))
    probabilities = scipy.special.softmax(LOGITS[0], axis=-1)
    np.testing.assert_allclose(z.mean(axis=0).reshape(3, 4), probabilities, atol=0.015)
    np.testing.assert_allclose(log_q, (z * np.log(probabilities).ravel()).sum(axis=1), rtol=1e-4, atol=1e-5)


def test_divergence_is_that_from_equally_likely_categories():
    probabilities = scipy.special.softmax(LOGITS, axis=-1)
    expected = scipy.stats.entropy(probabilities, np.full(4, 0.25), axis=-1).sum(axis=-1)
    prior = CASE.build(num_latents=3, num_categories=4).prior
    np.testing.assert_allclose(CategoricalPosterior(LOGITS).divergence(prior), expected, rtol=1e-5)


def test_relaxed_draws_come_to_the_hard_ones_and_straight_through_keeps_their_gradient():
    noise = np.random.default_rng(1).standard_normal((2, 12)).astype("float32")
    hard = np.asarray(CategoricalPosterior(LOGITS).draw(noise)[0])
    np.testing.assert_allclose(CategoricalPosterior(LOGITS).relaxed(noise, 1e-3, False), hard, atol=1e-3)
    weights, gradients = np.arange(12, dtype="float32"), []
    for straight_through in (False, True):
        logits = tf.constant(LOGITS)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            z = CategoricalPosterior(logits).relaxed(noise, 0.7, straight_through)
            total = tf.reduce_sum(z * weights)
        gradients.append(tape.gradient(total, logits))
        assert np.allclose(z, hard, atol=1e-6) == straight_through
    np.testing.assert_allclose(*gradients, rtol=1e-5)
    gumbel = -np.log(-scipy.stats.norm.logcdf(noise.astype("float64"))).reshape(2, 3, 4)
    expected = scipy.special.softmax((LOGITS + gumbel) / 0.7, axis=-1).reshape(2, 12)
    np.testing.assert_allclose(CategoricalPosterior(LOGITS).relaxed(noise, 0.7, False), expected, rtol=1e-4, atol=1e-6)


def test_likelihood_comes_to_the_sum_over_all_codes():
    model = CASE.build(num_latents=2, num_categories=3)
    images = (CASE.data(3)[0] > 127).astype("uint8") * 255
    codes = np.float32([np.eye(3)[list(each)].ravel() for each in itertools.product(range(3), repeat=2)])
    decoded = np.asarray(model.decoder(codes), "float64").reshape(1, 9, -1)
    pixels = images.reshape(3, 1, -1) / 255
    log_px = scipy.stats.bernoulli.logpmf(pixels, scipy.special.expit(decoded)).sum(axis=-1)
    expected = scipy.special.logsumexp(log_px, axis=1) - np.log(9)
    np.testing.assert_allclose(model.log_likelihood(images, num_samples=3000, seed=0), expected, atol=0.05)


def test_temperature_falls_with_the_steps_and_survives_a_file(tmp_path):
    model = CASE.build()
    assert float(model.current_temperature()) == pytest.approx(0.9)
    for _ in range(3):
        model.train_step(CASE.data(4))
    model.test_step(CASE.data(4))
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    loaded, weights = keras_genzoo.load(tmp_path / "model.keras"), CASE.build()
    weights.load_weights(tmp_path / "model.weights.h5")
    for each in (model, loaded, weights):
        assert float(each.current_temperature()) == pytest.approx(0.9 * np.exp(-0.03), rel=1e-6)
    model.save_to_preset(tmp_path / "preset")
    for path in ("preset", "model.weights.h5"):  # fine-tuning starts again
        given = {} if path == "preset" else CASE.args
        assert int(keras_genzoo.build("categorical_vae", weights=tmp_path / path, **given).temperature_steps) == 0
    model.temperature_steps.assign(1e6)
    assert float(model.current_temperature()) == pytest.approx(0.3)


def test_codes_of_images_are_their_most_probable_categories():
    z, logits = STRAIGHT.build().encode(STRAIGHT.data(5)[0])
    np.testing.assert_array_equal(z.reshape(5, 3, 2), np.eye(2)[logits.reshape(5, 3, 2).argmax(axis=-1)])


def test_a_temperature_that_stays_needs_no_lowest_one():
    model = CASE.build(temperature=0.1, min_temperature=0.5, anneal_rate=0.0)
    model.temperature_steps.assign(100)
    assert float(model.current_temperature()) == pytest.approx(0.1)
    with pytest.raises(ValueError, match=r"Expected no min_temperature with anneal_rate=0.0. Received: min_temp.*=0.3"):
        keras_genzoo.build("categorical_vae", min_temperature=0.3, anneal_rate=0.0)


def test_validation_draws_one_hot_codes_at_any_temperature():
    logs = [CASE.build(temperature=each).test_step(CASE.data(4)) for each in (0.3, 30.0)]
    assert {key: float(value) for key, value in logs[0].items()} == {k: float(v) for k, v in logs[1].items()}
