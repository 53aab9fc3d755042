"""Row of the GAN whose discriminator judges several images at once."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, minimax, non_saturating
from rows.dcgan import CONV_GAN

CASES = [
    Case(
        "pacgan",
        # The shared checks begin with two images at the least, which is one pack for one update.
        args={**CONV_GAN, "d_steps": 1, "packing": 2},
        output=(17, 16, 3),
        params=5534,
        defaults=dict(packing=2, d_steps=1),
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        losses=(minimax, non_saturating, {}),
        learns=gan_comes_nearer(factor=3.0),
    ),
]
