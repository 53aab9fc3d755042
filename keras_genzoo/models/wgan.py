"""WGAN: the Wasserstein GAN with weight clipping.

Arjovsky, Chintala and Bottou, 2017, Wasserstein GAN, https://arxiv.org/abs/1701.07875.

The critic (here `discriminator`) maximizes the difference of its mean scores for real and generated images,
E f(x) - E f(G(z)), and the generator maximizes E f(G(z)) (algorithm 1). For a K-Lipschitz critic this difference is at
most K times the Wasserstein distance (equation 3). To keep the critic Lipschitz, all of its weights, biases included,
are clipped to [-clip_value, clip_value] after each of its updates. The initial weights are not clipped by themselves:
the first update does it. Five critic updates precede each generator update, each on other real images. RMSprop has
learning rate 0.00005 for both networks; its decay of 0.99 is that of the authors' code.

Differences from the paper: the critic has no batch normalization, which the paper's has. It divides by the deviations
of a batch, so that bounded weights would not bound the slope of the critic. The networks are those of `dcgan`, with
Keras' default initial weights. `wgan_gp` has a penalty in place of clipping.
"""

import keras
from keras import ops

from keras_genzoo import losses
from keras_genzoo.families import StandardGAN
from keras_genzoo.models.wgan_gp import WGANGP
from keras_genzoo.utils.arguments import Positive


@keras.saving.register_keras_serializable(package="keras_genzoo")
class WGAN(StandardGAN):
    """Generates images by a Wasserstein GAN whose critic has clipped weights.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `discriminator`
    images in [-1, 1] -> scores `(batch, 1)`, unbounded.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1701.07875, algorithm 1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("wgan", image_shape=(8, 8, 1), base_filters=8)
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), batch_size=320)
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    d_steps = WGANGP.d_steps
    clip_value = Positive(
        0.01, "Largest absolute value of a weight of the critic after an update (the paper's c).", training=True
    )

    discriminator_options = WGANGP.discriminator_options

    def discriminator_loss(self, real, fake):
        return losses.wasserstein_discriminator_loss(*self.scores(real, fake))

    generator_loss = WGANGP.generator_loss

    def apply_gradients(self, name, loss, tape):
        super().apply_gradients(name, loss, tape)
        if name == "d_optimizer":
            for variable in self.optimized_variables()[name]:
                variable.assign(ops.clip(variable, -self.clip_value, self.clip_value))

    def default_optimizers(self):
        """RMSprop with learning rate 0.00005 and a decay of 0.99 for both networks."""
        return {name: keras.optimizers.RMSprop(5e-5, rho=0.99) for name in self.optimizer_names}
