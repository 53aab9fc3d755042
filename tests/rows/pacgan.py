"""Row of the GAN whose discriminator judges several images at once."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, minimax, non_saturating
from rows.dcgan import CONV_GAN, MLP_GAN

# The shared checks train on two images at the least, which packs of more would refuse as a first batch.
ONE_UPDATE = dict(d_steps=1, packing=2)

CASES = [
    Case(
        "pacgan",
        args={**CONV_GAN, **ONE_UPDATE},
        output=(17, 16, 3),
        params=5534,
        defaults=dict(packing=2, d_steps=1),
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        losses=(minimax, non_saturating, {}),
        learns=gan_comes_nearer(factor=3.0),
    ),
    Case("pacgan", variant="mlp", args={**MLP_GAN, **ONE_UPDATE, "network": "mlp"}, output=(9, 8, 3), params=6791),
]
