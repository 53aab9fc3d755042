"""The family of variational autoencoders: an encoder, a decoder, one optimizer, one training step."""

import keras
from keras import layers, ops

from keras_genzoo import losses, sampling
from keras_genzoo.checks import check_choice, check_flag, is_number
from keras_genzoo.models import _likelihood
from keras_genzoo.models._base import noise_for_tests
from keras_genzoo.models._encoder_decoder import EncoderDecoder

LIKELIHOODS = ("bernoulli", "gaussian")


class VAE(EncoderDecoder):
    """An encoder q(z|x) and a decoder p(x|z), trained together on a bound of the log-likelihood.

    `loss_terms` returns the terms of the negative bound in nats an image; `train_step` and `test_step` both add them
    up, each times its entry in `loss_weights`. A variant overrides `loss_terms` or `loss_weights`, not the step, and
    its `loss_names` have further terms.

    Args:
        likelihood: `"bernoulli"`: the decoder gives logits of pixels in [0, 1]. `"gaussian"`: it gives the means of
            pixels in [-1, 1], and one variance for all pixels is learned with them.
        alpha: Weight of the reconstruction term, above 0; 1 gives the bound itself, more gives sharper images and
            codes that fit the prior less.
        binarize: Bernoulli only: draw each pixel as 0 or 1 with its grey value as the probability, anew in each step
            (dynamic binarization), so that the likelihood is one of a discrete variable.
        **kwargs: `image_shape`, `latent_dim`, `network`, `base_filters`, `hidden_units`, `seed`, `dtype` and `name`:
            see `keras_genzoo.models.EncoderDecoder`.

    References:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, equation 10; the shared variance: Rybkin et al.,
        2020, https://arxiv.org/abs/2006.13202.
    """

    optimizer_names = ("optimizer",)
    loss_names = ("loss", "reconstruction_loss", "kl_loss")
    training_arguments = (*EncoderDecoder.training_arguments, "alpha", "binarize")
    code_names = ("z_mean", "z_log_var")

    def __init__(self, likelihood="bernoulli", alpha=1.0, binarize=False, **kwargs):
        super().__init__(**kwargs)
        check_choice(LIKELIHOODS, likelihood=likelihood)
        check_flag(binarize=binarize)
        if not is_number(alpha) or not alpha > 0.0:
            raise ValueError(f"Expected alpha above 0. Received: alpha={alpha!r}")
        if binarize and likelihood != "bernoulli":
            raise ValueError(f"Expected likelihood='bernoulli' with binarize=True. Received: likelihood={likelihood!r}")
        self.likelihood = likelihood
        self.alpha = alpha
        self.binarize = binarize
        self.build_networks()
        if likelihood == "gaussian":
            self.pixel_log_var = self.add_weight(name="pixel_log_var", shape=(), initializer="zeros", dtype="float32")
        self.finish_construction()

    @property
    def network_range(self):
        return (0.0, 1.0) if self.likelihood == "bernoulli" else (-1.0, 1.0)

    def code_outputs(self, features):
        z_mean = layers.Dense(self.latent_dim, dtype="float32", name="z_mean")(features)  # (batch, latent_dim)
        z_log_var = layers.Dense(self.latent_dim, dtype="float32", name="z_log_var")(features)
        # An unbounded log-variance overflows in exp and ends in NaN.
        return {"z_mean": z_mean, "z_log_var": ops.clip(z_log_var, -losses.MAX_LOG_VAR, losses.MAX_LOG_VAR)}

    def decoded_to_pixels(self, decoded):
        return ops.sigmoid(decoded) if self.likelihood == "bernoulli" else decoded

    def default_optimizers(self):
        """Adam with learning rate 0.001 for all weights."""
        return {"optimizer": keras.optimizers.Adam(1e-3)}

    def optimized_variables(self):
        return {"optimizer": self.trainable_variables}

    # -- the terms that a variant overrides -----------------------------------------------------------------------

    def loss_terms(self, images, labels=None, training=True):
        """Terms of the negative evidence lower bound.

        Args:
            images: Batch of images in `network_range`, binarized where the model does that.
            labels: Their labels, in a model that takes labels.
            training: Whether layers behave, and their statistics move, as in training.

        Returns:
            Dict of scalars, nats an image, means over the batch: `reconstruction_loss`, `kl_loss`.
        """
        posterior = self.encoder(self.with_labels(images, labels), training=training)
        z_mean, z_log_var = posterior["z_mean"], posterior["z_log_var"]
        z = self.reparametrize(z_mean, z_log_var, sampling.step_normal(ops.shape(z_mean), self.noise()))
        decoded = self.decoder(self.with_labels(z, labels), training=training)
        return {
            "reconstruction_loss": ops.mean(self.negative_log_likelihood(images, decoded)),
            "kl_loss": ops.mean(losses.gaussian_kl(z_mean, z_log_var)),
        }

    def loss_weights(self):
        """Dict of the weights of terms that count other than once."""
        return {"reconstruction_loss": self.alpha}

    @staticmethod
    def reparametrize(z_mean, z_log_var, noise):
        """`z = mean + sigma * noise`, with the standard deviation from the logarithm of the variance."""
        return z_mean + ops.exp(0.5 * z_log_var) * noise

    def negative_log_likelihood(self, images, decoded):
        """`-log p(x|z)` in nats an image, `(batch,)`; `decoded` is what the decoder gives for `z`."""
        if self.likelihood == "bernoulli":
            return losses.bernoulli_nll(images, decoded)
        log_var = ops.clip(self.pixel_log_var, -losses.MAX_LOG_VAR, losses.MAX_LOG_VAR)
        return losses.gaussian_nll(images, decoded, log_var)

    # -- the step -------------------------------------------------------------------------------------------------

    def train_step(self, data):
        images, labels = self.training_batch(data)
        with self.recording("optimizer") as tape:
            terms = self.loss_terms(images, labels)
            loss = self.total(terms)
        self.apply_gradients("optimizer", loss, tape)
        return self.results({"loss": loss, **terms})

    def test_step(self, data):
        with noise_for_tests():
            terms = self.loss_terms(*self.training_batch(data), training=False)
        return self.results({"loss": self.total(terms), **terms})

    def training_batch(self, data):
        """Images in `network_range`, binarized where the model does that, and their labels or `None`."""
        images, labels = self.unpack(data)
        if self.binarize:
            images = sampling.bernoulli(images, sampling.step_uniform(ops.shape(images), self.noise()))
        return images, labels

    def total(self, terms):
        weights = self.loss_weights()
        return sum(weights.get(key, 1.0) * term for key, term in terms.items())

    # -- likelihood -----------------------------------------------------------------------------------------------

    def elbo(self, images, seed=0, start=0, labels=None):
        """Evidence lower bound of each image, from one draw of z.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            seed: Of the noise; what image i draws depends on `(seed, start + i)` alone.
            start: Index of the first image.
            labels: Models that take labels: integers `(n,)`; the likelihood is `p(x|label)` then.

        Returns:
            float64 NumPy array `(n,)`: nats an image, at most the log-likelihood on average. With
            `likelihood="gaussian"` it is a density per unit of pixels in [-1, 1].

        References:
            https://arxiv.org/abs/1312.6114, equation 2 (KL in closed form would need no draw, the rest does).
        """
        return self.log_likelihood(images, num_samples=1, seed=seed, start=start, labels=labels)

    def log_likelihood(self, images, num_samples=5000, seed=0, start=0, labels=None):
        """Importance-weighted estimate of `log p(x)` of each image.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`; binarized once where the model
                binarizes.
            num_samples: Draws of z an image, at least 1; computed in chunks, so memory does not grow with it.
            seed: Of the noise; what image i draws depends on `(seed, start + i)` alone.
            start: Index of the first image.
            labels: Models that take labels: integers `(n,)`; the likelihood is `p(x|label)` then.

        Returns:
            float64 NumPy array `(n,)`: nats an image, a lower bound on average that tightens with `num_samples`. With
            `likelihood="gaussian"` it is a density per unit of pixels in [-1, 1].

        References:
            Burda et al., 2016, https://arxiv.org/abs/1509.00519, equation 8.
        """
        return _likelihood.log_likelihood(self, images, num_samples, seed, start, self._labels(labels, images))
