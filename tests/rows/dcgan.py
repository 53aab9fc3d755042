"""Row of the DCGAN."""

from case import Case
from learning import gan_comes_nearer
from numpy_losses import Adam, minimax, non_saturating

MLP_GAN = dict(image_shape=(9, 8, 3), latent_dim=5, hidden_units=(7, 6), d_steps=2, ema_decay=0.9, seed=3)

# What a discriminator may be trained with, all at once.
TRICKS = dict(
    dropout=0.25,
    minibatch_stddev=True,
    augmentations=("flip", "scale", "translation", "color", "cutout"),
    augmentation_target=0.5,
    instance_noise=0.5,
    instance_noise_steps=20,
)

# What GANs with the networks of DCGAN have in common; large enough for batch normalization in the discriminator.
CONV_GAN = dict(
    image_shape=(17, 16, 3),
    latent_dim=5,
    base_filters=4,
    d_base_filters=6,
    kernel_size=2,
    d_steps=2,
    ema_decay=0.9,
    seed=3,
)

CASES = [
    Case(
        "dcgan",
        args=dict(**CONV_GAN),
        output=(17, 16, 3),
        params=5462,
        defaults=dict(latent_dim=100, base_filters=64, d_steps=1),
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        losses=(minimax, non_saturating, {}),
        learns=gan_comes_nearer(factor=5.0),
    ),
    Case("dcgan", variant="tricks", args=dict(**CONV_GAN, **TRICKS), output=(17, 16, 3), params=5485),
    Case("dcgan", variant="mlp", args=dict(**MLP_GAN, network="mlp"), output=(9, 8, 3), params=5279),
    Case(
        "dcgan",
        variant="signals",
        args=dict(
            image_shape=(33, 2),
            latent_dim=5,
            base_filters=4,
            kernel_size=6,
            minibatch_stddev=True,
            instance_noise=0.5,
            ema_decay=0.9,
            seed=3,
        ),
        output=(33, 2),
        params=14653,
        wrong=dict(augmentations=[("flip",)]),
    ),
]
