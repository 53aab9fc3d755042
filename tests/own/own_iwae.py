"""An importance-weighted autoencoder: a VAE that is trained on a tighter bound, which is not a sum of terms.

Burda, Grosse and Salakhutdinov, 2016, Importance weighted autoencoders, https://arxiv.org/abs/1509.00519, equation 8:
`log p(x) >= E log 1/k sum_i p(x, z_i) / q(z_i|x)`.
"""

import math

from keras import ops

import keras_genzoo
from keras_genzoo import sampling
from keras_genzoo.likelihood import importance
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.arguments import Integer


@keras_genzoo.register("own_iwae")
class OwnIWAE(VAE):
    """Encodes images as Gaussian codes, trained with several draws of the code per image.

    Shapes: as `VAE`.
    """

    train_samples = Integer(5, "Draws of `z` per image in a training step (the paper's k).", training=True)
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
        return ops.mean(math.log(self.train_samples) - ops.logsumexp(log_weights, axis=1)), {}
