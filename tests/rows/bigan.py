"""Row of the GAN with an encoder."""

from case import Case
from learning import encoder_inverts_the_generator
from numpy_losses import Adam, minimax
from rows.dcgan import CONV_GAN, MLP_GAN

CASES = [
    Case(
        "bigan",
        args=dict(**CONV_GAN, dense_units=6, d_dense_units=5, joint_units=(7, 6)),
        output=(17, 16, 3),
        params=9411,
        defaults=dict(latent_dim=50, d_steps=1),
        optimizers=dict(d_optimizer=Adam(2e-4, 0.5), g_optimizer=Adam(2e-4, 0.5)),
        losses=(minimax, lambda real, fake: minimax(fake, real), {}),
        learns=encoder_inverts_the_generator,
    ),
    Case(
        "bigan",
        variant="mlp",
        args=dict(**MLP_GAN, network="mlp", dropout=0.25, minibatch_stddev=True),
        output=(9, 8, 3),
        params=8597,
    ),
]
