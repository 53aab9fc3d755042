"""Row of the Wasserstein GAN with a gradient penalty."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, difference, minus_score
from rows.dcgan import CONV_GAN

CASES = [
    Case(
        "wgan_gp",
        args=dict(**CONV_GAN, gp_weight=4.0),
        output=(17, 16, 3),
        params=5425,
        defaults=dict(gp_weight=10.0, d_steps=5),
        optimizers=dict(d_optimizer=Adam(1e-4, 0.0, 0.9), g_optimizer=Adam(1e-4, 0.0, 0.9)),
        losses=(difference, minus_score, dict(gp_weight=0.0)),
        # The paper's rate is made for ten thousands of steps, and its critic for more images in each.
        learns=gan_comes_nearer(
            factor=4.0,
            args=dict(d_steps=3, gp_weight=1.0),
            optimizer=dict(class_name="Adam", config=dict(learning_rate=1e-3, beta_1=0.0, beta_2=0.9)),
        ),
    ),
    Case(
        "wgan_gp",
        variant="signals",
        args=dict(image_shape=(33, 2), latent_dim=5, base_filters=4, kernel_size=6, d_steps=2, ema_decay=0.9, seed=3),
        output=(33, 2),
        params=14481,
    ),
]
