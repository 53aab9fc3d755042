"""Row of the Wasserstein GAN with weight clipping."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import RMSprop, difference, minus_score
from rows.dcgan import CONV_GAN

CASES = [
    Case(
        "wgan",
        # Above the initial weights: shared checks follow the gradient alone, tests/models/test_wgan.py clips.
        args=dict(**CONV_GAN, clip_value=0.5),
        output=(17, 16, 3),
        params=5425,
        defaults=dict(clip_value=0.01, d_steps=5),
        optimizers=dict(d_optimizer=RMSprop(5e-5, 0.99), g_optimizer=RMSprop(5e-5, 0.99)),
        losses=(difference, minus_score, {}),
        # The paper's rate is made for ten thousands of steps.
        learns=gan_comes_nearer(
            factor=8.0,
            args=dict(d_steps=3, clip_value=0.05),
            optimizer=dict(class_name="RMSprop", config=dict(learning_rate=1e-3, rho=0.99)),
        ),
    ),
]
