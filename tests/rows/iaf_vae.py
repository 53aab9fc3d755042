"""Rows of the VAE with inverse autoregressive flows."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "iaf_vae",
        variant="conv_bernoulli",
        args=dict(
            image_shape=(8, 8, 1),
            latent_dim=3,
            base_filters=4,
            num_flows=3,
            flow_units=(6,),
            context_dim=5,
            reconstruction_weight=2.0,
            binarize=True,
            seed=3,
        ),
        output=(8, 8, 1),
        params=2080,
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16, flow_units=(64,)),
    ),
    Case(
        "iaf_vae",
        variant="mlp_gaussian",
        args=dict(
            image_shape=(9, 8, 3),
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            num_flows=1,
            flow_units=(6, 5),
            context_dim=2,
            likelihood="gaussian",
            seed=3,
        ),
        output=(9, 8, 3),
        params=4496,
    ),
]
