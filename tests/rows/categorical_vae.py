"""Rows of the VAE with categorical variables."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "categorical_vae",
        variant="conv_bernoulli",
        args=dict(
            image_shape=(8, 8, 1),
            num_latents=8,
            num_categories=4,
            base_filters=4,
            temperature=0.9,
            min_temperature=0.3,
            anneal_rate=0.01,
            reconstruction_weight=2.0,
            binarize=True,
            seed=3,
        ),
        output=(8, 8, 1),
        params=6870,
        defaults=dict(min_temperature=0.5),
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16, num_latents=8, num_categories=8),
        wrong=dict(min_temperature=(2.0,)),
    ),
    Case(
        "categorical_vae",
        variant="mlp_gaussian",
        args=dict(
            image_shape=(9, 8, 3),
            num_latents=3,
            num_categories=2,
            straight_through=True,
            network="mlp",
            hidden_units=(9, 7),
            likelihood="gaussian",
            seed=3,
        ),
        output=(9, 8, 3),
        params=4354,
    ),
]
