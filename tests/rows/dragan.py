"""Row of the GAN with a gradient penalty around real images."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, minimax, non_saturating
from rows.dcgan import CONV_GAN

CASES = [
    Case(
        "dragan",
        args=dict(**CONV_GAN, gp_weight=4.0, perturbation=0.7),
        output=(17, 16, 3),
        params=5426,
        defaults=dict(gp_weight=10.0, perturbation=0.5, d_steps=1),
        optimizers=dict(d_optimizer=Adam(1e-4, 0.5, 0.9), g_optimizer=Adam(1e-4, 0.5, 0.9)),
        losses=(minimax, non_saturating, dict(gp_weight=0.0)),
        # The paper's rate is made for ten thousands of steps.
        learns=gan_comes_nearer(
            factor=3.0, optimizer=dict(class_name="Adam", config=dict(learning_rate=1e-3, beta_1=0.5, beta_2=0.9))
        ),
    ),
]
