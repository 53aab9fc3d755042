"""Row of CUT."""

from case import Case
from learning import red_digits_become_blue_ones
from numpy_losses import Adam

CASES = [
    Case(
        "cut",
        args=dict(
            image_shape=(17, 16, 3),  # a side that is no multiple of 4
            network="separable",
            base_filters=4,
            d_base_filters=6,
            num_blocks=1,
            d_layers=2,
            num_patches=20,
            projection_units=8,
            temperature=0.1,
            nce_weight=2.0,
            identity_weight=0.5,
            ema_decay=0.9,
            seed=3,
        ),
        output=(17, 16, 3),
        params=21790,
        defaults=dict(num_patches=256, temperature=0.07, nce_weight=1.0, identity_weight=1.0),
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        learns=red_digits_become_blue_ones,
        wrong=dict(d_layers=[9]),
    ),
]
