"""What a model takes over from its paper: the loss of each network, and the numbers that stand where none are given."""

import keras
import numpy as np
import pytest
from cases import CASES
from scipy.special import expit

from keras_genzoo import list_models
from keras_genzoo.layers import frozen_statistics
from keras_genzoo.registry import model_class


def minimax(real, fake):
    return -np.log(expit(real)).mean() - np.log(1.0 - expit(fake)).mean()


def non_saturating(fake):
    return -np.log(expit(fake)).mean()


def hinge(real, fake):
    return np.maximum(0.0, 1.0 - real).mean() + np.maximum(0.0, 1.0 + fake).mean()


def difference(real, fake):
    return fake.mean() - real.mean()


def minus_score(fake):
    return -fake.mean()


# The losses of discriminator and generator by model, from the scores; without penalties, which tests of their own know.
ADVERSARIAL = {
    "cgan": (minimax, non_saturating, {}),
    "dcgan": (minimax, non_saturating, {}),
    "sngan": (hinge, minus_score, {}),
    "wgan_gp": (difference, minus_score, {"gp_weight": 0.0}),
}


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_losses_of_both_networks_are_those_of_the_paper(name):
    (case,) = [case for case in CASES if case.name == name]
    d_loss, g_loss, args = ADVERSARIAL[name]
    model = case.build(**args)
    # Scores on both sides of the hinge, and further from 0 than small first weights give.
    for variable in model.discriminator.trainable_variables[-2:]:
        variable.assign(variable + np.random.default_rng(0).normal(size=variable.shape))
    with frozen_statistics():
        real = model.real_sample(case.data(8))
        fake = model.sample_fake(real)
        scores = [np.asarray(model.discriminator(sample, training=True), "float64") for sample in (real, fake)]
        assert np.ptp(scores) > 0.1
        assert float(model.discriminator_loss(real, fake)) == pytest.approx(d_loss(*scores), rel=1e-4)
        assert float(model.generator_loss(fake)) == pytest.approx(g_loss(scores[1]), rel=1e-4)


# Of the paper, or of the source that the module names.
DEFAULTS = {
    "aae": {"d_hidden_units": (1000, 1000)},
    "cyclegan": {"cycle_weight": 10.0, "identity_weight": 0.5, "history_size": 50},
    "dcgan": {"latent_dim": 100, "base_filters": 64, "d_steps": 1},
    "sngan": {"d_steps": 1},
    "wgan_gp": {"gp_weight": 10.0, "d_steps": 5},
}
ADAM = {  # learning rate, beta_1, beta_2 of each optimizer
    "aae": {"optimizer": (1e-3, 0.9, 0.999), "d_optimizer": (2e-4, 0.5, 0.999), "g_optimizer": (2e-4, 0.5, 0.999)},
    "cgan": {"d_optimizer": (2e-4, 0.5, 0.999), "g_optimizer": (2e-4, 0.5, 0.999)},
    "classifier": {"optimizer": (1e-3, 0.9, 0.999)},
    "cvae": {"optimizer": (1e-3, 0.9, 0.999)},
    "cyclegan": {"d_optimizer": (2e-4, 0.5, 0.999), "g_optimizer": (2e-4, 0.5, 0.999)},
    "dcgan": {"d_optimizer": (2e-4, 0.5, 0.999), "g_optimizer": (2e-4, 0.5, 0.999)},
    "sngan": {"d_optimizer": (2e-4, 0.5, 0.999), "g_optimizer": (2e-4, 0.5, 0.999)},
    "vae": {"optimizer": (1e-3, 0.9, 0.999)},
    "wgan_gp": {"d_optimizer": (1e-4, 0.0, 0.9), "g_optimizer": (1e-4, 0.0, 0.9)},
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_is_not_given_is_as_in_the_paper(name):
    wanted = DEFAULTS[name]
    model = model_class(name)(image_shape=(8, 8, 1))
    assert {key: getattr(model, key) for key in wanted} == wanted


@pytest.mark.parametrize("name", ADAM)
def test_optimizers_that_are_not_given_are_those_of_the_paper(name):
    (case, *_) = [case for case in CASES if case.name == name]
    model = case.build()
    assert set(model.optimizer_names) == set(ADAM[name])
    for key, numbers in ADAM[name].items():
        optimizer = getattr(model, key)
        assert type(optimizer) is keras.optimizers.Adam
        assert (float(optimizer.learning_rate), optimizer.beta_1, optimizer.beta_2) == pytest.approx(numbers)


def test_a_machine_descends_the_plain_gradient_by_default():
    (case,) = [case for case in CASES if case.name == "rbm"]
    optimizer = case.build().optimizer
    assert type(optimizer) is keras.optimizers.SGD
    assert float(optimizer.learning_rate) == pytest.approx(0.05) and not optimizer.momentum


def test_every_gan_says_its_losses_here():
    from keras_genzoo.models._gan import GAN

    assert {name for name in list_models() if issubclass(model_class(name), GAN)} == set(ADVERSARIAL)
