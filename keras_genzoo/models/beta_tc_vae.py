"""Beta-TC-VAE: a VAE that weighs the total correlation of its codes, estimated from the batch.

Chen et al., 2018, Isolating sources of disentanglement in variational autoencoders, https://arxiv.org/abs/1802.04942.

The mean over the images of KL(q(z|x) || p(z)) has three parts (equation 2), with q(z) = 1/N sum_n q(z|x_n) over the N
training images:

    MI = E [log q(z|x) - log q(z)]                   what the code says of the image,
    TC = E [log q(z) - sum_j log q(z_j)]             how dependent the components of the code are,
    dimension-wise KL = E [sum_j log q(z_j) - log p(z_j)],

and training minimizes -E_q log p(x|z) + alpha MI + beta TC + gamma KL (equation 4), where `mi_weight` is alpha and
`dimension_weight` is gamma. q(z) is estimated from the batch of M images that the codes come from:

- `"weighted"`, section 4.1: q(z) = 1/(N M) sum_j q(z|x_j). Biased: too low, by a factor of up to N. N shifts the logged
  values by constants, and changes no gradient.
- `"stratified"`, appendix C.2: a weighted mean over the batch, with 1/N for the image of the code itself. Unbiased for
  q(z).

Differences from the paper: under `tf.distribute`, each replica estimates q(z) from its own part of the batch.
"""

import functools
import math
import warnings

import keras
from keras import ops

from keras_genzoo import sampling
from keras_genzoo.data.batch_forms import is_array_like
from keras_genzoo.families.total_correlation import check_components, checked_batch
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.arguments import Choice, Integer, Weight
from keras_genzoo.utils.graph_checks import check_in_graph


@keras.saving.register_keras_serializable(package="keras_genzoo")
class BetaTCVAE(VAE):
    """Encodes images as Gaussian codes whose components are pressed to be independent of each other.

    Shapes: as in `VAE`.

    Raises:
        ValueError: If an argument is out of its range; in training, without `dataset_size`, or for a batch of more
            images than that.

    References:
        https://arxiv.org/abs/1802.04942, equations 2 and 4, section 4.1, appendix C.2.

    Example:

    >>> import keras_genzoo
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> args = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=8)
    >>> model = keras_genzoo.build("beta_tc_vae", dataset_size=len(digits), **args)
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> sorted(history.history)
    ['dimension_kl_loss', 'loss', 'mi_loss', 'reconstruction_loss', 'tc_loss']
    """

    beta = Weight(6.0, "Weight of the total correlation.", training=True)
    mi_weight = Weight(1.0, "Weight of the mutual information of code and image.", training=True)
    dimension_weight = Weight(1.0, "Weight of the KL divergences of the single components.", training=True)
    tc_estimate = Choice(
        "weighted",
        "How the distribution of all codes is estimated from a batch: `'weighted'` for minibatch-weighted sampling, "
        "`'stratified'` for minibatch-stratified sampling.",
        choices=("weighted", "stratified"),
        training=True,
    )
    dataset_size = Integer(
        None,
        "Number of training images, which the estimate needs: training does, use does not. A recipe, and `keras-genzoo "
        "train`, take that of their data.",
        optional=True,
        training=True,
    )
    reconstruction_weight = 1.0
    advice_on_unused_codes = "a smaller beta uses more of them"

    loss_names = ("loss", "reconstruction_loss", "mi_loss", "tc_loss", "dimension_kl_loss")

    def check_arguments(self):
        super().check_arguments()
        check_components(self)

    @functools.wraps(VAE.fit)
    def fit(self, x=None, y=None, *args, **kwargs):
        if is_array_like(x) and self.dataset_size is not None:
            num = int(len(x) * (1.0 - (kwargs.get("validation_split") or 0.0)))
            if num > self.dataset_size:
                raise ValueError(
                    f"Expected dataset_size={num}, of the images. Received: dataset_size={self.dataset_size}"
                )
            if num < self.dataset_size and self.tc_estimate == "stratified":
                warnings.warn(
                    f"dataset_size={self.dataset_size}, but there are {num} training images: the estimate of the total "
                    "correlation is that of a larger data set",
                    stacklevel=2,
                )
        return super().fit(x, y, *args, **kwargs)

    def unpack(self, data):
        if self.dataset_size is None:
            raise ValueError(
                f"Expected dataset_size, the number of training images, to train {self.model_name}: "
                "build(..., dataset_size=60000). Received: dataset_size=None"
            )
        batch = super().unpack(data)
        num = ops.shape(batch.images)[0]
        images = check_in_graph(
            batch.images,
            num <= self.dataset_size,
            f"Expected batches of at most dataset_size={self.dataset_size} images. Received:",
            num,
            "images",
        )
        return checked_batch(self, batch.replace(images=images))

    def loss_terms(self, batch, training=True):
        """Terms of the negative evidence lower bound: dict of scalars, nats per image, means over the batch.

        `mi_loss`, `tc_loss` and `dimension_kl_loss` are estimates that add up to an estimate of the KL divergence.
        """
        given = self.conditions_of(batch)
        posterior = self.posterior(self.encoded(batch.images, training=training, **given))
        noise = sampling.step_normal((posterior.num_rows, posterior.noise_dim), self.noise())
        z, log_q = posterior.draw(noise)
        decoded = self.decoded(z, training=training, **given)
        log_joint, log_product = self.aggregate_log_densities(z, posterior)
        return {
            "reconstruction_loss": ops.mean(self.negative_log_likelihood(batch.images, decoded)),
            "mi_loss": ops.mean(log_q - log_joint),
            "tc_loss": ops.mean(log_joint - log_product),
            "dimension_kl_loss": ops.mean(log_product - self.prior.log_density(z)),
        }

    def loss_weights(self):
        return {"mi_loss": self.mi_weight, "tc_loss": self.beta, "dimension_kl_loss": self.dimension_weight}

    def aggregate_log_densities(self, z, posterior):
        """Estimates of log q(z) and of sum_j log q(z_j) for the codes of a batch, each `(batch,)`."""
        log_weights = self.log_weights_of_batch(ops.shape(z)[0])  # (batch of codes, batch of images)
        mean, log_var = posterior.z_mean[None], posterior.z_log_var[None]
        squared = ops.square(z[:, None] - mean) * ops.exp(-log_var)
        log_densities = -0.5 * (math.log(2.0 * math.pi) + log_var + squared)  # (codes, images, latent_dim)
        joint = ops.logsumexp(log_weights + ops.sum(log_densities, axis=-1), axis=1)
        marginals = ops.logsumexp(log_weights[..., None] + log_densities, axis=1)  # (codes, latent_dim)
        return joint, ops.sum(marginals, axis=-1)

    def log_weights_of_batch(self, num):
        """Logarithms of the weights of q(z_i|x_j) in q(z_i), for a batch of `num` images: `(num, num)`."""
        size, num = float(self.dataset_size), ops.cast(num, "float32")
        rows = ops.arange(num, dtype="float32")
        if self.tc_estimate == "weighted":
            return ops.zeros_like(rows[:, None] + rows) - ops.log(size * num)
        # M others, one of which makes up for the images that the batch does not have.
        others = ops.maximum(num - 1.0, 1.0)
        step = ops.mod(rows[None] - rows[:, None], num)  # 0 for the image of the code, 1 for the next one
        next_one = ops.maximum((size - others) / (size * others), 1e-30)
        weights = ops.where(step == 1.0, next_one, 1.0 / others)
        return ops.log(ops.where(step == 0.0, 1.0 / size, weights))
