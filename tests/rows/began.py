"""Row of the GAN whose discriminator is an autoencoder."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, minus_score
from rows.dcgan import CONV_GAN, MLP_GAN

ARGS = dict(code_dim=3, gamma=0.3, balance_rate=0.1)


def error_of_real(real, fake):
    """The loss while the weight of generated images is 0, as in the first step; scores are minus errors."""
    return -real.mean()


CASES = [
    Case(
        "began",
        args=dict(**CONV_GAN, **ARGS, dense_units=6, d_dense_units=5),
        output=(17, 16, 3),
        params=11994,
        defaults=dict(latent_dim=64, code_dim=64, gamma=0.5, balance_rate=0.001, d_steps=1),
        optimizers=dict(d_optimizer=Adam(1e-4), g_optimizer=Adam(1e-4)),
        losses=(error_of_real, minus_score, {}),
        # The code must be shorter than that of 64 pixels, and the paper's rates are made for ten thousands of steps.
        learns=gan_comes_nearer(
            factor=3.0,
            args=dict(code_dim=8, gamma=0.9, balance_rate=0.05),
            optimizer=dict(class_name="Adam", config=dict(learning_rate=2e-3, beta_1=0.5)),
        ),
    ),
    Case(
        "began",
        variant="mlp",
        args=dict(**MLP_GAN, **ARGS, network="mlp", repelling_weight=0.1),
        output=(9, 8, 3),
        params=7095,
    ),
]
