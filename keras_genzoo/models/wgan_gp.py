"""WGAN-GP: the Wasserstein GAN with a gradient penalty.

Gulrajani et al., 2017, Improved training of Wasserstein GANs, https://arxiv.org/abs/1704.00028.

The critic (here `discriminator`) maximizes the difference of its mean scores for real and generated images, which is
the Wasserstein distance as long as the critic is 1-Lipschitz. A gradient penalty asks for a gradient norm of 1 at
points drawn uniformly between pairs of real and generated images (equation 3, algorithm 1). Five critic updates precede
each generator update, each on other real images. The critic has no batch normalization, because the penalty is defined
for each image separately. Adam has learning rate 0.0001, beta_1 0 and beta_2 0.9. The networks are those of `dcgan`,
with Keras' default initial weights.
"""

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.families import StandardGAN
from keras_genzoo.families.gradients import gradient_norms
from keras_genzoo.utils.arguments import Integer, Weight


@keras.saving.register_keras_serializable(package="keras_genzoo")
class WGANGP(StandardGAN):
    """Generates images by a Wasserstein GAN with a 1-Lipschitz critic.

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

    d_steps = Integer(
        5,
        "Critic updates for each generator update (the paper's n_critic). The batch of a step is divided among them: "
        "five updates on 64 images each take batches of 320.",
        training=True,
    )
    gp_weight = Weight(10.0, "Weight of the gradient penalty (the paper's lambda).", training=True)

    takes_signals = True
    # Only differences of scores count: a bias would never move.
    discriminator_options = {"batch_norm": False, "output_bias": False}

    def discriminator_loss(self, real, fake):
        distance = losses.wasserstein_discriminator_loss(*self.scores(real, fake))
        points = self.interpolate(real.images, fake.images)
        norms = gradient_norms(lambda x: self.discriminator(x, training=True), points)
        return distance + self.gp_weight * losses.gradient_penalty(norms)

    def generator_loss(self, real, fake):
        return losses.wasserstein_generator_loss(self.judge(fake))

    def interpolate(self, real, fake):
        """A point between each real image and the generated one of the same index, uniform along the line."""
        share = sampling.step_uniform((ops.shape(real)[0], *[1] * (len(real.shape) - 1)), self.noise())
        return real + share * (fake - real)

    def default_optimizers(self):
        """Adam with learning rate 0.0001, beta_1 0 and beta_2 0.9 for both networks."""
        return {name: keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9) for name in self.optimizer_names}
