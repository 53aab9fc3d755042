"""SNGAN: a GAN whose discriminator has spectral normalization and learns by the hinge loss.

Miyato et al., 2018, Spectral normalization for generative adversarial networks, https://arxiv.org/abs/1802.05957.

Every weight matrix of the discriminator is divided by its largest singular value (equation 8), so that each layer
is 1-Lipschitz; the value comes from one step of power iteration each time the discriminator is trained (algorithm 1),
and the gradient passes through it (equation 9). The losses are the hinge losses (equations 16 and 17). Adam has
learning rate 0.0002, beta_1 0.5 and beta_2 0.999 with one discriminator update a step (setting C of table 1). The
networks are those of `dcgan`, with Keras' standard initial weights; the discriminator has no batch normalization.
"""

import keras

from keras_genzoo import losses
from keras_genzoo.families import StandardGAN
from keras_genzoo.layers import SpectralNormalization


@keras.saving.register_keras_serializable(package="keras_genzoo")
class SNGAN(StandardGAN):
    """Generates images by a GAN with a spectrally normalized discriminator.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `discriminator`
    images in [-1, 1] -> scores `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1802.05957, equations 8, 16 and 17 and algorithm 1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("sngan", image_shape=(8, 8, 1), base_filters=8)
    >>> history = model.fit(keras_genzoo.data.load("digits", image_size=(8, 8)), epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    discriminator_options = {"batch_norm": False, "wrapper": SpectralNormalization}

    def discriminator_loss(self, real, fake):
        # One pass, so one step of power iteration, and the same singular values for both.
        return losses.hinge_discriminator_loss(*self.scores(real, fake))

    def generator_loss(self, real, fake):
        return losses.hinge_generator_loss(self.judge(fake))
