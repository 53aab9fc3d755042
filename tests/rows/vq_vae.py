"""Rows of the vector-quantized autoencoder."""

from case import Case
from learning import code_maps_are_learned
from numpy_losses import Adam

CASES = [
    Case(
        "vq_vae",
        variant="deep",
        args=dict(
            image_shape=(16, 16, 1),
            base_filters=4,
            num_halvings=3,
            num_blocks=0,
            num_codes=8,
            code_dim=3,
            commitment_weight=0.5,
            codebook_decay=0.9,
            dead_below=0.1,
            prior_filters=2,
            prior_layers=1,
            seed=3,
        ),
        output=(16, 16, 1),
        params=1712,
        defaults=dict(commitment_weight=0.25, num_codes=512, codebook_decay=0.99),
        optimizers=dict(optimizer=Adam(2e-4), prior_optimizer=Adam(1e-3)),
        learns=code_maps_are_learned,
    ),
    Case(
        "vq_vae",
        variant="blocks",
        args=dict(
            image_shape=(9, 8, 3), base_filters=4, num_codes=6, code_dim=2, prior_filters=3, prior_layers=2, seed=3
        ),
        output=(9, 8, 3),
        params=2467,
    ),
]
