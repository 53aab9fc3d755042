"""Priors of latent codes: how a code is made from normal noise, its density, and what lies between two codes."""

import math

import tensorflow as tf
from keras import ops

from keras_genzoo import losses
from keras_genzoo.interpolation import lerp, slerp


class NormalPrior:
    """Independent standard normals.

    Class attributes:
        kind: Name of the distribution.
        fills_space: Whether codes may be any real numbers, so that those of images can be fitted by a mixture.

    Args:
        dim: Length of a code, at least 1.
    """

    kind = "normal"
    fills_space = True

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
        """List of `{"kind": ..., "dim": ...}`, one for each part of a code, for programs that draw codes themselves."""
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

    def from_normal(self, normal):
        return ops.one_hot(ops.argmax(normal, axis=-1), self.dim, dtype="float32")

    def log_density(self, z):
        """Logarithm of the probability of one-hot codes: `(..., dim)` -> `(...)`."""
        return ops.full(ops.shape(z)[:-1], -math.log(self.dim), dtype="float32")

    def interpolate(self, z, z_end, fractions):
        first = ops.convert_to_tensor(fractions)[None, :, None] < 0.5
        return ops.where(first, ops.convert_to_tensor(z)[:, None], ops.convert_to_tensor(z_end)[:, None])


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
