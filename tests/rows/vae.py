"""Rows of the VAE."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "vae",
        variant="conv_bernoulli",
        args=dict(
            image_shape=(8, 8, 1), latent_dim=3, base_filters=4, reconstruction_weight=2.0, binarize=True, seed=3
        ),
        output=(8, 8, 1),
        params=1467,
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16),
    ),
    Case(
        "vae",
        variant="points",
        args=dict(image_shape=(3,), latent_dim=2, network="mlp", hidden_units=(9, 7), likelihood="gaussian", seed=3),
        output=(3,),
        params=262,
    ),
    Case(
        "vae",
        variant="mlp_gaussian",
        args=dict(
            image_shape=(9, 8, 3),
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            likelihood="gaussian",
            samplers=dict(mixture=2, aggregate=3, two_stage=4),
            seed=3,
        ),
        output=(9, 8, 3),
        params=4510,
        learns=vae_learns(network="mlp", hidden_units=(128,), likelihood="gaussian"),
    ),
    Case(
        "vae",
        variant="signals",
        args=dict(image_shape=(33, 2), latent_dim=3, base_filters=4, likelihood="gaussian", seed=3),
        output=(33, 2),
        params=6973,
        wrong=dict(likelihood=["bernoulli"]),
    ),
]
