"""Rows of the beta-VAE: with a warm-up of the weight, and with a capacity."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "beta_vae",
        variant="warmup",
        args=dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=4, binarize=True, beta=3.0, warmup_steps=4, seed=3),
        output=(8, 8, 1),
        params=1468,
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16, beta=1.5, warmup_steps=100),
    ),
    Case(
        "beta_vae",
        variant="capacity",
        args=dict(
            image_shape=(9, 8, 3),
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            likelihood="gaussian",
            beta=20.0,
            capacity=5.0,
            capacity_steps=4,
            seed=3,
        ),
        output=(9, 8, 3),
        params=4356,
    ),
]
