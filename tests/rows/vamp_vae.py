"""Rows of the VAE with a VampPrior."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "vamp_vae",
        variant="conv_bernoulli",
        args=dict(
            image_shape=(8, 8, 1),
            latent_dim=3,
            base_filters=4,
            num_pseudo_inputs=3,
            warmup_steps=0,  # the first step moves pseudo-inputs by the KL term alone
            reconstruction_weight=2.0,
            binarize=True,
            seed=3,
        ),
        output=(8, 8, 1),
        params=1467 + 3 * 64 + 1,
        defaults=dict(num_pseudo_inputs=500, warmup_steps=2000),
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16, num_pseudo_inputs=20, warmup_steps=100),
    ),
    Case(
        "vamp_vae",
        variant="mlp_gaussian",
        args=dict(
            image_shape=(9, 8, 3),
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            likelihood="gaussian",
            num_pseudo_inputs=2,
            warmup_steps=0,
            seed=3,
        ),
        output=(9, 8, 3),
        params=4355 + 2 * 216 + 1,
    ),
]
