"""BiGAN: what trains the encoder, what moves it, and codes and reconstructions in use."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, for_cases, moved, moved_parts, snapshot, values
from scipy.special import log_expit

from keras_genzoo import plots

ROWS = [case for case in CASES if case.name == "bigan"]
CASE, MLP = ROWS
PARTS = ("generator", "discriminator", "encoder", "ema_generator", "ema_encoder")


def livelier(model, *networks):
    """The model, whose networks have weights of order 1: the initial ones give nearly the same for all images."""
    rng = np.random.default_rng(0)
    for name in networks:
        network = getattr(model, name)
        network.set_weights([weights + 0.5 * rng.random(weights.shape) for weights in network.get_weights()])
    return model


def test_encoder_learns_to_have_its_pairs_taken_for_generated_ones():
    rates = {"d_optimizer": 0.0, "g_optimizer": 0.25}
    model, twin = (
        livelier(CASE.build({key: keras.optimizers.SGD(rate) for key, rate in rates.items()}, d_steps=1), *PARTS[1:3])
        for _ in range(2)
    )
    variables = twin.encoder.trainable_variables
    real = twin.unpack(CASE.data(6))
    with tf.GradientTape() as tape:
        codes = twin.encoder(real.images, training=True)
        loss = tf.reduce_mean(tf.nn.softplus(twin.discriminator([real.images, codes], training=True)))
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    expected = [variable - 0.25 * gradient for variable, gradient in zip(variables, gradients, strict=True)]
    before = values(model.encoder.trainable_variables)
    model.train_step(CASE.data(6))
    for variable, value in zip(model.encoder.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-7)
    assert moved(before, values(model.encoder.trainable_variables)) == list(before)


def test_losses_are_of_pairs_with_exchanged_labels_for_generator_and_encoder():
    model = CASE.build()
    real = model.unpack(CASE.data(6))
    fake = model.sample_fake(real)
    np.testing.assert_allclose(fake.codes, model.encoder(real.images, training=True), rtol=1e-5)
    pairs = [real.images, fake.codes], [fake.images, fake.z]
    of_real, of_fake = (np.asarray(model.discriminator(pair, training=True), "float64") for pair in pairs)
    losses = (
        -log_expit(of_real).mean() - log_expit(-of_fake).mean(),
        -log_expit(-of_real).mean() - log_expit(of_fake).mean(),
    )
    found = model.discriminator_loss(real, fake), model.generator_loss(real, fake)
    assert [float(loss) for loss in found] == pytest.approx(losses, rel=1e-4)


@for_cases(ROWS)
def test_discriminator_update_leaves_the_encoder_unchanged_and_the_other_moves_its_statistics(case):
    model = case.build(d_steps=1)
    real = model.unpack(case.data(6))
    before = snapshot(model, *PARTS)
    model.update_discriminator(real, model.sample_fake(real))
    assert moved_parts(before, snapshot(model, *PARTS)) == {"discriminator", "d_optimizer"}
    model.train_step(case.data(6))
    assert moved_parts(before, snapshot(model, *PARTS)) == {*PARTS, *model.optimizer_names}
    assert moved(before["encoder"], values(model.encoder.variables)) == list(before["encoder"])


@for_cases(ROWS)
def test_codes_and_reconstructions_come_from_the_averages(case):
    model = livelier(case.build(), "ema_encoder")
    images, latent_dim = case.data(3)[0], case.args["latent_dim"]
    codes = model.encode(images, batch_size=2)
    assert codes.shape == (3, latent_dim) and codes.dtype == np.float32
    pixels = model.to_network(images)
    np.testing.assert_allclose(codes, model.ema_encoder(pixels), rtol=1e-4, atol=1e-6)
    assert np.abs(codes - np.asarray(model.encoder(pixels))).max() > 1e-3
    decoded = model.decode(codes)
    np.testing.assert_allclose(decoded, 0.5 * (1.0 + np.asarray(model.ema_generator(codes))), atol=1e-5)
    shown = model.reconstruct(images)
    assert shown.dtype == np.uint8 and np.abs(shown - decoded * 255.0).max() < 0.51
    np.testing.assert_allclose(model(images), decoded, atol=1e-5)
    alone = case.build(ema_decay=0)
    np.testing.assert_allclose(alone.encode(images), alone.encoder(pixels), rtol=1e-4, atol=1e-6)


def test_wrong_images_and_codes_are_refused():
    model, images = CASE.build(), CASE.data(3)[0]
    for method in (model.encode, model.reconstruct):
        for wrong in (images[0], images[:, 1:], images.astype("float32")):
            with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
                method(wrong)
        with pytest.raises(ValueError, match="Expected .* Received: labels"):
            method(images, labels=[1, 2, 3])
    with pytest.raises(
        ValueError, match=r"Expected z as numbers of shape \(n, 5\). Received: float64 of shape \(3, 4\)"
    ):
        model.decode(np.zeros((3, 4)))


def test_signatures_and_pictures_of_codes_are_those_of_an_autoencoder(tmp_path):
    model = MLP.build(latent_dim=2)
    functions = model.export_functions("uint8")
    assert set(functions) >= {"serving_default", "generate", "interpolate", "encode", "decode", "reconstruct"}
    images = MLP.data(5)[0]
    np.testing.assert_allclose(functions["encode"].compute({"image": images})["z"], model.encode(images), atol=1e-5)
    shown = functions["reconstruct"].compute({"image": images})["image"]
    np.testing.assert_array_equal(shown, model.reconstruct(images))
    for save in (plots.save_latent_map, plots.save_traversals):
        assert save(model, images, tmp_path / f"{save.__name__}.png").is_file()
