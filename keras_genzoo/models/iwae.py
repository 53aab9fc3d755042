"""IWAE: an importance-weighted autoencoder, a VAE that is trained on a tighter bound from several draws of the code.

Burda et al., 2015, Importance weighted autoencoders, https://arxiv.org/abs/1509.00519; Tucker et al., 2018, Doubly
reparameterized gradient estimators for Monte Carlo objectives, https://arxiv.org/abs/1810.04152.

Networks, prior and posterior are those of the VAE. Training maximizes (equation 8 of the first paper)

    L_k(x) = E log 1/k sum_i w_i,    w_i = p(x|z_i) p(z_i) / q(z_i|x),    z_1..z_k ~ q(z|x),

which is the bound of the VAE for k = 1 and comes near to log p(x) as k grows. Its gradient weights the draws by
`w~_i = w_i / sum_j w_j` (equation 14):

    grad L_k = E sum_i w~_i grad log w_i.

For the encoder, this gradient becomes noisier relative to its size as k grows. `gradient="dreg"` replaces the
encoder's by (equation 8 of the second paper)

    E sum_i w~_i^2 (d log w_i / d z_i) (d z_i / d phi),

which has the same mean and less variance: the encoder is reached through the draws alone, and q(z|x) inside of w_i is
held.
"""

import math

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.likelihood import importance
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.arguments import Choice, Integer


@keras.saving.register_keras_serializable(package="keras_genzoo")
class IWAE(VAE):
    """Encodes images as Gaussian codes, trained with several draws of the code per image.

    A training step runs the encoder once and the decoder `train_samples` times per image.

    Shapes: as `VAE`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1509.00519, equations 8 and 14; https://arxiv.org/abs/1810.04152, equation 8.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("iwae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8, train_samples=5)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.reconstruct(digits[:4]).shape
    (4, 8, 8, 1)
    """

    train_samples = Integer(5, "Draws of `z` per image in a step (the paper's k, which is 1, 5 or 50).", training=True)
    gradient = Choice(
        "standard",
        "`'standard'`: the gradient of the bound by reparametrization. `'dreg'`: for the encoder, the doubly "
        "reparametrized gradient, which has the same mean and less variance.",
        choices=("standard", "dreg"),
        training=True,
    )
    reconstruction_weight = 1.0  # not an argument here: the terms stand inside of the logarithm
    advice_on_unused_codes = "more train_samples use more of them"  # section 5.1 of the paper, table 1

    loss_names = ("loss",)

    def negative_bound(self, batch, training=True):
        log_weights = self.training_log_weights(batch, training)
        return ops.mean(math.log(self.train_samples) - ops.logsumexp(log_weights, axis=1)), {}

    def training_log_weights(self, batch, training):
        """`log w_i` of `train_samples` draws, `(batch, train_samples)`, with the gradient of the bound behind it."""
        num, given = self.train_samples, self.conditions_of(batch)
        posterior = self.posterior(self.encoded(batch.images, training=training, **given)).repeat(num)
        z, log_q = posterior.draw(sampling.step_normal((posterior.num_rows, posterior.noise_dim), self.noise()))
        later = {}
        if self.gradient == "dreg":
            z = with_scaled_gradient(z, lambda: later["weights"])
            log_q = held_log_density(posterior, z)
        given = {name: importance.repeat(values, num) for name, values in given.items()}
        log_px = -self.draws_nll(batch.images, self.decoded(z, training=training, **given))  # (batch, num)
        log_weights = log_px + ops.reshape(self.prior.log_density(z) - log_q, (-1, num))
        # The bound gives each draw the factor w~_i; through z, it comes once more.
        later["weights"] = ops.reshape(ops.softmax(ops.stop_gradient(log_weights), axis=1), (-1, 1))
        return log_weights

    def draws_nll(self, images, decoded):
        """`-log p(x|z)` of several draws per image, in nats.

        Args:
            images: `(batch, height, width, channels)`.
            decoded: What the decoder gives, `(batch * num, height, width, channels)`, grouped by image.

        Returns:
            `(batch, num)`.
        """
        num = self.train_samples
        if self.likelihood == "bernoulli":
            size = math.prod(self.image_shape)
            return bernoulli_nll_of_draws(ops.reshape(images, (-1, size)), ops.reshape(decoded, (-1, num, size)))
        return ops.reshape(self.negative_log_likelihood(importance.repeat(images, num), decoded), (-1, num))


def held_log_density(posterior, z):
    """`log q(z|x)` of a diagonal Gaussian, `(batch,)`, whose gradient goes through `z` and not its parameters."""
    z_mean, z_log_var = ops.stop_gradient(posterior.z_mean), ops.stop_gradient(posterior.z_log_var)
    noise = (z - z_mean) * ops.exp(-0.5 * z_log_var)
    return losses.normal_log_density(noise) - 0.5 * ops.sum(z_log_var, axis=-1)


def with_scaled_gradient(z, factors):
    """`z` itself, whose gradient is multiplied by `factors()`, called in the backward pass."""

    @ops.custom_gradient
    def identity(z):
        def gradient(*args, upstream=None):
            return (args[0] if upstream is None else upstream) * factors()

        return ops.copy(z), gradient

    return identity(z)


@ops.custom_gradient
def bernoulli_nll_of_draws(images, logits):
    """`losses.bernoulli_nll` of several draws per image: `(batch, size)` and `(batch, num, size)` -> `(batch, num)`.

    No image is repeated, and the backward pass reads and writes the logits fewer times: a step of 50 draws takes about
    a tenth less time (`benchmarks/iwae_step.py`).
    """
    # softplus(x) = relu(x) - log sigmoid(|x|), whose operations have faster kernels than softplus
    softplus = ops.sum(ops.relu(logits), axis=-1) - ops.sum(ops.log(ops.sigmoid(ops.abs(logits))), axis=-1)
    nll = softplus - ops.squeeze(ops.matmul(logits, images[:, :, None]), axis=-1)

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream  # (batch, num)
        by_images = -ops.squeeze(ops.matmul(upstream[:, None, :], logits), axis=1)
        return by_images, upstream[:, :, None] * (ops.sigmoid(logits) - images[:, None, :])

    return nll, gradient
