"""Samplers of codes that are fitted to the codes of images: a mixture of Gaussians, the aggregate posterior, a
two-stage VAE.

The codes of a trained autoencoder rarely follow its prior, so that images of draws from the prior are worse than
reconstructions. A sampler draws codes that are distributed as those of the training images. It makes a code from
standard normal noise, as a prior does: see `keras_genzoo.families.priors`.
"""

import math

import numpy as np
from keras import layers, ops

from keras_genzoo.families import second_stage
from keras_genzoo.families.priors import MixturePrior
from keras_genzoo.utils.graph_checks import eager_value


class Sampler(layers.Layer):
    """Base of samplers: a layer that keeps whether it has been fitted; before `fit`, it draws a standard normal.

    A subclass has `kind`, `noise_dim`, `from_normal(normal)` and `fit(codes, seed)`, and adds weights in `build_it`.

    Args:
        dim: Length of a code.
        size: Size of the sampler, whose meaning depends on its kind.
    """

    portable = True  # as of a prior
    keeps_codes = False  # whether it draws codes of images as they are, where their posterior is no Gaussian

    def __init__(self, dim, size, name=None):
        super().__init__(name=name or f"{self.kind}_sampler", dtype="float32")
        self.dim, self.size = dim, size
        self.fitted = self.constant("fitted", ())
        self.build_it()
        self.built = True

    def constant(self, name, shape, initializer="zeros"):
        """A new weight. None is trainable, rather than the layer, which could be thawed."""
        return self.add_weight(name=name, shape=shape, initializer=initializer, trainable=False)

    @property
    def is_fitted(self):
        """Whether `fit` has been called, here or before this was saved."""
        return bool(eager_value(self.fitted))


class MixtureSampler(Sampler):
    """A mixture of Gaussians, fitted to codes by expectation maximization.

    Args:
        dim: Length of a code.
        size: Number of components.
        full: Whether the covariances are full, else diagonal.

    References:
        Ghosh et al., 2019, From variational to deterministic autoencoders, https://arxiv.org/abs/1903.12436, section 4.
    """

    kind = "mixture"
    full = True

    def build_it(self):
        dim, size = self.dim, self.size
        shape = (size, dim, dim) if self.full else (size, dim)

        def standard(shape, dtype):
            return ops.broadcast_to(ops.eye(dim) if self.full else ops.ones(dim), shape)

        # The thresholds are where one component ends and the next begins, in units of a standard normal number.
        self.thresholds = self.constant("thresholds", (size - 1,))
        self.means = self.constant("means", (size, dim))
        self.factors = self.constant("factors", shape, standard)

    noise_dim = property(lambda self: self.dim + 1)

    def from_normal(self, normal):
        """Codes from standard normal noise: `(n, dim + 1)` -> `(n, dim)`; the first number chooses the component."""
        component = ops.sum(ops.cast(normal[:, :1] > self.thresholds, "int32"), axis=-1)  # (n,)
        factors, noise = ops.take(self.factors, component, axis=0), normal[:, 1:]
        scaled = ops.squeeze(ops.matmul(factors, noise[..., None]), -1) if self.full else factors * noise
        return ops.take(self.means, component, axis=0) + scaled

    def interpolate(self, z, z_end, fractions):
        """Codes between pairs of codes, as those of a `MixturePrior`."""
        below = 0.5 * (1.0 + ops.erf(self.thresholds / math.sqrt(2.0)))
        weights = ops.diff(ops.concatenate([ops.zeros(1), below, ops.ones(1)]))
        prior = MixturePrior(ops.log(ops.maximum(weights, 1e-12)), self.means, self.factors)
        return prior.interpolate(z, z_end, fractions)

    def assign(self, weights, means, factors):
        """Sets the components: weights `(size,)` that sum to 1, means and (Cholesky) factors of the covariances."""
        from scipy.stats import norm

        self.thresholds.assign(norm.ppf(np.cumsum(weights)[:-1]))
        self.means.assign(means)
        self.factors.assign(factors)
        self.fitted.assign(1.0)

    def fit(self, codes, seed):
        """Fits the components to codes: an object with `means` and `draws`, each `(n, dim)`."""
        from sklearn.mixture import GaussianMixture

        check_enough(codes.draws, self.size, self.kind)
        mixture = GaussianMixture(self.size, random_state=seed, reg_covar=1e-6 * float(codes.draws.var() + 1e-12))
        mixture.fit(codes.draws.astype("float64"))
        self.assign(mixture.weights_, mixture.means_, np.linalg.cholesky(mixture.covariances_))


