"""Row of the fully connected GAN."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, minimax, non_saturating
from rows.dcgan import CONV_GAN, MLP_GAN

OFF = dict(label_smoothing=0.0, label_noise=0.0, generator_objective="non_saturating")

CASES = [
    Case(
        "gan",
        args=dict(**MLP_GAN, generator_objective="flipped", label_smoothing=0.1, label_noise=0.2),
        output=(9, 8, 3),
        params=5279,
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        losses=(minimax, non_saturating, OFF),
        learns=gan_comes_nearer(factor=2.0),
    ),
    Case(
        "gan",
        variant="points",
        args=dict(
            image_shape=(2,),
            latent_dim=3,
            hidden_units=(7, 6),
            minibatch_stddev=True,
            instance_noise=0.5,
            instance_noise_steps=20,
            ema_decay=0.9,
            seed=3,
        ),
        output=(2,),
        params=335,
    ),
    Case("gan", variant="conv", args=dict(**CONV_GAN, network="conv"), output=(17, 16, 3), params=5462),
]
