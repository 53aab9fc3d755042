"""Row of the relativistic GAN with two penalties."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, relativistic
from rows.dcgan import CONV_GAN

# Smaller than that of the others: what a test adds to all weights grows from block to block.
CONVOLUTIONS = ("base_filters", "d_base_filters", "kernel_size")
RESIDUAL = {key: value for key, value in CONV_GAN.items() if key not in CONVOLUTIONS}
RESIDUAL |= dict(image_shape=(9, 8, 3), stage_filters=(4, 6), num_blocks=2, expansion=1, group_size=2)
PENALTIES = dict(gp_weight=0.5, final_gp_weight=0.25, gp_steps=10, gp_share=0.5)

CASES = [
    Case(
        "r3gan",
        args=dict(**RESIDUAL, **PENALTIES, network="residual"),
        output=(9, 8, 3),
        params=2370,
        optimizers=dict(d_optimizer=Adam(2e-4, 0.0, 0.99), g_optimizer=Adam(2e-4, 0.0, 0.99)),
        losses=(
            relativistic,
            lambda real, fake: relativistic(fake, real),
            dict(gp_weight=0.0, final_gp_weight=0.0, gp_steps=0, gp_share=1.0),
        ),
        learns=gan_comes_nearer(
            factor=4.0,
            args=dict(gp_weight=0.2),
            optimizer=dict(class_name="Adam", config=dict(learning_rate=1e-3, beta_1=0.0, beta_2=0.99)),
        ),
    ),
    Case(
        "r3gan",
        variant="conv",
        args=dict(**CONV_GAN, network="conv", upsampling="nearest"),
        output=(17, 16, 3),
        params=7025,
    ),
]
