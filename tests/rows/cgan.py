"""Row of the conditional GAN."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, minimax, non_saturating
from rows.dcgan import CONV_GAN

CASES = [
    Case(
        "cgan",
        args=dict(**CONV_GAN, num_classes=4, class_names=("a", "b", "c", "d")),
        output=(17, 16, 3),
        params=8982,
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        losses=(minimax, non_saturating, {}),
        learns=gan_comes_nearer(factor=5.0),
    ),
]
