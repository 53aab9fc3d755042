"""WGAN-GP: the Wasserstein GAN with a gradient penalty.

Gulrajani et al., 2017, Improved training of Wasserstein GANs, https://arxiv.org/abs/1704.00028.

The critic (here `discriminator`) maximizes the difference of its mean scores for real and generated images, which is
the Wasserstein distance as long as its slope is at most 1. A penalty asks for a slope of 1 at points drawn uniformly
between pairs of real and generated images (equation 3, algorithm 1). Five critic updates go with each generator
update, on other real images each. The critic has no batch normalization, because the penalty is one for each image by
itself. Adam has learning rate 0.0001, beta_1 0 and beta_2 0.9. The networks are those of `dcgan`, with Keras' standard
first weights.
"""

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.checks import check_weight
from keras_genzoo.models._adversarial import scores_of_both
from keras_genzoo.models._conv_gan import ConvGAN
from keras_genzoo.models._gradients import input_slopes


@keras.saving.register_keras_serializable(package="keras_genzoo")
class WGANGP(ConvGAN):
    """Generates images by a Wasserstein GAN whose critic is held to a slope of 1.

    Args:
        gp_weight: Weight of the gradient penalty (the paper's lambda), at least 0.
        d_steps: Critic updates for each generator update (the paper's n_critic), at least 1. The batch of a step is
            divided among them: five updates on 64 images take batches of 320.
        **kwargs: `image_shape`, `latent_dim`, `base_filters`, `d_base_filters` and `kernel_size`: see
            `keras_genzoo.models.ConvGAN`; `ema_decay`, `seed`, `dtype` and `name`: see `keras_genzoo.models.GAN`.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `discriminator`
    images in [-1, 1] -> scores `(batch, 1)`, unbounded.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1704.00028, equation 3 and algorithm 1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("wgan_gp", image_shape=(8, 8, 1), base_filters=8)
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), batch_size=320)
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    # Only differences of scores count, so the output has no bias: it would never move.
    discriminator_options = dict(batch_norm=False, output_bias=False)
    training_arguments = (*ConvGAN.training_arguments, "gp_weight")

    def __init__(self, gp_weight=10.0, d_steps=5, **kwargs):
        check_weight(gp_weight=gp_weight)
        super().__init__(d_steps=d_steps, **kwargs)
        self.gp_weight = gp_weight

    def discriminator_loss(self, real, fake):
        distance = losses.wasserstein_discriminator_loss(*scores_of_both(self.discriminator, real, fake))
        slopes = input_slopes(lambda x: self.discriminator(x, training=True), self.interpolate(real, fake))
        return distance + self.gp_weight * losses.gradient_penalty(slopes)

    def generator_loss(self, fake):
        return losses.wasserstein_generator_loss(self.discriminator(fake, training=True))

    def interpolate(self, real, fake):
        """A point between each real and the generated image of the same place, uniform along the line."""
        share = sampling.step_uniform((ops.shape(real)[0], 1, 1, 1), self.noise())
        return real + share * (fake - real)

    def default_optimizers(self):
        return {name: keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9) for name in self.optimizer_names}
