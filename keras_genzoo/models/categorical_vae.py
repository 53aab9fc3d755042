"""CategoricalVAE: a VAE whose code is several categorical variables, trained by the Gumbel-softmax relaxation.

Jang, Gu and Poole, 2016, Categorical reparameterization with Gumbel-softmax, https://arxiv.org/abs/1611.01144.

The encoder gives logits of L variables with C categories each, and a code is L one-hot vectors, one after the other. A
one-hot draw has no gradient. In training, its place is taken by softmax((log q + g) / tau), where g is Gumbel noise
(equation 2) and the temperature tau falls with the steps. With `straight_through`, the decoder sees the one-hot vector,
and the gradient is that of the relaxed one (section 2.2). The divergence from the uniform prior is exact,

    KL(q(z|x) || p(z)) = sum_l sum_c q_lc (log q_lc + log C).

Validation, `elbo` and `log_likelihood` draw one-hot codes and use their probabilities, so they are those of the model
that generates. The paper updates the temperature every 500 or 1000 steps; here it changes with each one.
"""

import math

import keras
from keras import layers, ops

from keras_genzoo import sampling
from keras_genzoo.families import JoinedPrior, OneHotPrior
from keras_genzoo.families.posteriors import Posterior
from keras_genzoo.families.step_count import StepCount
from keras_genzoo.likelihood import importance
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.arguments import Flag, Integer, Positive, Weight


class CategoricalPosterior(Posterior):
    """Independent categorical variables, as one-hot codes; see `keras_genzoo.families.posteriors`.

    Args:
        logits: `(batch, variables, categories)`.
    """

    portable = False  # a draw has operations that only TensorFlow supports

    def __init__(self, logits):
        self.log_q = ops.log_softmax(logits, axis=-1)

    @property
    def noise_dim(self):
        """Length of the normal noise of a draw."""
        return self.log_q.shape[1] * self.log_q.shape[2]

    @property
    def num_rows(self):
        """Number of posteriors, a scalar tensor."""
        return ops.shape(self.log_q)[0]

    def draw(self, noise):
        """One-hot codes `(batch, noise_dim)` and their log-probabilities in nats, `(batch,)`."""
        one_hot = self._one_hot(self.log_q + self._gumbel(noise))
        z = self._flat(one_hot)
        return z, self.log_density(z)

    def log_density(self, z):
        """`log q(z|x)` of given one-hot codes in nats: `(batch, noise_dim)` -> `(batch,)`."""
        return ops.sum(ops.reshape(z, ops.shape(self.log_q)) * self.log_q, axis=(1, 2))

    def relaxed(self, noise, temperature, straight_through):
        """Differentiable codes `(batch, noise_dim)` from the same noise; with `straight_through`, of one-hot values."""
        perturbed = self.log_q + self._gumbel(noise)
        soft = ops.softmax(perturbed / temperature, axis=-1)
        if straight_through:
            soft = soft + ops.stop_gradient(self._one_hot(perturbed) - soft)
        return self._flat(soft)

    def divergences(self, prior):
        """KL divergence of each variable from equally likely categories in nats, `(batch, variables)`."""
        return ops.sum(ops.exp(self.log_q) * (self.log_q + math.log(self.log_q.shape[-1])), axis=-1)

    def repeat(self, num):
        """The posterior of a batch in which each image stands `num` times, one after the other."""
        return type(self)(importance.repeat(self.log_q, num))

    def _gumbel(self, noise):
        """Gumbel noise `-log(-log(u))` from normal noise, u its distribution function, in float64 for the tails."""
        half = ops.cast(noise, "float64") / 2.0**0.5
        log_u = ops.log(ops.maximum(0.5 * (1.0 + ops.erf(half)), 1e-16))
        # Near 1, from the other tail: log u = log(1 - (1 - u)).
        tail = ops.maximum(0.5 * (1.0 - ops.erf(half)), 1e-16)
        log_u = ops.where(half > 0.0, ops.log1p(-tail), log_u)
        return ops.reshape(ops.cast(-ops.log(-log_u), "float32"), ops.shape(self.log_q))

    def _one_hot(self, values):
        return ops.one_hot(ops.argmax(values, axis=-1), values.shape[-1], dtype="float32")

    def _flat(self, values):
        return ops.reshape(values, (-1, self.noise_dim))


