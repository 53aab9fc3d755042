"""Rows of the autoencoder."""

from case import Case
from learning import autoencoder_reconstructs
from numpy_losses import Adam

CASES = [
    Case(
        "autoencoder",
        variant="conv",
        args=dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=4, seed=3),
        output=(8, 8, 1),
        params=1272,
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=autoencoder_reconstructs(),
    ),
    Case(
        "autoencoder",
        variant="mlp",
        args=dict(image_shape=(9, 8, 3), latent_dim=4, network="mlp", hidden_units=(9, 7), seed=3),
        output=(9, 8, 3),
        params=4322,
    ),
]
