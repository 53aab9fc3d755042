"""The VAE-GAN: its losses by NumPy, which network learns from which, and what follows from its codes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, for_cases, moved_parts, snapshot, values
from numpy_losses import minimax, non_saturating

from keras_genzoo.layers import frozen_statistics

ROWS = {case.variant: case for case in CASES if case.name == "vae_gan"}
for_conv, for_both = for_cases([ROWS["conv"]]), for_cases(list(ROWS.values()))
PLAIN = dict(label_smoothing=0.0, label_noise=0.0)
NETWORKS = ("encoder", "decoder", "discriminator")
OPTIMIZERS = {"encoder": "e_optimizer", "decoder": "g_optimizer", "discriminator": "d_optimizer"}


def pieces(model, data):
    """Real images, images made of them and of the prior, and what the discriminator gives for all in one batch."""
    images = model.unpack(data).images
    made = model.make_images(images)
    outputs = model.discriminator(np.concatenate([images, made.fake]), training=True)
    return images, made, {name: np.asarray(value, "float64") for name, value in outputs.items()}


@for_both
def test_losses_are_those_of_the_paper(case):
    model = case.build(**PLAIN)
    with frozen_statistics():
        images, made, outputs = pieces(model, case.data(6))
        d_loss = float(model.discriminator_loss(images, made.fake))
        reconstruction_loss, g_loss = map(float, model.decoder_losses(images, made.fake))
    assert made.fake.shape == (12, *case.output)
    logits, features = outputs["logits"], outputs["features"]
    assert d_loss == pytest.approx(minimax(logits[:6], logits[6:]), rel=1e-4)
    assert g_loss == pytest.approx(non_saturating(None, logits[6:]), rel=1e-4)
    expected = 0.5 * ((features[:6] - features[6:12]) ** 2).sum(axis=1).mean()
    assert reconstruction_loss == pytest.approx(expected, rel=1e-4) and expected > 0.01


@for_conv
def test_divergence_is_that_of_the_codes_from_the_prior(case):
    model = case.build()
    with frozen_statistics():
        images = model.unpack(case.data(6)).images
        mean, log_var = (np.asarray(part, "float64") for part in model.encoder(images, training=True).values())
        made = model.make_images(images)
    expected = 0.5 * (mean**2 + np.exp(log_var) - 1.0 - log_var).sum(axis=1).mean()
    assert float(made.kl_loss) == pytest.approx(expected, rel=1e-4)


@for_conv
def test_features_are_those_that_the_logit_is_made_from(case):
    model = case.build()
    logits, features = (model.discriminator.get_layer(name) for name in ("logits", "features"))
    assert features.input is logits.input


def updated_alone(case, network, **changes):
    """The weights of a network after a step in which it alone learns, from the same draws each time."""
    rates = dict.fromkeys(OPTIMIZERS.values(), 0.0) | {OPTIMIZERS[network]: 0.1}
    model = case.build({name: keras.optimizers.SGD(rate) for name, rate in rates.items()}, **{**PLAIN, **changes})
    before = snapshot(model, *NETWORKS)
    trainable = values(getattr(model, network).trainable_variables)
    model.train_step(case.data(6))
    still = {each: values(getattr(model, each).trainable_variables) for each in NETWORKS if each != network}
    assert moved_parts(before, snapshot(model, *NETWORKS)) >= {network}
    return trainable, values(getattr(model, network).trainable_variables), still


@for_conv
@pytest.mark.parametrize("network, depends", [("encoder", False), ("discriminator", False), ("decoder", True)])
def test_weight_of_the_reconstruction_is_in_the_loss_of_the_decoder_alone(case, network, depends):
    (_, one, still), (_, two, _) = (updated_alone(case, network, reconstruction_weight=w) for w in (0.0, 50.0))
    same = all(np.allclose(a, b, rtol=1e-6, atol=1e-9) for a, b in zip(one.values(), two.values(), strict=True))
    assert same != depends
    built = case.build(**PLAIN)
    for other, weights in still.items():
        for a, b in zip(weights.values(), getattr(built, other).trainable_variables, strict=True):
            np.testing.assert_array_equal(a, b)


@for_conv
def test_encoder_follows_the_gradient_of_divergence_and_reconstruction(case):
    before, after, _ = updated_alone(case, "encoder")
    twin = case.build(**PLAIN)
    images = twin.unpack(case.data(6)).images
    variables = twin.encoder.trainable_variables
    with tf.GradientTape() as tape:
        made = twin.make_images(images)
        with frozen_statistics():
            reconstruction_loss, _ = twin.decoder_losses(images, made.fake)
        loss = made.kl_loss + reconstruction_loss
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    for old, new, gradient in zip(before.values(), after.values(), gradients, strict=True):
        np.testing.assert_allclose(new, old - 0.1 * gradient, rtol=1e-3, atol=1e-5)


@for_conv
def test_discriminator_moves_its_statistics_once_in_a_step(case):
    model = case.build()
    norm = next(layer for layer in model.discriminator.layers if hasattr(layer, "moving_mean"))
    calls, move = [], norm._move
    object.__setattr__(norm, "_move", lambda *args: (calls.append(1), move(*args)))
    model.train_step(case.data(6))
    assert len(calls) == 2  # mean and variance


@for_both
def test_codes_pixels_and_imputation_are_those_of_a_gaussian_posterior(case):
    model = case.build()
    images = case.data(4)[0]
    z_mean, z_log_var = model.encode(images)
    assert z_mean.shape == z_log_var.shape == (4, model.latent_dim)
    pixels = (np.asarray(model.decoder(z_mean)) + 1.0) * 127.5
    assert np.abs(model.reconstruct(images) - pixels).max() <= 0.51
    assert model.code_use(images).shape == (model.latent_dim,)
    assert not hasattr(model, "log_likelihood")
    mask = np.zeros(case.output[:2], bool)
    mask[:4] = True
    filled = model.impute(images, mask, steps=2, seed=0)
    np.testing.assert_array_equal(filled[:, 4:], images[:, 4:])
    with pytest.raises(ValueError, match="Expected metropolis=False: vae_gan has no likelihood .* Received: metropol"):
        model.impute(images, mask, metropolis=True)