@keras.saving.register_keras_serializable(package="keras_genzoo")
class CategoricalVAE(VAE):
    """Encodes images as categorical variables, and generates images from categories that are drawn at random.

    `encode` gives the most probable code `z` and the logits.

    Shapes: `encoder` images -> `z` and `logits` `(batch, num_latents * num_categories)`; `decoder` as `VAE`.

    Raises:
        ValueError: If an argument is out of its range, or `min_temperature` is above `temperature`.

    References:
        https://arxiv.org/abs/1611.01144, equation 2 and section 2.2.

    Example:

    >>> import keras_genzoo
    >>> args = dict(image_shape=(8, 8, 1), num_latents=4, num_categories=3, base_filters=8)
    >>> model = keras_genzoo.build("categorical_vae", **args)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> z, logits = model.encode(digits[:4])
    >>> z.shape, z.sum(axis=1).tolist()
    ((4, 12), [4.0, 4.0, 4.0, 4.0])
    """

    num_latents = Integer(20, "Number of categorical variables.")
    num_categories = Integer(10, "Categories of each variable.", low=2)
    straight_through = Flag(
        False,
        "Whether the decoder sees one-hot codes in training, with the gradient of the relaxed ones.",
        training=True,
    )
    temperature = Positive(1.0, "Temperature of the relaxation at the first step.", training=True)
    min_temperature = Positive(0.5, "Lowest temperature.", training=True, only={"anneal_rate": "nonzero"})
    anneal_rate = Weight(1e-4, "The temperature falls as `exp(-anneal_rate * step)`; 0 keeps it.", training=True)

    code_part = "categorical variables"
    code_names = ("z", "logits")

    @property
    def latent_dim(self):
        """Length of the whole code."""
        return self.num_latents * self.num_categories

    @property
    def prior(self):
        return JoinedPrior(*(OneHotPrior(self.num_categories) for _ in range(self.num_latents)))

    def check_arguments(self):
        super().check_arguments()
        if self.anneal_rate and self.min_temperature > self.temperature:
            raise ValueError(
                f"Expected min_temperature of at most temperature={self.temperature}. "
                f"Received: min_temperature={self.min_temperature}"
            )

    def build_networks(self):
        super().build_networks()
        self.step_count = StepCount(self, "temperature_steps")

    @property
    def network_variables(self):
        return [variable for variable in super().network_variables if variable is not self.temperature_steps]

    def code_outputs(self, features):
        logits = layers.Dense(self.latent_dim, dtype="float32", name="logits")(features)
        grouped = ops.reshape(logits, (-1, self.num_latents, self.num_categories))
        # As `argmax`, for which LiteRT lacks an operation of Keras' graph.
        largest = ops.top_k(grouped, k=1)[1][..., 0]
        z = ops.one_hot(largest, self.num_categories, dtype="float32")  # (batch, num_latents, num_categories)
        return {"z": ops.reshape(z, (-1, self.latent_dim)), "logits": logits}

    def posterior(self, encoded):
        return CategoricalPosterior(ops.reshape(encoded["logits"], (-1, self.num_latents, self.num_categories)))

    def current_temperature(self):
        """Temperature of the next step, a scalar."""
        falling = self.temperature * ops.exp(-self.anneal_rate * ops.convert_to_tensor(self.temperature_steps))
        return ops.maximum(falling, self.min_temperature if self.anneal_rate else self.temperature)

    def loss_terms(self, batch, training=True):
        if not training:
            return super().loss_terms(batch, training)
        given = self.conditions_of(batch)
        posterior = self.posterior(self.encoded(batch.images, training=training, **given))
        noise = sampling.step_normal((posterior.num_rows, posterior.noise_dim), self.noise())
        z = posterior.relaxed(noise, self.current_temperature(), self.straight_through)
        decoded = self.decoded(z, training=training, **given)
        return {
            "reconstruction_loss": ops.mean(self.negative_log_likelihood(batch.images, decoded)),
            "kl_loss": ops.mean(posterior.divergence(self.prior)),
        }

    def after_pretrained(self):
        self.temperature_steps.assign(0.0)
