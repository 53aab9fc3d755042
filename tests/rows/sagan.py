"""Row of the GAN with self-attention."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, hinge, minus_score
from rows.dcgan import CONV_GAN

# With the rates of the paper, a few hundred steps move no scale of a class far.
FAST = {"class_name": "Adam", "config": {"learning_rate": 1e-3, "beta_1": 0.0, "beta_2": 0.9}}

# Here, not as many real as generated images are inside the margins of the hinge: the bias has a gradient.
CONV_SAGAN = {**CONV_GAN, "d_steps": 1, "seed": 6}

CASES = [
    Case(
        "sagan",
        args=dict(**CONV_SAGAN, num_classes=4, class_names=("a", "b", "c", "d"), attention_level=1),
        output=(17, 16, 3),
        params=7925,
        defaults=dict(latent_dim=128, attention_level=None, d_steps=1),
        optimizers=dict(d_optimizer=Adam(4e-4, 0.0, 0.9), g_optimizer=Adam(1e-4, 0.0, 0.9)),
        losses=(hinge, minus_score, {}),
        learns=gan_comes_nearer(factor=12.0, optimizer=FAST),
        wrong=dict(attention_level=(3,)),
    ),
]
