"""CGAN: the conditional GAN, which generates images of a given class.

Mirza and Osindero, 2014, Conditional generative adversarial nets, https://arxiv.org/abs/1411.1784.

Both networks get the label y as a second input, and play min_G max_D E[log D(x|y)] + E[log(1 - D(G(z|y)|y))]
(equation 2), the generator with the non-saturating loss. The paper's networks are fully connected; these are DCGAN's
convolutions (https://arxiv.org/abs/1511.06434). The generator gets z and the one-hot label. In the discriminator the
label chooses weights for the features of the last convolution (Miyato and Koyama, 2018,
https://arxiv.org/abs/1802.05637, equation 3), which gives images closer to their class than a label
plane next to the image.
"""

import keras

from keras_genzoo.data.kinds import LabelledImages
from keras_genzoo.families import StandardGAN
from keras_genzoo.models.dcgan import DCGAN, INITIAL_WEIGHTS
from keras_genzoo.models.gan import GAN
from keras_genzoo.utils.arguments import Integer, Names


@keras.saving.register_keras_serializable(package="keras_genzoo")
class CGAN(StandardGAN):
    """Generates images of given classes by a conditional GAN: `generate(16, labels=3)`.

    Shapes: `generator` `[(batch, latent_dim), (batch,)]` -> `(batch, height, width, channels)` in [-1, 1];
    `discriminator` `[images in [-1, 1], (batch,)]` -> logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1411.1784, equation 2 and figure 1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("cgan", image_shape=(8, 8, 1), base_filters=8)
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), labels=True)
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.generate(4, seed=0, labels=[1, 1, 7, 7]).shape
    (4, 8, 8, 1)
    """

    num_classes = Integer(10, "Number of classes. Labels are integers in `0..num_classes - 1`.", low=2)
    class_names = Names(None, "Names of the classes in the order of the labels.", training=True)

    label_smoothing = GAN.label_smoothing
    label_noise = GAN.label_noise

    data_kind = LabelledImages()
    generator_options = INITIAL_WEIGHTS
    discriminator_options = INITIAL_WEIGHTS

    discriminator_loss = GAN.discriminator_loss
    noisy = GAN.noisy
    generator_loss = DCGAN.generator_loss

    @property
    def conditions(self):
        return (self.label_condition,)
