"""VAE: the variational autoencoder, with a Bernoulli or a Gaussian decoder.

Kingma and Welling, 2013, Auto-encoding variational Bayes, https://arxiv.org/abs/1312.6114.

The encoder gives mean and log-variance of a diagonal Gaussian posterior q(z|x) (appendix C), the code is drawn by the
reparametrization z = mean + sigma * noise (section 2.4), and training minimizes the negative evidence lower bound
(equation 10)

    -ELBO(x) = -E_q log p(x|z) + KL(q(z|x) || N(0, I)),

whose KL term is in closed form (appendix B). With `network="mlp"` the networks are the paper's fully connected ones
with tanh; `network="conv"`, the default, has strided and transposed convolutions, which larger images need. With
`likelihood="gaussian"` one variance for all pixels is learned with the means (Rybkin et al., 2020,
https://arxiv.org/abs/2006.13202).
"""

import keras
from keras import layers, ops

from keras_genzoo import losses, sampling
from keras_genzoo.families import BaseAutoencoder, code_use, latent_variable
from keras_genzoo.families.posteriors import GaussianPosterior
from keras_genzoo.utils.arguments import Choice, Flag, Positive
from keras_genzoo.utils.noise import noise_for_tests


@keras.saving.register_keras_serializable(package="keras_genzoo")
class VAE(BaseAutoencoder):
    """Encodes images as Gaussian codes and generates images from codes.

    `loss_terms` returns the terms of the negative bound in nats per image; `train_step` and `test_step` both add them
    up, each times its entry in `loss_weights`. A variant overrides `loss_terms` or `loss_weights`, or, if its bound is
    not a sum, `negative_bound`; its `loss_names` have further terms. A variant with another distribution of codes
    overrides `posterior` or `prior`.

    Shapes: `encoder` images in [0, 1] (Bernoulli) or [-1, 1] (Gaussian) -> `z_mean` and `z_log_var`
    `(batch, latent_dim)`; `decoder` `(batch, latent_dim)` -> logits or means `(batch, height, width, channels)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1312.6114, equation 10 and appendices B and C.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.reconstruct(digits[:4]).shape
    (4, 8, 8, 1)
    """

    likelihood = Choice(
        "bernoulli",
        "`'bernoulli'`: the decoder gives logits of pixels in [0, 1]. `'gaussian'`: it gives the means of pixels in "
        "[-1, 1], and one variance for all pixels is learned with them.",
        choices=("bernoulli", "gaussian"),
    )
    reconstruction_weight = Positive(
        1.0,
        "Weight of the reconstruction term; 1 gives the bound itself, more gives sharper images and codes that fit the "
        "prior less.",
        training=True,
        formerly="alpha",
    )
    binarize = Flag(
        False,
        "Bernoulli only: draw each pixel as 0 or 1 with its grey value as the probability, anew in each step (dynamic "
        "binarization), so that the likelihood is one of a discrete variable.",
        training=True,
    )

    takes_signals = True
    optimizer_names = ("optimizer",)
    loss_names = ("loss", "reconstruction_loss", "kl_loss")
    code_names = ("z_mean", "z_log_var")
    code_part = "latent dimensions"  # what `code_use` counts
    advice_on_unused_codes = "a larger reconstruction_weight uses more of them"
    step_count = None  # a `StepCount` of a variant whose bound changes in the course of a training
    warmup_steps = 0  # in which the weight of the KL term grows to 1; an argument of variants that count steps

    def check_arguments(self):
        if self.binarize and self.likelihood != "bernoulli":
            raise ValueError(
                f"Expected likelihood='bernoulli' with binarize=True. Received: likelihood={self.likelihood!r}"
            )

    @property
    def network_range(self):
        return (0.0, 1.0) if self.likelihood == "bernoulli" else (-1.0, 1.0)

    def build_networks(self):
        super().build_networks()
        if self.likelihood == "gaussian":
            self.build_pixel_variance()

    def build_pixel_variance(self):
        """Sets `pixel_log_var`, the logarithm of the variance of all pixels."""
        first = keras.initializers.Constant(self.values.initial_log_var)
        self.pixel_log_var = self.add_weight(name="pixel_log_var", shape=(), initializer=first, dtype="float32")

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

    # -- the bound ------------------------------------------------------------------------------------------------

    def loss_terms(self, batch, training=True):
        """Terms of the negative evidence lower bound.

        Args:
            batch: Record of `images` in `network_range`, binarized where the model does that, and the conditions.
            training: Whether layers behave, and their statistics move, as in training.

        Returns:
            Dict of scalars, nats per image, means over the batch: `reconstruction_loss`, `kl_loss`.
        """
        given = self.conditions_of(batch)
        posterior = self.posterior(self.encoded(batch.images, training=training, **given))
        noise = sampling.step_normal((posterior.num_rows, posterior.noise_dim), self.noise())
        z, log_q = posterior.draw(noise)
        decoded = self.decoded(z, training=training, **given)
        return {
            "reconstruction_loss": ops.mean(self.negative_log_likelihood(batch.images, decoded)),
            "kl_loss": ops.mean(self.divergence(posterior, z, log_q)),
        }

    def posterior(self, encoded):
        """q(z|x) of what the encoder gives, a dict of `code_names`: see `keras_genzoo.families.posteriors`."""
        return GaussianPosterior(*(encoded[name] for name in self.code_names))

    def divergence(self, posterior, z, log_q):
        """KL(q(z|x) || p(z)) in nats per image, `(batch,)`: in closed form, or, without one, its estimate from `z`."""
        prior = self.prior
        exact = posterior.divergence(prior)
        return log_q - prior.log_density(z) if exact is None else exact

    def loss_weights(self):
        """Dict of the weights of terms that count other than once."""
        return {"reconstruction_loss": self.reconstruction_weight}

    def training_weights(self):
        """`loss_weights` in the present training step: while it warms up, the KL term counts less."""
        weights = self.loss_weights()
        if self.warmup_steps:
            weights["kl_loss"] = self.step_count.fraction(self.warmup_steps)
        return weights

    def negative_bound(self, batch, training=True):
        """What training minimizes, a scalar in nats per image, and the dict of the terms that are logged."""
        terms = self.loss_terms(batch, training)
        weights = self.training_weights() if training else self.loss_weights()
        return sum(weights.get(key, 1.0) * term for key, term in terms.items()), terms

    def negative_log_likelihood(self, images, decoded):
        """`-log p(x|z)` in nats per image, `(batch,)`; `decoded` is what the decoder gives for `z`."""
        if self.likelihood == "bernoulli":
            return losses.bernoulli_nll(images, decoded)
        return losses.gaussian_nll(images, decoded, self.log_variance_of_pixels())

    def log_variance_of_pixels(self):
        """Logarithm of the variance of all pixels, a scalar: the learned one, within bounds."""
        return ops.clip(self.pixel_log_var, -losses.MAX_LOG_VAR, losses.MAX_LOG_VAR)

    # -- the step -------------------------------------------------------------------------------------------------

    def train_step(self, data):
        batch = self.training_batch(data)
        with self.recording("optimizer") as tape:
            loss, terms = self.negative_bound(batch)
        self.apply_gradients("optimizer", loss, tape)
        logs = self.results({"loss": loss, **terms})
        if self.step_count is not None:
            self.step_count.advance(logs["loss"])
        return logs

    def test_step(self, data):
        with noise_for_tests():
            loss, terms = self.negative_bound(self.training_batch(data), training=False)
        return self.results({"loss": loss, **terms})

    def training_batch(self, data):
        """The record of a training batch: images in `network_range`, binarized where the model does that."""
        batch = self.unpack(data)
        if not self.binarize:
            return batch
        noise = sampling.step_uniform(ops.shape(batch.images), self.noise())
        return batch.replace(images=sampling.bernoulli(batch.images, noise))

    def conditions_of(self, batch):
        """Dict of the conditions in a record."""
        return {each.name: getattr(batch, each.name) for each in self.conditions}

    # -- what follows from them ---------------------------------------------------------------------------------------

    code_measures = code_use.code_measures
    code_use = code_use.code_use
    elbo = latent_variable.elbo
    log_likelihood = latent_variable.log_likelihood
    likelihood_images = latent_variable.likelihood_images
    log_weights = latent_variable.log_weights
    encoder_posterior = latent_variable.encoder_posterior
    drawn_codes = latent_variable.drawn_codes
    code_given = latent_variable.code_given
    imputed_pixels = latent_variable.imputed_pixels
    imputation_noise_dim = property(latent_variable.imputation_noise_dim)
    imputation_portable = property(latent_variable.imputation_portable)
