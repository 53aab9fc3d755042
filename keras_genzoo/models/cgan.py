"""CGAN: the conditional GAN, which makes images of a class that is asked for.

Mirza and Osindero, 2014, Conditional generative adversarial nets, https://arxiv.org/abs/1411.1784.

Both networks get the label y beside their input, and play min_G max_D E[log D(x|y)] + E[log(1 - D(G(z|y)|y))]
(equation 2), the generator with the non-saturating loss. The paper's networks are fully connected; these are DCGAN's
convolutions (https://arxiv.org/abs/1511.06434). The generator gets the one-hot label beside z. In the discriminator the
label chooses weights for the features of the last convolution (Miyato and Koyama, 2018,
https://arxiv.org/abs/1802.05637, equation 3), which gives images closer to their class than a label beside the image.
"""

import keras

from keras_genzoo.checks import check_at_least
from keras_genzoo.models._conv_gan import SMALL_NORMAL_WEIGHTS, ConvGAN


@keras.saving.register_keras_serializable(package="keras_genzoo")
class CGAN(ConvGAN):
    """Generates images of given classes by a conditional GAN: `generate(16, labels=3)`.

    Args:
        num_classes: Number of classes, at least 2. Labels are integers in 0..num_classes - 1.
        **kwargs: `image_shape`, `latent_dim`, `base_filters`, `d_base_filters` and `kernel_size`: see
            `keras_genzoo.models.ConvGAN`; `d_steps`, `ema_decay`, `seed`, `dtype` and `name`: see
            `keras_genzoo.models.GAN`.

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

    takes_labels = True
    network_options = SMALL_NORMAL_WEIGHTS

    def __init__(self, num_classes=10, **kwargs):
        check_at_least(2, num_classes=num_classes)
        self.num_classes = num_classes  # before the networks, which are built with it
        super().__init__(**kwargs)
