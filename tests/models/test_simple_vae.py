"""The VAE of lecture notes: its cost by hand, and the Gaussian decoder that it stands for."""

import keras
import numpy as np
import pytest
from cases import CASES

from keras_genzoo import sampling
from keras_genzoo.utils.record import Record

CASE = next(case for case in CASES if str(case) == "simple_vae-mlp")


def test_cost_is_the_squared_error_plus_the_weighted_divergence():
    model = CASE.build()
    images = CASE.data(5)[0]
    encoder_input = images.astype("float64") / 127.5 - 1.0
    encoded = model.encoder(encoder_input.astype("float32"))
    mean, log_var = (np.asarray(encoded[name], "float64") for name in ("z_mean", "z_log_var"))
    noise_of = keras.random.SeedGenerator(3)
    noise_of.state.assign(model.seed_generator.state)
    logs = {key: float(value) for key, value in model.train_step((images,)).items()}
    again = CASE.build()
    z = mean + np.exp(0.5 * log_var) * np.asarray(sampling.step_normal(mean.shape, noise_of))
    decoded = np.asarray(again.decoder(z.astype("float32")), "float64")
    error = ((encoder_input - decoded) ** 2).sum(axis=(1, 2, 3)).mean()
    divergence = 0.5 * (mean**2 + np.exp(log_var) - 1.0 - log_var).sum(axis=1).mean()
    assert logs["squared_error"] == pytest.approx(error, rel=1e-5)
    assert logs["kl_loss"] == pytest.approx(divergence, rel=1e-4)
    assert logs["loss"] == pytest.approx(error + 2.0 * divergence, rel=1e-5)


@pytest.mark.parametrize("kl_weight", [0.25, 1e-6])  # of any size: the variance is not learned, and has no bounds
def test_cost_is_the_bound_of_its_decoder_times_the_weight_up_to_a_constant(kl_weight):
    model = CASE.build(kl_weight=kl_weight)
    images = np.repeat(CASE.data(1)[0], 2000, axis=0)
    terms = model.loss_terms(Record(images=model.to_network(images)), training=False)
    cost = float(terms["squared_error"] + kl_weight * terms["kl_loss"])
    constant = images[0].size / 2.0 * np.log(np.pi * kl_weight)
    bounds = model.elbo(images)
    error = 4.0 * bounds.std() / np.sqrt(2000)
    assert -bounds.mean() == pytest.approx(cost / kl_weight + constant, abs=2.0 * error)


def test_images_of_codes_stay_inside_the_pixel_range_without_a_cut():
    model = CASE.build()
    z = 100.0 * np.random.default_rng(0).normal(size=(20, model.latent_dim)).astype("float32")
    assert np.abs(np.asarray(model.decoder(z))).max() <= 1.0
