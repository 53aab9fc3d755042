"""Simple VAE: the cost of lecture notes, squared error plus a weight times the KL divergence.

Kingma and Welling, 2013, Auto-encoding variational Bayes, https://arxiv.org/abs/1312.6114.

The cost of an image x with the reconstruction y(z), z ~ q(z|x) = N(mean, diag(exp(log_var))), is

    |x - y(z)|^2 + lambda KL(q(z|x) || N(0, I)),
    KL = 1/2 sum_j (mean_j^2 + exp(log_var_j) - 1 - log_var_j),

with pixels in [-1, 1], where tanh in the last layer of the decoder leads, and with lambda as `kl_weight`. This is the
negative evidence lower bound of `vae` (equation 10), times lambda and up to a constant, for a Gaussian decoder with the
fixed variance lambda / 2 per pixel: -log p(x|z) = |x - y|^2 / lambda + (number of pixels) / 2 log(pi lambda). So the
choice of lambda is a choice of the noise of the pixels, and `elbo` and `log_likelihood` are those of this decoder.
"""

import math

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.arguments import Positive


@keras.saving.register_keras_serializable(package="keras_genzoo")
class SimpleVAE(VAE):
    """Encodes images as Gaussian codes, by squared error plus `kl_weight` times the KL divergence.

    Shapes: `encoder` images in [-1, 1] -> `z_mean` and `z_log_var` `(batch, latent_dim)`; `decoder`
    `(batch, latent_dim)` -> images in [-1, 1], `(batch, height, width, channels)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1312.6114, equation 10 and appendix B.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("simple_vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8, kl_weight=0.5)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> sorted(history.history)
    ['kl_loss', 'loss', 'squared_error']
    """

    likelihood = "gaussian"
    reconstruction_weight = 1.0
    binarize = False
    kl_weight = Positive(
        1.0,
        "Weight of the KL divergence, lambda of the lecture notes: twice the variance of a pixel in [-1, 1]. Less "
        "gives sharper images and codes that fit the prior less.",
    )

    advice_on_unused_codes = "a smaller kl_weight uses more of them"
    loss_names = ("loss", "squared_error", "kl_loss")
    decoder_activation = "tanh"

    def build_pixel_variance(self):
        """Nothing to learn: `kl_weight` fixes the variance."""

    @property
    def pixel_log_var(self):
        """Logarithm of the variance of all pixels, lambda / 2."""
        return ops.convert_to_tensor(math.log(self.kl_weight / 2.0), "float32")

    def log_variance_of_pixels(self):
        return self.pixel_log_var

    def loss_terms(self, batch, training=True):
        """Terms of the cost: dict of scalars, means over the batch.

        `squared_error` is summed over the pixels of an image, in [-1, 1]; `kl_loss` is in nats per image.
        """
        encoded = self.encoded(batch.images, training=training)
        z_mean, z_log_var = encoded["z_mean"], encoded["z_log_var"]
        noise = sampling.step_normal(ops.shape(z_mean), self.noise())
        z = z_mean + ops.exp(0.5 * z_log_var) * noise  # (batch, latent_dim)
        decoded = self.decoded(z, training=training)
        return {
            "squared_error": ops.mean(losses.squared_error(batch.images, decoded)),
            "kl_loss": ops.mean(losses.gaussian_kl(z_mean, z_log_var)),
        }

    def loss_weights(self):
        return {"kl_loss": self.kl_weight}
