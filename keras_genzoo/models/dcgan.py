"""DCGAN: a GAN of convolutions, with batch normalization in both networks.

Radford, Metz and Chintala, 2015, Unsupervised representation learning with deep convolutional generative adversarial
networks, https://arxiv.org/abs/1511.06434.

The networks follow the paper's guidelines: strided and transposed convolutions in place of pooling, batch
normalization in every layer but the generator's output and the discriminator's input, ReLU in the generator, LeakyReLU
of slope 0.2 in the discriminator, weights from N(0, 0.02), Adam with learning rate 0.0002 and beta_1 0.5. They differ
in this: the last transposed convolution keeps `base_filters` maps at full resolution and a plain convolution makes the
image from them, and the kernels are 4x4, which the stride of 2 divides, so that they leave no checkerboard.
"""

import keras

from keras_genzoo.models._conv_gan import SMALL_NORMAL_WEIGHTS, ConvGAN


@keras.saving.register_keras_serializable(package="keras_genzoo")
class DCGAN(ConvGAN):
    """Generates images by a deep convolutional GAN.

    Args:
        **kwargs: `image_shape`, `latent_dim`, `base_filters`, `d_base_filters` and `kernel_size`: see
            `keras_genzoo.models.ConvGAN`; `d_steps`, `ema_decay`, `seed`, `dtype` and `name`: see
            `keras_genzoo.models.GAN`.

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

    network_options = SMALL_NORMAL_WEIGHTS
