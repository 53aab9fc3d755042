"""Rows of the VAE with a chain as its posterior."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "chain_vae",
        variant="conv_bernoulli",
        args=dict(
            image_shape=(8, 8, 1), latent_dim=3, base_filters=4, reconstruction_weight=2.0, binarize=True, seed=3
        ),
        output=(8, 8, 1),
        params=1662,  # 64 x 3 + 3 more than those of the VAE
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16),
    ),
    Case(
        "chain_vae",
        variant="mlp_gaussian",
        args=dict(
            image_shape=(9, 8, 3), latent_dim=4, network="mlp", hidden_units=(9, 7), likelihood="gaussian", seed=3
        ),
        output=(9, 8, 3),
        params=4387,  # 7 x 4 + 4 more than those of the VAE
    ),
]
