"""Rows of the beta-TC-VAE: with both estimates of the total correlation."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "beta_tc_vae",
        variant="weighted",
        args=dict(
            image_shape=(8, 8, 1),
            latent_dim=3,
            base_filters=4,
            binarize=True,
            beta=5.0,
            mi_weight=0.5,
            dimension_weight=2.0,
            dataset_size=1000,
            seed=3,
        ),
        output=(8, 8, 1),
        params=1467,
        defaults=dict(mi_weight=1.0, dimension_weight=1.0),
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16, beta=2.0, dataset_size=1500),
    ),
    Case(
        "beta_tc_vae",
        variant="stratified",
        args=dict(
            image_shape=(9, 8, 3),
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            likelihood="gaussian",
            tc_estimate="stratified",
            dataset_size=1000,
            seed=3,
        ),
        output=(9, 8, 3),
        params=4355,
    ),
]
