"""LSGAN: a GAN that learns by least squares in place of cross entropy.

Mao et al., 2016, Least squares generative adversarial networks, https://arxiv.org/abs/1611.04076.

The discriminator D gives a score without a sigmoid, and both networks minimize squared distances from the targets
a = 0 of generated images, b = 1 of real ones, and c = 1 of generated images for the generator G (equation 9):

    L(D) = 1/2 E (D(x) - 1)^2 + 1/2 E D(G(z))^2
    L(G) = 1/2 E (D(G(z)) - 1)^2

Images that are on the right side of the decision boundary but far from real ones still give a gradient, which the
cross entropy of a sure discriminator does not (section 3.2).

Differences from the paper: networks, initial weights and optimizers are those of `dcgan`.
"""

import keras

from keras_genzoo import losses
from keras_genzoo.families import StandardGAN
from keras_genzoo.models.dcgan import INITIAL_WEIGHTS


@keras.saving.register_keras_serializable(package="keras_genzoo")
class LSGAN(StandardGAN):
    """Generates images by a GAN with the least squares loss.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `discriminator`
    images in [-1, 1] -> scores `(batch, 1)`, 1 for real and 0 for generated images.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1611.04076, equation 9.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("lsgan", image_shape=(8, 8, 1), base_filters=8)
    >>> history = model.fit(keras_genzoo.data.load("digits", image_size=(8, 8)), epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    generator_options = INITIAL_WEIGHTS
    discriminator_options = INITIAL_WEIGHTS

    def discriminator_loss(self, real, fake):
        return losses.least_squares_discriminator_loss(*self.scores(real, fake))

    def generator_loss(self, real, fake):
        return losses.least_squares_generator_loss(self.judge(fake))
