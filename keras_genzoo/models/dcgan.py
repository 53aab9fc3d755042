"""DCGAN: a GAN of convolutions, with batch normalization in both networks.

Radford, Metz and Chintala, 2015, Unsupervised representation learning with deep convolutional generative adversarial
networks, https://arxiv.org/abs/1511.06434.

The networks follow the paper's guidelines: strided and transposed convolutions in place of pooling, batch
normalization in every layer but the generator's output and the discriminator's input, ReLU in the generator, LeakyReLU
of slope 0.2 in the discriminator, weights from N(0, 0.02), Adam with learning rate 0.0002 and beta_1 0.5. The losses
are those of Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661: the discriminator minimizes
-E log D(x) - E log(1 - D(G(z))), the generator -E log D(G(z)).

Two details differ: the last transposed convolution keeps `base_filters` maps at full resolution and a plain convolution
makes the image from them; and the kernels are 4x4, which the stride of 2 divides, so that they leave no checkerboard.
"""

import keras

from keras_genzoo import losses
from keras_genzoo.families import StandardGAN
from keras_genzoo.families.two_player import SMALL_NORMAL
from keras_genzoo.models.gan import GAN

# Initial weights from N(0, 0.02), section 4 of the paper; scales of normalizations around 1.
INITIAL_WEIGHTS = dict(
    kernel_initializer=SMALL_NORMAL,
    gamma_initializer={"class_name": "RandomNormal", "config": {"mean": 1.0, "stddev": 0.02}},
)


@keras.saving.register_keras_serializable(package="keras_genzoo")
class DCGAN(StandardGAN):
    """Generates images by a deep convolutional GAN.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `discriminator`
    images in [-1, 1] -> logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1511.06434, section 3 and figure 1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=8)
    >>> history = model.fit(keras_genzoo.data.load("digits", image_size=(8, 8)), epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    label_smoothing = GAN.label_smoothing
    label_noise = GAN.label_noise

    takes_signals = True
    generator_options = INITIAL_WEIGHTS
    discriminator_options = INITIAL_WEIGHTS

    discriminator_loss = GAN.discriminator_loss
    noisy = GAN.noisy

    def generator_loss(self, real, fake):
        return losses.non_saturating_generator_loss(self.judge(fake))
