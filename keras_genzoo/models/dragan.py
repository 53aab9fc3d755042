"""DRAGAN: a GAN whose discriminator has a gradient penalty around real images.

Kodali et al., 2017, On convergence and stability of GANs, https://arxiv.org/abs/1705.07215.

The networks play the minimax game, the generator with the non-saturating loss, and the discriminator D has a penalty

    gp_weight * E (||grad D(x + delta)|| - 1)^2

at real images x with a perturbation delta (algorithm 1). It keeps D from sharp slopes at the data, where the paper
sees the cause of mode collapse. Unlike that of `wgan_gp`, it takes no generated images, and D may have any slope
elsewhere.

The paper states normal noise for delta; this is what the authors' code draws, https://github.com/kodalinaveen3/DRAGAN:

    delta = a * perturbation * s * u

where s is the standard deviation of all pixels of the batch, u is uniform on [0, 1) for each pixel, and a is uniform
on [0, 1) for each image. As there, the gradient is that of the logit with respect to the whole image, its norm the
Euclidean one, and Adam has learning rate 0.0001, beta_1 0.5 and beta_2 0.9.

Differences from the paper: the networks are those of `dcgan`, with Keras' default initial weights. The discriminator
has no batch normalization, because the penalty is defined for each image separately.
"""

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.families import StandardGAN
from keras_genzoo.families.gradients import gradient_norms
from keras_genzoo.models.dcgan import DCGAN
from keras_genzoo.models.gan import GAN
from keras_genzoo.models.wgan_gp import WGANGP
from keras_genzoo.utils import replicas
from keras_genzoo.utils.arguments import Positive


@keras.saving.register_keras_serializable(package="keras_genzoo")
class DRAGAN(StandardGAN):
    """Generates images by a GAN whose discriminator has slopes of about 1 around real images.

    With `minibatch_stddev`, the penalty takes the gradient of the sum of the logits of the batch with respect to each
    image; with `dropout`, features of real and of perturbed images are dropped independently.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `discriminator`
    images in [-1, 1] -> logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1705.07215, algorithm 1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dragan", image_shape=(8, 8, 1), base_filters=8)
    >>> history = model.fit(keras_genzoo.data.load("digits", image_size=(8, 8)), epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    gp_weight = WGANGP.gp_weight
    perturbation = Positive(
        0.5,
        "Largest perturbation of a pixel, in standard deviations of the pixels of the batch.",
        training=True,
        only={"gp_weight": "nonzero"},
    )
    label_smoothing = GAN.label_smoothing
    label_noise = GAN.label_noise

    discriminator_options = {"batch_norm": False}

    noisy = GAN.noisy
    generator_loss = DCGAN.generator_loss

    def discriminator_loss(self, real, fake):
        norms = gradient_norms(lambda x: self.discriminator(x, training=True), self.perturbed(real.images))
        return GAN.discriminator_loss(self, real, fake) + self.gp_weight * losses.gradient_penalty(norms)

    def perturbed(self, images):
        """Each image with noise: its pixels rise by up to `perturbation` standard deviations of all pixels."""
        mean = replicas.total(replicas.share() * ops.mean(images))
        variance = replicas.total(replicas.share() * ops.mean(ops.square(images - mean)))
        noise = sampling.step_uniform(ops.shape(images), self.noise())
        share = sampling.step_uniform((ops.shape(images)[0], *[1] * (ops.ndim(images) - 1)), self.noise())
        return images + share * self.perturbation * ops.sqrt(variance) * noise

    def default_optimizers(self):
        """Adam with learning rate 0.0001, beta_1 0.5 and beta_2 0.9 for both networks."""
        return {name: keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9) for name in self.optimizer_names}
