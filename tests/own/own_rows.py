"""Rows of the models of this folder, which are written as a user's own: `registered()` registers them for a while."""

import contextlib
import functools
import importlib

from case import Case

from keras_genzoo import registry

CONV = dict(image_shape=(8, 8, 1), base_filters=4)
GAN = dict(**CONV, ema_decay=0.9, seed=3)

CASES = [
    Case(
        "own_infogan",
        args=dict(**GAN, latent_dim=9, num_categories=3, num_factors=2, info_weight=0.5),
        output=(8, 8, 1),
        params=4013,
    ),
    Case(
        "own_infogan_conditions",
        args=dict(**GAN, d_steps=2, latent_dim=4, num_styles=3, num_factors=2, info_weight=0.5),
        output=(8, 8, 1),
        params=4081,
    ),
    Case(
        "own_iwae",
        args=dict(**CONV, latent_dim=3, train_samples=3, binarize=True, seed=3),
        output=(8, 8, 1),
        params=1467,
    ),
    Case(
        "own_pix2pix",
        args=dict(**CONV, num_blocks=1, l1_weight=10.0, ema_decay=0.9, seed=3),
        output=(8, 8, 1),
        params=21320,
    ),
    Case(
        "own_denoising",
        args=dict(image_shape=(9, 8, 3), network="mlp", hidden_units=(9, 7), latent_dim=4, noise_level=0.2, seed=3),
        output=(9, 8, 3),
        params=4322,
    ),
    Case(
        "own_smoothed_dcgan",
        args=dict(**GAN, latent_dim=4, label_smoothing=0.2),
        output=(8, 8, 1),
        params=2408,
    ),
]


@functools.cache
def _own_class(name):
    """The class of a model of this folder; its module registers it when it is first imported."""
    importlib.import_module(name)
    return registry.registered_class(name)


@contextlib.contextmanager
def registered():
    """Within this context, the zoo knows the models of this folder; other tests do not see them."""
    before = dict(registry._registered)
    for case in CASES:
        registry.register(case.name, _own_class(case.name))
    try:
        yield
    finally:
        registry._registered.clear()
        registry._registered.update(before)
