"""The VampPrior: a mixture of the posteriors of pseudo-inputs, which are pixels."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
from cases import CASES

import keras_genzoo
from keras_genzoo import sampling

CONV, MLP = [case for case in CASES if case.name == "vamp_vae"]


def test_prior_is_the_mean_of_the_posteriors_of_the_pseudo_inputs():
    model = MLP.build()  # pixels in [-1, 1] inside
    pixels = np.random.default_rng(0).normal(0.5, 0.5, model.pseudo_inputs.shape)
    model.pseudo_inputs.assign(pixels)
    means, log_vars = model.encode(np.clip(pixels, 0.0, 1.0).astype("float32"))
    z = np.random.default_rng(1).standard_normal((6, 4)).astype("float32")
    densities = scipy.stats.norm(means, np.exp(0.5 * log_vars)).logpdf(z[:, None]).sum(axis=-1)  # (6, 2)
    np.testing.assert_allclose(model.prior.log_density(z), scipy.special.logsumexp(densities, axis=1) - np.log(2), 1e-5)
    # draws, each from the posterior that its first number selects
    noise = np.asarray(sampling.normal_rows(3, 0, 50, 5))
    chosen = (noise[:, 0] > 0).astype(int)
    expected = means[chosen] + np.exp(0.5 * log_vars[chosen]) * noise[:, 1:]
    np.testing.assert_allclose(model.latent_sample(50, seed=3), expected, atol=1e-5)


def test_pseudo_inputs_begin_as_nearly_black_images():
    values = np.asarray(MLP.build(num_pseudo_inputs=50).pseudo_inputs)
    assert abs(values.mean() - 0.05) < 1e-3
    assert abs(values.std() - 0.01) < 1e-3


def test_pseudo_inputs_do_not_move_the_statistics_of_the_encoder():
    images = CONV.data(6, image_shape=(16, 16, 1))
    statistics = []
    for value in (0.1, 0.9):
        model = CONV.build(image_shape=(16, 16, 1))
        model.pseudo_inputs.assign(np.full(model.pseudo_inputs.shape, value))
        model.train_step(images)
        moving = [variable.numpy() for variable in model.encoder.non_trainable_variables if "moving" in variable.path]
        statistics.append(np.concatenate(moving))
    np.testing.assert_array_equal(*statistics)


def test_kl_term_counts_more_from_step_to_step_of_the_warm_up_and_fully_in_a_test():
    model = keras_genzoo.build(
        "vamp_vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4, num_pseudo_inputs=3, warmup_steps=4, seed=0
    )
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), dtype="uint8")
    for weight in (0.0, 0.25, 0.5, 0.75, 1.0, 1.0):
        logs = {key: float(value) for key, value in model.train_on_batch(images, return_dict=True).items()}
        model.reset_metrics()
        assert logs["loss"] == pytest.approx(logs["reconstruction_loss"] + weight * logs["kl_loss"], rel=1e-5)
    model.schedule_steps.assign(0)
    logs = model.test_on_batch(images, return_dict=True)
    assert logs["loss"] == pytest.approx(logs["reconstruction_loss"] + logs["kl_loss"], rel=1e-5)
