"""The gradient penalty: gradient norms of the critic, points between real and generated images."""

import numpy as np
import pytest
import tensorflow as tf
from cases import cases_with, for_kinds, uses

from keras_genzoo import losses
from keras_genzoo.families.gradients import gradient_norms

METHODS = ("discriminator_loss", "interpolate")

for_critics = for_kinds(
    lambda case: tuple(getattr(case.model_class, name).__qualname__ for name in METHODS),
    cases_with(*METHODS, such_that=uses("gp_weight")),
)


def test_norms_are_those_of_the_gradient_of_each_image():
    rng = np.random.default_rng(0)
    images, weights = rng.normal(size=(2, 5, 4, 3, 2)).astype("float32")
    norms = gradient_norms(lambda x: tf.reduce_sum(x * x * weights, axis=(1, 2, 3))[:, None], tf.constant(images))
    expected = np.sqrt(((2.0 * images * weights).reshape(5, -1) ** 2).sum(axis=1))
    np.testing.assert_allclose(norms, expected, rtol=1e-5)


def test_penalty_and_its_gradient_are_finite_where_the_gradient_vanishes():
    scale = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        norms = gradient_norms(lambda x: scale * tf.reduce_sum(x, axis=(1, 2, 3)), tf.ones((3, 2, 2, 1)))
        penalty = losses.gradient_penalty(norms)
    assert float(penalty) == pytest.approx(1.0, abs=1e-5)
    assert np.isfinite(float(tape.gradient(penalty, scale)))


@pytest.fixture(scope="module")
def pairs():
    """Function from a row to two equal models, built once; each test draws the same noise from both."""
    models = {}

    def get(case):
        if str(case) not in models:
            models[str(case)] = case.build(), case.build()
        return models[str(case)]

    return get


@for_critics
def test_interpolates_lie_uniformly_on_the_line_between(case, pairs):
    shape = (4000, 2, 3, 1)
    real, fake = tf.fill(shape, -1.0), tf.fill(shape, 3.0)
    points, again = (np.asarray(model.interpolate(real, fake)) for model in pairs(case))
    np.testing.assert_array_equal(points, again)
    shares = (points.reshape(4000, -1) + 1.0) / 4.0
    np.testing.assert_allclose(shares, np.repeat(shares[:, :1], shares.shape[1], axis=1), atol=1e-6)
    shares = np.sort(shares[:, 0])
    assert shares[0] >= 0.0 and shares[-1] <= 1.0
    # Kolmogorov's distance from the uniform distribution; 0.0304 is passed in one of 1,000 draws of 4,000
    assert np.abs(shares - (np.arange(4000) + 0.5) / 4000).max() < 0.0304


@for_critics
def test_critic_loss_is_the_distance_plus_the_weighted_penalty(case, pairs):
    model, twin = pairs(case)
    real = model.unpack(case.data(6))
    fake, _ = (each.sample_fake(real) for each in (model, twin))
    points = tf.convert_to_tensor(twin.interpolate(real.images, fake.images))
    with tf.GradientTape() as tape:
        tape.watch(points)
        scores = twin.judge(real.replace(images=points))
    gradient = np.asarray(tape.gradient(scores, points), "float64").reshape(6, -1)
    penalty = ((np.sqrt((gradient**2).sum(axis=1)) - 1.0) ** 2).mean()
    mean = [np.asarray(twin.judge(each), "float64").mean() for each in (fake, real)]
    expected = mean[0] - mean[1] + case.args["gp_weight"] * penalty
    assert float(model.discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-4)


@for_critics
def test_critic_judges_each_image_by_itself(case, pairs):
    model, _ = pairs(case)
    real = model.unpack(case.data(6))
    together, alone = (np.asarray(model.judge(batch)) for batch in (real, real.map(lambda x: x[:1])))
    np.testing.assert_allclose(alone, together[:1], rtol=1e-4)
