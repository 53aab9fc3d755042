"""Row of the VAE with a mixture of Gaussians as its prior."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "mixture_vae",
        args=dict(
            image_shape=(9, 8, 3),
            latent_dim=4,
            network="mlp",
            hidden_units=(9, 7),
            likelihood="gaussian",
            num_components=3,
            seed=3,
        ),
        output=(9, 8, 3),
        params=4355 + 3 * (1 + 2 * 4),
        defaults=dict(num_components=500),
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16, num_components=20),
    ),
    Case(
        "mixture_vae",
        variant="conv_bernoulli",
        args=dict(
            image_shape=(8, 8, 1),
            latent_dim=3,
            base_filters=4,
            num_components=2,
            reconstruction_weight=2.0,
            binarize=True,
            seed=3,
        ),
        output=(8, 8, 1),
        params=1467 + 2 * (1 + 2 * 3),
    ),
]
