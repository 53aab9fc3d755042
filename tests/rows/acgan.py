"""Row of the GAN with an auxiliary classifier."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, minimax, non_saturating
from rows.dcgan import CONV_GAN

CASES = [
    Case(
        "acgan",
        args=dict(**CONV_GAN, num_classes=4, class_names=("a", "b", "c", "d"), classifier_weight=0.5),
        output=(17, 16, 3),
        params=8986,
        defaults=dict(classifier_weight=1.0, d_steps=1),
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        losses=(minimax, non_saturating, dict(classifier_weight=0.0)),
        learns=gan_comes_nearer(factor=2.0),
        wrong=dict(num_classes=(1,)),
    ),
]
