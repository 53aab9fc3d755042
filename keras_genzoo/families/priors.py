"""Priors of latent codes: how a code is made from normal noise, its density, and what lies between two codes."""

import math
from typing import Any, NamedTuple

import tensorflow as tf
from keras import ops

from keras_genzoo import losses
from keras_genzoo.interpolation import lerp, slerp


class NormalPrior:
    """Independent standard normals.

    Class attributes:
        kind: Name of the distribution.
        portable: Whether every runtime supports the operations that make a code.
        fills_space: Whether codes may be any real numbers, so that those of images can be fitted by a mixture.

    Args:
        dim: Length of a code, at least 1.
    """

    kind = "normal"
    fills_space = True
    portable = True

    def __init__(self, dim):
        self.dim = dim

    @property
    def noise_dim(self):
        """Length of the normal noise that makes a code."""
        return self.dim

    def from_normal(self, normal):
        """Codes from standard normal noise: float32 `(n, noise_dim)` -> `(n, dim)`; row i depends on row i alone."""
        return normal

    def log_density(self, z):
        """Log-density of codes in nats: `(..., dim)` -> `(...)`."""
        return losses.normal_log_density(z)

    def interpolate(self, z, z_end, fractions):
        """Codes between two sets of codes: `(n, dim)` twice and `(steps,)` in [0, 1] -> `(n, steps, dim)`."""
        return slerp(z, z_end, fractions)

    def parts(self):
        """One dict for each part of a code, with `kind` and `dim`, for programs that draw codes themselves.

        A part with parameters has these, too, and a `noise_dim` that differs from `dim`.
        """
        return [{"kind": self.kind, "dim": self.dim}]


class UniformPrior(NormalPrior):
    """Independent uniforms on [-1, 1]; codes are interpolated along straight lines."""

    kind = "uniform"

    def from_normal(self, normal):
        return tf.math.erf(normal / math.sqrt(2.0))  # 2 Phi(x) - 1

    def log_density(self, z):
        inside = ops.all(ops.abs(z) <= 1.0, axis=-1)
        return ops.where(inside, -self.dim * math.log(2.0), -math.inf)

    def interpolate(self, z, z_end, fractions):
        return lerp(z, z_end, fractions)


class OneHotPrior(NormalPrior):
    """One of `dim` classes, each as likely, as a one-hot code; an interpolation changes class half-way."""

    kind = "one_hot"
    fills_space = False
    portable = False

    def from_normal(self, normal):
        return ops.one_hot(ops.argmax(normal, axis=-1), self.dim, dtype="float32")

    def log_density(self, z):
        """Logarithm of the probability of one-hot codes: `(..., dim)` -> `(...)`."""
        return ops.full(ops.shape(z)[:-1], -math.log(self.dim), dtype="float32")

    def interpolate(self, z, z_end, fractions):
        first = ops.convert_to_tensor(fractions)[None, :, None] < 0.5
        return ops.where(first, ops.convert_to_tensor(z)[:, None], ops.convert_to_tensor(z_end)[:, None])


class SpherePrior(NormalPrior):
    """The uniform distribution on the unit sphere; codes are interpolated along great circles."""

    kind = "sphere"
    fills_space = False

    def from_normal(self, normal):
        return normal / ops.maximum(ops.norm(normal, axis=-1, keepdims=True), 1e-20)

    def log_density(self, z):
        """Log-density of unit vectors per unit of area: `(..., dim)` -> `(...)`."""
        log_area = math.log(2.0) + 0.5 * self.dim * math.log(math.pi) - math.lgamma(0.5 * self.dim)
        return ops.full(ops.shape(z)[:-1], -log_area, dtype="float32")


class Components(NamedTuple):
    """The Gaussians of a mixture.

    Fields:
        logits: Logarithms of the weights, up to a constant, `(num,)`.
        means: `(num, dim)`.
        factors: Standard deviations `(num, dim)`, or the lower triangular factors L `(num, dim, dim)` of covariances
            L L^T, with a positive diagonal.
    """

    logits: Any
    means: Any
    factors: Any


