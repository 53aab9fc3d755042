"""The adversarial autoencoder: three updates per step, each of its own weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import built_once, cases_with, for_kinds, moved, moved_parts, snapshot, values

from keras_genzoo.families.priors import NormalPrior
from keras_genzoo.utils.record import Record

SHAPE = (16, 16, 1)  # large enough for batch normalization in the encoder
NETWORKS = ("encoder", "decoder", "discriminator")
METHODS = ("update_adversaries", "reconstruction_loss", "discriminator_loss", "encoder_loss")

for_every_kind = for_kinds(
    lambda case: tuple(getattr(case.model_class, name).__qualname__ for name in METHODS),
    cases_with(*METHODS, such_that=lambda case: not case.has_labels),
)


@pytest.fixture(scope="module")
def trained():
    """Function from a row to a model, built once, that the tests of this file train a little further."""
    return built_once(image_shape=SHAPE)


def batch(model, case, num=6):
    return model.unpack(case.data(num, image_shape=model.image_shape)).images


@for_every_kind
def test_reconstruction_update_leaves_the_discriminator_unchanged(case, trained, monkeypatch):
    model = trained(case)
    before = snapshot(model, *NETWORKS)
    monkeypatch.setattr(model, "update_adversaries", lambda images: (tf.constant(0.0), tf.constant(0.0)))
    model.train_step(case.data(6, image_shape=SHAPE))
    assert moved_parts(before, snapshot(model, *NETWORKS)) == {"encoder", "decoder", "optimizer"}


@for_every_kind
def test_discriminator_update_leaves_the_autoencoder_unchanged(case, trained, monkeypatch):
    model = trained(case)
    before = snapshot(model, *NETWORKS)
    monkeypatch.setattr(model, "apply_gradients", only("d_optimizer", model.apply_gradients))
    model.update_adversaries(batch(model, case))
    assert moved_parts(before, snapshot(model, *NETWORKS)) == {"discriminator", "d_optimizer"}


@for_every_kind
def test_encoder_update_leaves_decoder_and_discriminator_and_statistics_unchanged(case, trained, monkeypatch):
    model = trained(case)
    before, statistics = snapshot(model, *NETWORKS), values(model.encoder.non_trainable_variables)
    monkeypatch.setattr(model, "apply_gradients", only("g_optimizer", model.apply_gradients))
    model.update_adversaries(batch(model, case))
    assert moved_parts(before, snapshot(model, *NETWORKS)) == {"encoder", "g_optimizer"}
    assert statistics or case.args.get("network") == "mlp"
    assert moved(statistics, values(model.encoder.non_trainable_variables)) == []


def only(name, apply):
    """`apply_gradients` that leaves out the updates of other optimizers than `name`."""
    return lambda optimizer, *args: apply(optimizer, *args) if optimizer == name else None


@for_every_kind
def test_encoder_follows_the_gradient_through_the_updated_discriminator(case):
    optimizers = {"d_optimizer": keras.optimizers.SGD(0.5), "g_optimizer": keras.optimizers.SGD(0.25)}
    model, twin = case.build(optimizers), case.build({"d_optimizer": keras.optimizers.SGD(0.5)})
    images = batch(model, case)
    with tf.GradientTape() as tape:
        z = twin.encoder(images, training=True)["z"]
        with tape.stop_recording():
            twin.update("d_optimizer", lambda: twin.discriminator_loss(Record(z=z)))
        loss = twin.encoder_loss(Record(z=z))
    variables = twin.encoder.trainable_variables
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    expected = [variable - 0.25 * gradient for variable, gradient in zip(variables, gradients, strict=True)]
    _, g_loss = model.update_adversaries(images)
    assert float(g_loss) == pytest.approx(float(loss), rel=1e-5)
    for variable, value in zip(model.encoder.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-6)


@for_every_kind
def test_losses_are_those_of_the_paper(case, trained, monkeypatch):
    model = trained(case)
    images = batch(model, case, 5)
    z = np.asarray(model.encoder(images, training=False)["z"])
    decoded = np.asarray(model.decoder(z, training=False), "float64")
    error = ((np.asarray(images, "float64") - decoded) ** 2).reshape(5, -1).sum(axis=1).mean()
    assert float(model.reconstruction_loss(images, training=False)) == pytest.approx(error, rel=1e-5)
    logits = np.asarray(model.discriminator(z), "float64")
    codes = Record(z=tf.constant(z))
    assert float(model.encoder_loss(codes)) == pytest.approx(np.mean(np.log1p(np.exp(-logits))), rel=1e-5)
    draws = tf.convert_to_tensor(z[::-1] + 1.0)
    monkeypatch.setattr(NormalPrior, "from_normal", lambda prior, normal: draws)
    prior = np.asarray(model.discriminator(draws), "float64")
    d_loss = np.mean(np.log1p(np.exp(-prior))) + np.mean(np.log1p(np.exp(logits)))
    assert float(model.discriminator_loss(codes)) == pytest.approx(d_loss, rel=1e-5)


@for_every_kind
def test_codes_come_alone_and_decode_to_images(case, trained):
    model, (images,) = trained(case), case.data(5, image_shape=SHAPE)
    z = model.encode(images, batch_size=2)
    assert z.shape == (5, model.latent_dim) and z.dtype == np.float32
    np.testing.assert_allclose(z, np.asarray(model.encoder(model.to_network(images))["z"]), atol=1e-5)
    expected = (np.asarray(model.decoder(z), "float64") + 1.0) / 2.0
    np.testing.assert_allclose(model.decode(z), expected, atol=1e-5)
    assert np.abs(model.reconstruct(images) - expected * 255.0).max() <= 1.0
    assert model.encode(images[:0]).shape == (0, model.latent_dim)
