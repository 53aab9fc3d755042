"""The gradient penalty: slopes of the critic, points between real and generated images."""

import numpy as np
import pytest
import tensorflow as tf
from cases import cases_with, for_cases, uses

from keras_genzoo import losses
from keras_genzoo.models._gradients import input_slopes

CRITICS = cases_with(such_that=uses("gp_weight"))


def test_slopes_are_the_norms_of_the_gradient_of_each_image():
    rng = np.random.default_rng(0)
    images, weights = rng.normal(size=(2, 5, 4, 3, 2)).astype("float32")
    slopes = input_slopes(lambda x: tf.reduce_sum(x * x * weights, axis=(1, 2, 3))[:, None], tf.constant(images))
    expected = np.sqrt(((2.0 * images * weights).reshape(5, -1) ** 2).sum(axis=1))
    np.testing.assert_allclose(slopes, expected, rtol=1e-5)


def test_penalty_and_its_gradient_are_finite_at_zero_slope():
    scale = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        slopes = input_slopes(lambda x: scale * tf.reduce_sum(x, axis=(1, 2, 3)), tf.ones((3, 2, 2, 1)))
        penalty = losses.gradient_penalty(slopes)
    assert float(penalty) == pytest.approx(1.0, abs=1e-5)
    assert np.isfinite(float(tape.gradient(penalty, scale)))


@for_cases(CRITICS)
def test_interpolates_lie_uniformly_on_the_line_between(case):
    model = case.build()
    shape = (4000, *model.image_shape)
    points = np.asarray(model.interpolate(tf.fill(shape, -1.0), tf.fill(shape, 3.0)))
    shares = (points.reshape(4000, -1) + 1.0) / 4.0
    np.testing.assert_allclose(shares, np.repeat(shares[:, :1], shares.shape[1], axis=1), atol=1e-6)
    shares = np.sort(shares[:, 0])
    assert shares[0] >= 0.0 and shares[-1] <= 1.0
    # Kolmogorov's distance from the uniform distribution; 0.0304 is passed in one of 1,000 draws of 4,000
    assert np.abs(shares - (np.arange(4000) + 0.5) / 4000).max() < 0.0304


@for_cases(CRITICS)
def test_critic_loss_is_the_distance_plus_the_weighted_penalty(case):
    model, twin = case.build(), case.build()
    real = model.real_sample(case.data(6))
    fake, _ = (each.sample_fake(real) for each in (model, twin))
    points = tf.convert_to_tensor(twin.interpolate(real, fake))
    with tf.GradientTape() as tape:
        tape.watch(points)
        scores = twin.discriminator(points, training=True)
    gradient = np.asarray(tape.gradient(scores, points), "float64").reshape(6, -1)
    penalty = ((np.sqrt((gradient**2).sum(axis=1)) - 1.0) ** 2).mean()
    mean = [np.asarray(twin.discriminator(x, training=True), "float64").mean() for x in (fake, real)]
    expected = mean[0] - mean[1] + case.args["gp_weight"] * penalty
    assert float(model.discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-4)


@for_cases(CRITICS)
def test_critic_judges_each_image_by_itself(case, built):
    model = built(case)
    real = np.asarray(model.real_sample(case.data(6)))
    together = np.asarray(model.discriminator(real, training=True))
    np.testing.assert_allclose(np.asarray(model.discriminator(real[:1], training=True)), together[:1], rtol=1e-4)
