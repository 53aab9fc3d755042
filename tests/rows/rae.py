"""Rows of the regularized autoencoder."""

from case import Case
from learning import autoencoder_reconstructs
from numpy_losses import Adam

CASES = [
    Case(
        "rae",
        variant="conv",
        args=dict(
            image_shape=(8, 8, 1),
            latent_dim=3,
            base_filters=4,
            code_weight=0.2,
            l2_weight=0.01,
            gradient_weight=0.05,
            seed=3,
        ),
        output=(8, 8, 1),
        params=1272,
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=autoencoder_reconstructs(),
    ),
    Case(
        "rae",
        variant="mlp_spectral",
        args=dict(
            image_shape=(9, 8, 3),
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            spectral_normalization=True,
            seed=3,
        ),
        output=(9, 8, 3),
        params=4554,
    ),
]
