"""The gradient penalty around real images: where its points lie, and the loss of the discriminator."""

import numpy as np
import pytest
import tensorflow as tf
from cases import CASES
from numpy_losses import minimax

(CASE,) = [case for case in CASES if case.name == "dragan"]


def test_pixels_rise_by_shares_of_the_standard_deviation_of_the_batch():
    images = np.random.default_rng(0).choice([-1.0, 1.0, 0.5], (3000, 9, 8, 1)).astype("float32")
    points = np.asarray(CASE.build().perturbed(tf.constant(images)))
    rises = (points - images).reshape(3000, -1) / (0.7 * images.std())  # share * noise
    assert rises.min() > -1e-5 and rises.max() < 1.0
    shares = 2.0 * rises.mean(axis=1)  # the noise has the mean 1/2
    assert shares.mean() == pytest.approx(0.5, abs=0.03)
    assert np.quantile(shares, [0.25, 0.75]) == pytest.approx([0.25, 0.75], abs=0.04)
    noise = (rises / rises.max(axis=1, keepdims=True)).ravel()  # the largest of 72 is nearly 1
    assert np.quantile(noise, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.02)


def test_loss_is_the_cross_entropy_plus_the_weighted_penalty():
    model, twin = CASE.build(), CASE.build()
    real = model.unpack(CASE.data(6))
    fake, _ = (each.sample_fake(real) for each in (model, twin))
    points = tf.convert_to_tensor(twin.perturbed(real.images))
    with tf.GradientTape() as tape:
        tape.watch(points)
        logits = twin.judge(real.replace(images=points))
    gradient = np.asarray(tape.gradient(logits, points), "float64").reshape(6, -1)
    penalty = ((np.sqrt((gradient**2).sum(axis=1)) - 1.0) ** 2).mean()
    expected = minimax(*(np.asarray(twin.judge(each), "float64") for each in (real, fake))) + 4.0 * penalty
    assert penalty > 0.1
    assert float(model.discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-4)
