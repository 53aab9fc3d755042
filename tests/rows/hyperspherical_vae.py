"""Rows of the hyperspherical VAE."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "hyperspherical_vae",
        variant="conv_bernoulli",
        args=dict(
            image_shape=(8, 8, 1), latent_dim=3, base_filters=4, reconstruction_weight=2.0, binarize=True, seed=3
        ),
        output=(8, 8, 1),
        params=1337,
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16),
    ),
    Case(
        "hyperspherical_vae",
        variant="mlp_gaussian",
        args=dict(
            image_shape=(9, 8, 3), latent_dim=2, network="mlp", hidden_units=(9, 7), likelihood="gaussian", seed=3
        ),
        output=(9, 8, 3),
        params=4301,
    ),
]
