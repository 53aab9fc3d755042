"""Row of the CycleGAN."""

from case import Case
from learning import red_digits_become_blue_ones
from numpy_losses import Adam

CASES = [
    Case(
        "cyclegan",
        args=dict(
            image_shape=(17, 16, 3),  # a side that is no multiple of 4
            network="residual",
            base_filters=4,
            d_base_filters=6,
            num_blocks=1,
            d_layers=2,
            cycle_weight=5.0,
            identity_weight=0.25,
            history_size=3,
            ema_decay=0.9,
            seed=3,
        ),
        output=(17, 16, 3),
        params=57227,
        defaults=dict(cycle_weight=10.0, identity_weight=0.5, history_size=50),
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        learns=red_digits_become_blue_ones,
        wrong=dict(d_layers=[9]),
    ),
    Case(
        "cyclegan",
        variant="signals",
        args=dict(image_shape=(33, 2), base_filters=4, num_blocks=1, d_layers=1, history_size=3, ema_decay=0.9, seed=3),
        output=(33, 2),
        params=12723,
    ),
]
