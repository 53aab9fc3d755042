"""Row of the GAN with spectral normalization."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, hinge, minus_score
from rows.dcgan import CONV_GAN

CASES = [
    Case(
        "sngan",
        args=dict(**CONV_GAN),
        output=(17, 16, 3),
        params=5445,
        defaults=dict(d_steps=1),
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        losses=(hinge, minus_score, {}),
        learns=gan_comes_nearer(factor=4.0),
    ),
]
