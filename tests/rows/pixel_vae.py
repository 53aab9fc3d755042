"""Rows of the PixelVAE."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "pixel_vae",
        args=dict(
            image_shape=(8, 8, 1),
            latent_dim=3,
            base_filters=4,
            pixel_layers=2,
            pixel_filters=3,
            kernel_size=3,
            head_layers=1,
            reconstruction_weight=2.0,
            binarize=True,
            warmup_steps=5,
            seed=3,
        ),
        output=(8, 8, 1),
        params=2033,
        optimizers=dict(optimizer=Adam(1e-3)),
        learns=vae_learns(base_filters=16),
    ),
]
