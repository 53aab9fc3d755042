"""Rows of the VAE of lecture notes."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "simple_vae",
        variant="conv",
        args=dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=4, kl_weight=0.5, seed=3),
        output=(8, 8, 1),
        params=1467,
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16),
    ),
    Case(
        "simple_vae",
        variant="mlp",
        args=dict(image_shape=(9, 8, 3), latent_dim=4, network="mlp", hidden_units=(9, 7), kl_weight=2.0, seed=3),
        output=(9, 8, 3),
        params=4354,
    ),
]
