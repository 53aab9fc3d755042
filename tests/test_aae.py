"""The adversarial autoencoder: three updates a step, each of its own weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import cases_with, for_cases, moved, moved_parts, snapshot, values

AAES = cases_with("update_autoencoder", "update_adversaries")
NETWORKS = ("encoder", "decoder", "discriminator")


@for_cases(AAES)
def test_reconstruction_update_leaves_the_discriminator_unchanged(case):
    model = case.build()
    images, _ = model.unpack(case.data(6))
    before = snapshot(model, *NETWORKS)
    model.update_autoencoder(images)
    assert moved_parts(before, snapshot(model, *NETWORKS)) == {"encoder", "decoder", "optimizer"}


@for_cases(AAES)
def test_discriminator_update_leaves_the_autoencoder_unchanged(case):
    model = case.build()
    before = snapshot(model, *NETWORKS)
    model.update_discriminator(tf.ones((6, model.latent_dim)))
    assert moved_parts(before, snapshot(model, *NETWORKS)) == {"discriminator", "d_optimizer"}


@for_cases(AAES)
def test_encoder_update_leaves_decoder_and_discriminator_and_statistics_unchanged(case, monkeypatch):
    model = case.build()
    images, _ = model.unpack(case.data(6))
    before, statistics = snapshot(model, *NETWORKS), values(model.encoder.non_trainable_variables)
    monkeypatch.setattr(model, "update_discriminator", lambda z: tf.constant(0.0))
    model.update_adversaries(images)
    assert moved_parts(before, snapshot(model, *NETWORKS)) == {"encoder", "g_optimizer"}
    assert moved(statistics, values(model.encoder.non_trainable_variables)) == []


@for_cases(AAES)
def test_encoder_follows_the_gradient_through_the_updated_discriminator(case):
    optimizers = {"d_optimizer": keras.optimizers.SGD(0.5), "g_optimizer": keras.optimizers.SGD(0.25)}
    model, twin = case.build(optimizers), case.build({"d_optimizer": keras.optimizers.SGD(0.5)})
    images, _ = model.unpack(case.data(6))
    with tf.GradientTape() as tape:
        z = twin.encoder(images, training=True)["z"]
        with tape.stop_recording():
            twin.update_discriminator(z)
        loss = twin.encoder_loss(z)
    variables = twin.encoder.trainable_variables
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    expected = [variable - 0.25 * gradient for variable, gradient in zip(variables, gradients, strict=True)]
    _, g_loss = model.update_adversaries(images)
    assert float(g_loss) == pytest.approx(float(loss), rel=1e-5)
    for variable, value in zip(model.encoder.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-6)


@for_cases(AAES)
def test_losses_are_those_of_the_paper(case, monkeypatch):
    model = case.build()
    images, _ = model.unpack(case.data(5))
    z = np.asarray(model.encoder(images, training=False)["z"])
    decoded = np.asarray(model.decoder(z, training=False), "float64")
    error = ((np.asarray(images, "float64") - decoded) ** 2).reshape(5, -1).sum(axis=1).mean()
    assert float(model.reconstruction_loss(images, training=False)) == pytest.approx(error, rel=1e-5)
    logits = np.asarray(model.discriminator(z), "float64")
    assert float(model.encoder_loss(z)) == pytest.approx(np.mean(np.log1p(np.exp(-logits))), rel=1e-5)
    monkeypatch.setattr(model, "codes_of", lambda normal: tf.convert_to_tensor(z[::-1] + 1.0))  # the draws of the prior
    prior = np.asarray(model.discriminator(z[::-1] + 1.0), "float64")
    d_loss = np.mean(np.log1p(np.exp(-prior))) + np.mean(np.log1p(np.exp(logits)))
    assert float(model.discriminator_loss(z)) == pytest.approx(d_loss, rel=1e-5)


@for_cases(AAES)
def test_codes_come_alone_and_decode_to_images(case, built):
    model, (images,) = built(case), case.data(5)
    z = model.encode(images, batch_size=2)
    assert z.shape == (5, model.latent_dim) and z.dtype == np.float32
    np.testing.assert_allclose(z, np.asarray(model.encoder(model.to_network(images))["z"]), atol=1e-5)
    expected = (np.asarray(model.decoder(z), "float64") + 1.0) / 2.0
    np.testing.assert_allclose(model.decode(z), expected, atol=1e-5)
    assert np.abs(model.reconstruct(images) - expected * 255.0).max() <= 1.0
    assert model.encode(images[:0]).shape == (0, model.latent_dim)
