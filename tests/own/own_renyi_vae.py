"""A VAE that is trained on a Renyi bound, which is not a sum of terms.

Li and Turner, 2016, Renyi divergence variational inference, https://arxiv.org/abs/1602.02311, equation 8:
`1 / (1 - alpha) log 1/k sum_i (p(x, z_i) / q(z_i|x))^(1 - alpha)`. It lies between the bound of the VAE (alpha = 1) and
that of the IWAE (alpha = 0).
"""

import math

from keras import ops

import keras_genzoo
from keras_genzoo import sampling
from keras_genzoo.likelihood import importance
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.arguments import Fraction, Integer


@keras_genzoo.register("own_renyi_vae")
class OwnRenyiVAE(VAE):
    """Encodes images as Gaussian codes, trained on a Renyi bound.

    Shapes: as `VAE`.
    """

    alpha = Fraction(0.5, "Order of the Renyi divergence.", training=True)
    train_samples = Integer(5, "Draws of `z` per image in a training step.", training=True)
    reconstruction_weight = 1.0  # not an argument here: the terms stand inside of the logarithm

    loss_names = ("loss",)

    def negative_bound(self, batch, training=True):
        posterior = self.posterior(self.encoded(batch.images, training=training, **self.conditions_of(batch)))
        repeated = batch.map(lambda x: importance.repeat(x, self.train_samples))
        given = self.conditions_of(repeated)

        def log_px(z):
            return -self.negative_log_likelihood(repeated.images, self.decoded(z, training=training, **given))

        seed = sampling.step_key(self.noise())
        log_weights = importance.log_weights(posterior, self.prior, log_px, self.train_samples, seed, 0)  # (batch, k)
        power = 1.0 - self.alpha
        bound = (ops.logsumexp(power * log_weights, axis=1) - math.log(self.train_samples)) / power
        return -ops.mean(bound), {}
