"""Rows of FactorVAE."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "factor_vae",
        variant="conv",
        args=dict(
            image_shape=(8, 8, 1),
            latent_dim=3,
            base_filters=4,
            binarize=True,
            tc_weight=5.0,
            d_hidden_units=(6, 5),
            seed=3,
        ),
        output=(8, 8, 1),
        params=1467 + 4 * 6 + 7 * 5 + 6,
        defaults=dict(d_hidden_units=(1000,) * 6),
        optimizers=dict(optimizer=Adam(1e-4), d_optimizer=Adam(1e-4, 0.5, 0.9)),
        learns=vae_learns(base_filters=16, optimizers={"optimizer": "adam"}, tc_weight=2.0, d_hidden_units=(64, 64)),
    ),
    Case(
        "factor_vae",
        variant="mlp_gaussian",
        args=dict(
            image_shape=(9, 8, 3),
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            likelihood="gaussian",
            d_hidden_units=(6,),
            seed=3,
        ),
        output=(9, 8, 3),
        params=4355 + 5 * 6 + 7,
    ),
]