class MixturePrior(NormalPrior):
    """A mixture of Gaussians.

    The first number of the noise selects the component; the others are scaled and moved by it.

    Args:
        logits, means, factors: See `Components`.
    """

    kind = "mixture"

    def __init__(self, logits, means, factors):
        super().__init__(means.shape[-1])
        self.components = Components(*(ops.convert_to_tensor(each) for each in (logits, means, factors)))

    @property
    def noise_dim(self):
        return self.dim + 1

    def from_normal(self, normal):
        logits, means, factors = self.components
        # In units of the normal number, so that no runtime needs its distribution function: in an exported file the
        # limits are constants. All but the last, which rounding may leave below 1.
        limits = math.sqrt(2.0) * ops.erfinv(2.0 * ops.cumsum(ops.softmax(logits))[:-1] - 1.0)
        index = ops.sum(ops.cast(normal[:, :1] > limits, "int32"), axis=-1)
        return ops.take(means, index, axis=0) + _scaled(ops.take(factors, index, axis=0), normal[:, 1:])

    def log_density(self, z):
        shape = ops.shape(z)[:-1]
        terms = self._log_terms(ops.reshape(z, (-1, self.dim)))
        return ops.reshape(ops.cast(ops.logsumexp(terms, axis=-1), "float32"), shape)

    def interpolate(self, z, z_end, fractions):
        """Codes between two sets of codes: `(n, dim)` twice and `(steps,)` in [0, 1] -> `(n, steps, dim)`.

        Each end is seen as a draw of its most probable component. Mean and factor go along straight lines from one
        component to the other, and the standardized code along a great circle: every step is a typical draw of a
        Gaussian between both. A great circle around the origin, which is not the centre of the mixture, or a straight
        line would pass through codes that hardly occur. For diagonal factors, the Gaussians between are those of
        optimal transport (Takatsu, 2011, Wasserstein geometry of Gaussian measures, section 1).
        """
        z, z_end = ops.convert_to_tensor(z), ops.convert_to_tensor(z_end)
        (mean, factor, noise), (mean_end, factor_end, noise_end) = self._standardized(z), self._standardized(z_end)
        flat, flat_end = (ops.reshape(each, (ops.shape(each)[0], -1)) for each in (factor, factor_end))
        steps = ops.shape(fractions)[0]
        factors = ops.reshape(lerp(flat, flat_end, fractions), (-1, *factor.shape[1:]))
        noises = ops.reshape(slerp(noise, noise_end, fractions), (-1, self.dim))
        return lerp(mean, mean_end, fractions) + ops.reshape(_scaled(factors, noises), (-1, steps, self.dim))

    def parts(self):
        weights = ops.softmax(self.components.logits)
        values = {"weights": weights, "means": self.components.means, "factors": self.components.factors}
        values = {name: _rounded(ops.convert_to_numpy(value).tolist()) for name, value in values.items()}
        return [{"kind": self.kind, "dim": self.dim, "noise_dim": self.noise_dim, **values}]

    def _log_terms(self, z):
        """Logarithms of weight times density of each component: `(n, dim)` -> float64 `(n, num)`.

        The squares are multiplied out, so that products of matrices take the place of an array `(n, num, dim)`; their
        terms cancel, which float32 would not stand.
        """
        logits, means, factors = (ops.cast(each, "float64") for each in self.components)
        z = ops.cast(z, "float64")
        if len(factors.shape) == 2:
            precision, diagonal = 1.0 / ops.square(factors), factors
            products = ops.matmul(z, ops.transpose(means * precision))
            squares = ops.matmul(ops.square(z), ops.transpose(precision)) - 2.0 * products
            squares = squares + ops.sum(ops.square(means) * precision, axis=-1)  # (n, num)
        else:
            identity = ops.broadcast_to(ops.eye(self.dim, dtype="float64"), ops.shape(factors))
            inverse = ops.solve_triangular(factors, identity, lower=True)
            centre = ops.einsum("kij,kj->ki", inverse, means)
            squares = ops.sum(ops.square(ops.einsum("nj,kij->nki", z, inverse) - centre), axis=-1)
            diagonal = ops.diagonal(factors, axis1=-2, axis2=-1)
        log_scale = ops.sum(ops.log(diagonal), axis=-1) + 0.5 * self.dim * math.log(2.0 * math.pi)
        return ops.log_softmax(logits) - 0.5 * squares - log_scale

    def _standardized(self, z):
        """Mean and factor of the most probable component of each code, and the code in its coordinates."""
        index = ops.argmax(self._log_terms(z), axis=-1)
        mean, factor = (ops.take(each, index, axis=0) for each in self.components[1:])
        if len(factor.shape) == 2:
            return mean, factor, (z - mean) / factor
        return mean, factor, ops.solve_triangular(factor, (z - mean)[..., None], lower=True)[..., 0]


class JoinedPrior(NormalPrior):
    """Codes of several parts, one after the other, each with a prior of its own.

    Example:

    >>> prior = JoinedPrior(OneHotPrior(10), UniformPrior(2))
    >>> prior.dim, [part["kind"] for part in prior.parts()]
    (12, ['one_hot', 'uniform'])
    """

    kind = "joined"

    def __init__(self, *priors):
        super().__init__(sum(prior.dim for prior in priors))
        self.priors = priors

    @property
    def fills_space(self):
        return all(prior.fills_space for prior in self.priors)

    @property
    def portable(self):
        return all(prior.portable for prior in self.priors)

    @property
    def noise_dim(self):
        return sum(prior.noise_dim for prior in self.priors)

    def split(self, z):
        """The parts of codes: `(n, dim)` -> list of `(n, dim of the part)`."""
        return _split(z, [prior.dim for prior in self.priors])

    def from_normal(self, normal):
        pairs = zip(self.priors, _split(normal, [prior.noise_dim for prior in self.priors]), strict=True)
        return ops.concatenate([prior.from_normal(part) for prior, part in pairs], axis=-1)

    def log_density(self, z):
        return sum(prior.log_density(part) for prior, part in zip(self.priors, self.split(z), strict=True))

    def interpolate(self, z, z_end, fractions):
        sides = zip(self.priors, self.split(z), self.split(z_end), strict=True)
        return ops.concatenate([prior.interpolate(*ends, fractions) for prior, *ends in sides], axis=-1)

    def parts(self):
        return [part for prior in self.priors for part in prior.parts()]


def _split(values, sizes):
    """Parts of the last axis: `(..., sum(sizes))` -> list of `(..., size)`."""
    ends = [sum(sizes[: index + 1]) for index in range(len(sizes))]
    return [values[..., end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _scaled(factors, noise):
    """Noise `(n, dim)` times standard deviations `(n, dim)` or matrices `(n, dim, dim)`."""
    return factors * noise if len(factors.shape) == 2 else ops.einsum("nij,nj->ni", factors, noise)


def _rounded(values):
    """Nested lists of numbers, to the precision of float32."""
    return [_rounded(value) for value in values] if isinstance(values, list) else float(f"{values:.8g}")
