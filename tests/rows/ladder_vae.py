"""Rows of the ladder VAE."""

from case import Case
from learning import vae_learns
from numpy_losses import Adam

CASES = [
    Case(
        "ladder_vae",
        variant="bernoulli",
        args=dict(
            image_shape=(8, 8, 1),
            level_channels=(3, 2, 1),
            level_halvings=(2, 2, 1),
            base_filters=4,
            num_blocks=0,
            warmup_steps=3,
            free_bits=0.25,
            reconstruction_weight=2.0,
            binarize=True,
            seed=3,
        ),
        output=(8, 8, 1),
        params=2072,
        optimizers=dict(optimizer=Adam(1e-3)),
        wrong=dict(level_halvings=((1, 2, 3), (3, 2)), level_channels=((2, 2),)),
        learns=vae_learns(
            optimizers=dict(optimizer=dict(class_name="Adam", config=dict(learning_rate=4e-3))),
            level_channels=(4, 4, 2),
            level_halvings=(3, 2, 1),
            base_filters=16,
            warmup_steps=300,
        ),
    ),
    Case(
        "ladder_vae",
        variant="gaussian",
        args=dict(
            image_shape=(9, 8, 3),
            level_channels=(2, 2),
            level_halvings=(2, 1),
            base_filters=3,
            likelihood="gaussian",
            seed=3,
        ),
        output=(9, 8, 3),
        params=1922,
    ),
]
