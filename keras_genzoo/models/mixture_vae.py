"""MixtureVAE: a VAE whose prior is a learned mixture of Gaussians.

Tomczak and Welling, 2017, VAE with a VampPrior, https://arxiv.org/abs/1705.07120, section 5, where this prior is
compared with the VampPrior.

The best prior of a trained encoder is the mean of all its posteriors (section 2, equation 5), which the standard normal
is far from. Here p(z) = sum_k w_k N(m_k, diag(s_k^2)), and weights, means and variances are learned with the networks.
The bound is the VAE's,

    -ELBO(x) = -E_q log p(x|z) + KL(q(z|x) || p(z)),

whose KL term has no closed form and is estimated from the draw of the code: log q(z|x) - log p(z).
"""

import keras
from keras import ops

from keras_genzoo import losses
from keras_genzoo.families import MixturePrior
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.arguments import Integer


@keras.saving.register_keras_serializable(package="keras_genzoo")
class MixtureVAE(VAE):
    """Encodes images as Gaussian codes, and generates images from codes of a learned mixture.

    Shapes: as `VAE`; `prior_logits` `(num_components,)`, `prior_means` and `prior_log_vars`
    `(num_components, latent_dim)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1705.07120, section 5.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("mixture_vae", image_shape=(8, 8, 1), latent_dim=2, num_components=5, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    num_components = Integer(500, "Number of Gaussians in the prior.")

    def build_networks(self):
        shape = (self.num_components, self.latent_dim)
        shared = dict(dtype="float32", autocast=False)
        # Equal components would stay equal, and those far from all codes would not learn: they begin close together.
        normal = keras.initializers.RandomNormal(stddev=0.1)
        self.prior_logits = self.add_weight(name="prior_logits", shape=shape[:1], initializer="zeros", **shared)
        self.prior_means = self.add_weight(name="prior_means", shape=shape, initializer=normal, **shared)
        self.prior_log_vars = self.add_weight(name="prior_log_vars", shape=shape, initializer="zeros", **shared)
        super().build_networks()

    @property
    def prior(self):
        log_vars = ops.clip(self.prior_log_vars, -losses.MAX_LOG_VAR, losses.MAX_LOG_VAR)
        return MixturePrior(self.prior_logits, self.prior_means, ops.exp(0.5 * log_vars))
