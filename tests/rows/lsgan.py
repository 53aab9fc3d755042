"""Row of the GAN with the least squares loss."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam
from rows.dcgan import CONV_GAN


def least_squares(real, fake):
    return 0.5 * ((real - 1.0) ** 2).mean() + 0.5 * (fake**2).mean()


def distance_from_1(real, fake):
    return 0.5 * ((fake - 1.0) ** 2).mean()


CASES = [
    Case(
        "lsgan",
        args=dict(**CONV_GAN),
        output=(17, 16, 3),
        params=5462,
        defaults=dict(d_steps=1),
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        losses=(least_squares, distance_from_1, {}),
        learns=gan_comes_nearer(factor=2.5),
    ),
]
