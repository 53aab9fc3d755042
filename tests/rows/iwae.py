"""Rows of the importance-weighted autoencoder."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "iwae",
        variant="conv_bernoulli",
        args=dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=4, train_samples=3, binarize=True, seed=3),
        output=(8, 8, 1),
        params=1467,
        defaults=dict(train_samples=5),
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16),
    ),
    Case(
        "iwae",
        variant="mlp_gaussian",
        args=dict(
            image_shape=(9, 8, 3),
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            train_samples=2,
            gradient="dreg",
            likelihood="gaussian",
            seed=3,
        ),
        output=(9, 8, 3),
        params=4355,
    ),
]