class AggregateSampler(MixtureSampler):
    """The aggregate posterior: the mean of the posteriors q(z|x) of `size` images.

    A deterministic encoder has one code for each image, so the sampler draws codes of those images themselves.

    References:
        Makhzani et al., 2015, Adversarial autoencoders, https://arxiv.org/abs/1511.05644, equation 1.
    """

    kind = "aggregate"
    full = False
    keeps_codes = True

    def fit(self, codes, seed):
        check_enough(codes.draws, self.size, self.kind)
        rows = np.random.default_rng(seed).choice(len(codes.draws), self.size, replace=False)
        if codes.deviations is None:  # no Gaussian: draws of the posteriors stand for them
            means, factors = codes.draws[rows], np.zeros((self.size, self.dim), "float32")
        else:
            means, factors = codes.means[rows], codes.deviations[rows]
        self.assign(np.full(self.size, 1.0 / self.size), means, factors)


class TwoStageSampler(Sampler):
    """A second VAE that generates codes.

    Its codes have as many dimensions as those of the first. Encoder and decoder have two hidden layers; the variance
    of the decoder is learned.

    Args:
        dim: Length of a code.
        size: Units of each hidden layer.

    References:
        Dai and Wipf, 2019, Diagnosing and enhancing VAE models, https://arxiv.org/abs/1903.05789, section 3.
    """

    kind = "two_stage"

    def build_it(self):
        dim = self.dim
        self.location, self.scale = self.constant("location", (dim,)), self.constant("scale", (dim,), "ones")
        self.deviation = self.constant("deviation", ())
        self.decoder = second_stage.weights(self.constant, dim, self.size, dim)

    noise_dim = property(lambda self: 2 * self.dim)

    def from_normal(self, normal):
        """Codes from standard normal noise: `(n, 2 dim)` -> `(n, dim)`."""
        u, noise = normal[:, : self.dim], normal[:, self.dim :]
        return self.location + self.scale * (second_stage.decoded(u, self.decoder) + self.deviation * noise)

    def fit(self, codes, seed):
        """Trains the second VAE on codes: an object with `draws`, `(n, dim)`."""
        check_enough(codes.draws, 2, self.kind)
        self.location.assign(codes.draws.mean(axis=0))
        self.scale.assign(codes.draws.std(axis=0) + 1e-6)
        standardized = (codes.draws - self.location.numpy()) / self.scale.numpy()
        self.deviation.assign(second_stage.train(self.decoder, standardized, seed))
        self.fitted.assign(1.0)


SAMPLERS = {cls.kind: cls for cls in (MixtureSampler, AggregateSampler, TwoStageSampler)}
PRIOR = "prior"


def check_enough(codes, size, kind):
    """Raises `ValueError` unless there are at least `size` codes, all finite."""
    if len(codes) < size:
        raise ValueError(f"Expected at least {size} images to fit {kind}: {size}. Received: {len(codes)} images")
    if not np.isfinite(codes).all():
        raise ValueError("Expected finite codes to fit a sampler. Received: codes with NaN or infinity")


def check_prior_is_real(model, kinds):
    """Raises `ValueError` if the codes of a model do not fill a space of real numbers, in which samplers draw."""
    wrong = [kind for kind in kinds if not SAMPLERS[kind].keeps_codes]
    if wrong and not model.prior.fills_space:
        raise ValueError(
            f"Expected no sampler but aggregate, because codes of {model.model_name} are not any real numbers. "
            f"Received: {', '.join(wrong)}"
        )
