"""The family of variational autoencoders: an encoder, a decoder, one optimizer, one training step."""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo import images as pixels
from keras_genzoo import losses, sampling
from keras_genzoo.models import _likelihood
from keras_genzoo.models._base import ExportFunction, check_at_least, check_choice, check_flag, is_number
from keras_genzoo.models._latent import LatentModel

LIKELIHOODS = ("bernoulli", "gaussian")


class VAE(LatentModel):
    """An encoder q(z|x) and a decoder p(x|z), trained together on a bound of the log-likelihood.

    `loss_terms` returns the terms of the negative bound in nats an image; `train_step` and `test_step` both add them
    up, each times its entry in `loss_weights`. A variant overrides `loss_terms` or `loss_weights`, not the step.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Length of the code, at least 1.
        likelihood: `"bernoulli"`: the decoder gives logits of pixels in [0, 1]. `"gaussian"`: it gives the means of
            pixels in [-1, 1], and one variance for all pixels is learned with them.
        alpha: Weight of the reconstruction term, above 0; 1 gives the bound itself, more gives sharper images and
            codes that fit the prior less.
        binarize: Bernoulli only: draw each pixel as 0 or 1 with its grey value as the probability, anew in each step
            (dynamic binarization), so that the likelihood is one of a discrete variable.
        seed: Seed of the random numbers in training steps.
        dtype: Dtype policy.
        name: Name of the Keras model.

    References:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, equation 10; the shared variance: Rybkin et al.,
        2020, https://arxiv.org/abs/2006.13202.
    """

    optimizer_names = ("optimizer",)
    training_arguments = (*LatentModel.training_arguments, "alpha", "binarize")

    def __init__(
        self,
        image_shape,
        latent_dim,
        likelihood="bernoulli",
        alpha=1.0,
        binarize=False,
        seed=None,
        dtype=None,
        name=None,
    ):
        super().__init__(image_shape, seed=seed, dtype=dtype, name=name)
        check_at_least(1, latent_dim=latent_dim)
        check_choice(LIKELIHOODS, likelihood=likelihood)
        check_flag(binarize=binarize)
        if not is_number(alpha) or not alpha > 0.0:
            raise ValueError(f"Expected alpha above 0. Received: alpha={alpha!r}")
        if binarize and likelihood != "bernoulli":
            raise ValueError(f"Expected likelihood='bernoulli' with binarize=True. Received: likelihood={likelihood!r}")
        self.latent_dim = latent_dim
        self.likelihood = likelihood
        self.alpha = alpha
        self.binarize = binarize

    @property
    def network_range(self):
        return (0.0, 1.0) if self.likelihood == "bernoulli" else (-1.0, 1.0)

    def set_networks(self, encoder, decoder):
        """Takes over the networks that a model's constructor has built.

        Args:
            encoder: Functional model, images in `network_range` -> dict of `z_mean` and `z_log_var`.
            decoder: Functional model, `z` -> logits (Bernoulli) or means (Gaussian) of the pixels.
        """
        self.encoder = encoder
        self.decoder = decoder
        if self.likelihood == "gaussian":
            self.pixel_log_var = self.add_weight(name="pixel_log_var", shape=(), initializer="zeros", dtype="float32")
        self.trackers = {key: keras.metrics.Mean(name=key) for key in ("loss", "reconstruction_loss", "kl_loss")}
        self.built = True

    def compile(self, optimizer=None, run_eagerly=False, jit_compile="auto", steps_per_execution=1):
        """Configures training.

        Args:
            optimizer: Optimizer of all weights; `None` for Adam with learning rate 0.001.
            run_eagerly: As in `keras.Model.compile`.
            jit_compile: As in `keras.Model.compile`.
            steps_per_execution: As in `keras.Model.compile`.
        """
        self.compile_with({"optimizer": optimizer}, run_eagerly, jit_compile, steps_per_execution)

    def default_optimizers(self):
        return {"optimizer": keras.optimizers.Adam(1e-3)}

    def optimized_variables(self):
        return {"optimizer": self.trainable_variables}

    @property
    def metrics(self):
        return list(self.trackers.values())

    # -- the terms that a variant overrides -----------------------------------------------------------------------

    def loss_terms(self, images, training=True):
        """Terms of the negative evidence lower bound.

        Args:
            images: Batch of images in `network_range`, binarized where the model does that.
            training: Whether layers behave, and their statistics move, as in training.

        Returns:
            Dict of scalars, nats an image, means over the batch: `reconstruction_loss`, `kl_loss`.
        """
        posterior = self.encoder(images, training=training)
        z_mean, z_log_var = posterior["z_mean"], posterior["z_log_var"]
        z = self.reparametrize(z_mean, z_log_var, sampling.step_normal(ops.shape(z_mean), self.noise(training)))
        reconstruction = self.negative_log_likelihood(images, self.decoder(z, training=training))
        return {
            "reconstruction_loss": ops.mean(reconstruction),
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
        images = self.training_images(data)
        with tf.GradientTape() as tape:
            terms = self.loss_terms(images)
            loss = self.total(terms)
        self.apply_gradients("optimizer", loss, tape)
        return self.results({"loss": loss, **terms})

    def test_step(self, data):
        terms = self.loss_terms(self.training_images(data, training=False), training=False)
        return self.results({"loss": self.total(terms), **terms})

    def training_images(self, data, training=True):
        images = self.to_network(self.unpack(data))
        if not self.binarize:
            return images
        return ops.cast(sampling.step_uniform(ops.shape(images), self.noise(training)) < images, "float32")

    def total(self, terms):
        weights = self.loss_weights()
        return sum(weights.get(key, 1.0) * term for key, term in terms.items())

    def results(self, values):
        for key, value in values.items():
            self.trackers[key].update_state(value)
        return {key: self.trackers[key].result() for key in values}

    # -- use ------------------------------------------------------------------------------------------------------

    def call(self, images, training=False):
        return self.generator_network(self.encoder(images, training=training)["z_mean"], training=training)

    # A cached property goes past Keras' tracking, which would save the decoder's weights twice.
    @functools.cached_property
    def generator_network(self):
        if self.likelihood == "gaussian":
            return self.decoder
        return keras.Model(self.decoder.inputs[0], ops.sigmoid(self.decoder.outputs[0]), name="decoder_mean")

    def encode(self, images):
        """The posterior of images.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.

        Returns:
            Tuple `(z_mean, z_log_var)` of float32 tensors `(n, latent_dim)`.

        Raises:
            ValueError: On images that the model does not take.
        """
        pixels.check_images(images, self.image_shape)
        posterior = self.encoder(self.to_network(images), training=False)
        return posterior["z_mean"], posterior["z_log_var"]

    def decode(self, z):
        """Mean images of codes: `(n, latent_dim)` -> float32 tensor `(n, height, width, channels)` in [0, 1]."""
        z = ops.convert_to_tensor(z, "float32")
        if len(z.shape) != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(f"Expected z of shape (n, {self.latent_dim}). Received: shape {tuple(z.shape)}")
        return self.from_network(self.generator_network(z, training=False))

    def reconstruct(self, images, batch_size=256):
        """Images from the means of their own codes.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images in one pass.

        Returns:
            uint8 NumPy array of the same shape.
        """
        pixels.check_images(images, self.image_shape)
        run = self.compiled_function("reconstruct", lambda x: self.from_network(self.call(self.to_network(x)), "uint8"))
        parts = [np.asarray(run(images[i : i + batch_size])) for i in range(0, len(images), batch_size)]
        return np.concatenate(parts) if parts else np.empty((0, *self.image_shape), "uint8")

    # -- likelihood -----------------------------------------------------------------------------------------------

    def elbo(self, images, seed=0, start=0):
        """Evidence lower bound of each image, from one draw of z.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            seed: Of the noise; what image i draws depends on `(seed, start + i)` alone.
            start: Index of the first image.

        Returns:
            float64 NumPy array `(n,)`: nats an image, at most the log-likelihood on average. With
            `likelihood="gaussian"` it is a density per unit of pixels in [-1, 1].

        References:
            https://arxiv.org/abs/1312.6114, equation 2 (KL in closed form would need no draw, the rest does).
        """
        return self.log_likelihood(images, num_samples=1, seed=seed, start=start)

    def log_likelihood(self, images, num_samples=5000, seed=0, start=0):
        """Importance-weighted estimate of `log p(x)` of each image.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`; binarized once where the model
                binarizes.
            num_samples: Draws of z an image, at least 1; computed in chunks, so memory does not grow with it.
            seed: Of the noise; what image i draws depends on `(seed, start + i)` alone.
            start: Index of the first image.

        Returns:
            float64 NumPy array `(n,)`: nats an image, a lower bound on average that tightens with `num_samples`. With
            `likelihood="gaussian"` it is a density per unit of pixels in [-1, 1].

        References:
            Burda et al., 2016, https://arxiv.org/abs/1509.00519, equation 8.
        """
        return _likelihood.log_likelihood(self, images, num_samples, seed, start)

    # -- export ---------------------------------------------------------------------------------------------------

    def export_functions(self, image_dtype="float32"):
        image = tf.TensorSpec((None, *self.image_shape), image_dtype, name="image")
        z = tf.TensorSpec((None, self.latent_dim), tf.float32, name="z")

        def encode(image):
            return self.encoder(self.to_network(image), training=False)

        def decode(z):
            return {"image": self.from_network(self.generator_network(z, training=False), image_dtype)}

        def reconstruct(image):
            return {"image": self.from_network(self.call(self.to_network(image)), image_dtype)}

        return {
            **super().export_functions(image_dtype),
            "encode": ExportFunction(encode, {"image": image}, ("z_mean", "z_log_var")),
            "decode": ExportFunction(decode, {"z": z}, ("image",)),
            "reconstruct": ExportFunction(reconstruct, {"image": image}, ("image",)),
        }
