"""Rows of the Wasserstein autoencoder with the maximum mean discrepancy."""

import numpy as np
from case import Case
from learning import SEED, TEST, TRAIN, flat, shuffled_epochs
from numpy_losses import Adam

import keras_genzoo
from keras_genzoo.metrics import frechet_distance


def codes_come_to_the_prior(case, digits):
    """Reconstructions improve, and codes come nearer to the prior than without the discrepancy in the loss."""
    images, _ = digits
    args = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=16, seed=SEED)
    model, untied = keras_genzoo.build(case.name, **args), keras_genzoo.build(case.name, mmd_weight=0.0, **args)
    prior = np.asarray(model.latent_sample(1500, seed=0))
    before = np.mean((flat(model.reconstruct(images[TEST])) - flat(images[TEST])) ** 2)
    for each in (model, untied):
        shuffled_epochs(each, (images[TRAIN],), epochs=25)
    error = np.mean((flat(model.reconstruct(images[TEST])) - flat(images[TEST])) ** 2)
    assert error < before / 3.0
    distances = [frechet_distance(prior, each.encode(images[TRAIN])) for each in (model, untied)]
    assert distances[0] < distances[1] / 4.0


CASES = [
    Case(
        "wae_mmd",
        variant="conv",
        args=dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=4, mmd_weight=5.0, seed=3),
        output=(8, 8, 1),
        params=1272,
        defaults=dict(mmd_weight=10.0, latent_dim=8),
        optimizers=dict(optimizer=Adam(1e-3, 0.5)),
        learns=codes_come_to_the_prior,
    ),
    Case(
        "wae_mmd",
        variant="mlp",
        args=dict(image_shape=(9, 8, 3), latent_dim=4, network="mlp", hidden_units=(9, 7), seed=3),
        output=(9, 8, 3),
        params=4322,
    ),
]
