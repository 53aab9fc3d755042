"""Row of pix2pix."""

from case import Case
from learning import red_digits_become_blue_ones
from numpy_losses import Adam

CASES = [
    Case(
        "pix2pix",
        args=dict(
            image_shape=(17, 16, 3),  # a side that is odd at each resolution
            network="unet",
            upsampling="transposed",
            base_filters=4,
            num_levels=3,
            dropout=0.25,
            d_base_filters=6,
            d_layers=2,
            crop=0.125,
            flip=True,
            l1_weight=50.0,
            ema_decay=0.9,
            seed=3,
        ),
        output=(17, 16, 3),
        params=19374,
        defaults=dict(dropout=0.5, l1_weight=100.0),
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        learns=red_digits_become_blue_ones,
        wrong=dict(d_layers=[9], num_levels=[9]),
    ),
    Case(
        "pix2pix",
        variant="separable",
        args=dict(
            image_shape=(17, 16, 3),
            network="separable",
            upsampling="nearest",
            base_filters=4,
            num_blocks=1,
            d_layers=1,
            ema_decay=0.9,
            seed=3,
        ),
        output=(17, 16, 3),
        params=13420,
    ),
    Case(
        "pix2pix",
        variant="signals",
        args=dict(image_shape=(33, 2), base_filters=4, num_levels=3, d_layers=1, ema_decay=0.9, seed=3),
        output=(33, 2),
        params=3410,
        wrong=dict(crop=[0.1], flip=[True], d_layers=[9]),
    ),
]
