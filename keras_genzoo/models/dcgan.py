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

from keras_genzoo import sampling
from keras_genzoo.models._base import check_at_least
from keras_genzoo.models._gan import GAN
from keras_genzoo.networks.conv import conv_discriminator, conv_generator


@keras.saving.register_keras_serializable(package="keras_genzoo")
class DCGAN(GAN):
    """Generates images by a deep convolutional GAN.

    Args:
        image_shape: `(height, width, channels)`, sides of 8..256 pixels, 1 or 3 channels.
        latent_dim: Length of the code `z`, at least 1.
        base_filters: Filters at full resolution, at least 1; they double at each halving, up to 8 times as many.
        d_base_filters: The same for the discriminator's first convolution; `None` for as many as `base_filters`.
        kernel_size: Side of all kernels in pixels, at least 2.
        **kwargs: `d_steps`, `ema_decay`, `seed`, `dtype` and `name`: see `keras_genzoo.models.GAN`.

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

    def __init__(
        self, image_shape=(28, 28, 1), latent_dim=100, base_filters=64, d_base_filters=None, kernel_size=4, **kwargs
    ):
        super().__init__(image_shape, latent_dim, **kwargs)
        d_filters = base_filters if d_base_filters is None else d_base_filters
        check_at_least(1, base_filters=base_filters, d_base_filters=d_filters)
        check_at_least(2, kernel_size=kernel_size)
        self.base_filters = base_filters
        self.d_base_filters = d_base_filters
        self.kernel_size = kernel_size
        shared = dict(
            kernel_size=kernel_size,
            kernel_initializer={"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02}},
            gamma_initializer={"class_name": "RandomNormal", "config": {"mean": 1.0, "stddev": 0.02}},
            dtype=self.dtype_policy,
        )
        with sampling.seeded_initializers(self.seed):
            generator = conv_generator(self.image_shape, latent_dim, base_filters, **shared)
            discriminator = conv_discriminator(self.image_shape, base_filters=d_filters, **shared)
            self.set_networks(generator, discriminator)

    def default_optimizers(self):
        return {name: keras.optimizers.Adam(2e-4, beta_1=0.5) for name in self.optimizer_names}
