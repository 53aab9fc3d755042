"""Codes of several levels: what a hierarchical VAE draws from the top level down, as one posterior and one prior.

A model with such codes has `level_shapes`, the shapes of the maps of its levels from the top, and `descend(choose)`,
which goes down its levels and asks `choose(level, prior, state)` for the map of each; `level_posterior(level, features,
prior, state)` is the Gaussian from which training draws it.
"""

import math

from keras import ops

from keras_genzoo import losses
from keras_genzoo.families.posteriors import Posterior
from keras_genzoo.families.priors import NormalPrior
from keras_genzoo.interpolation import lerp
from keras_genzoo.likelihood import importance


class Gaussian:
    """Independent Gaussians, one for each value of a map.

    Args:
        mean: Means, `(batch, height, width, channels)`.
        log_var: Logarithms of the variances, of the same shape.
    """

    def __init__(self, mean, log_var):
        self.mean, self.log_var = mean, log_var

    def draw(self, noise):
        """The map that standard normal noise of the same shape makes."""
        return self.mean + ops.exp(0.5 * self.log_var) * noise

    def log_density(self, z):
        """Log-density of maps in nats, `(batch,)`."""
        return -losses.gaussian_nll(z, self.mean, self.log_var)

    def divergence(self, other):
        """KL divergence from another such distribution in nats, `(batch,)`."""
        ratio = ops.exp(self.log_var - other.log_var)
        squared = ops.square(self.mean - other.mean) * ops.exp(-other.log_var)
        return 0.5 * ops.sum(ratio + squared - 1.0 + other.log_var - self.log_var, axis=(1, 2, 3))

    def times(self, other):
        """The product of both densities as a Gaussian: precisions add up, and means are weighted by them."""
        mine, its = ops.exp(-self.log_var), ops.exp(-other.log_var)
        precision = mine + its
        return Gaussian((self.mean * mine + other.mean * its) / precision, -ops.log(precision))


class LevelsPosterior(Posterior):
    """q(z|x) of all levels, each given those above; the divergence of a level depends on the draws of those above.

    Args:
        model: The model.
        features: Features of the images for each level, a list from the top.
    """

    def __init__(self, model, features):
        self.model, self.features = model, features

    @property
    def noise_dim(self):
        return self.model.latent_dim

    @property
    def num_rows(self):
        return ops.shape(self.features[0])[0]

    def draw(self, noise):
        maps = split_levels(noise, self.model.level_shapes)
        log_q = losses.normal_log_density(noise)
        found, log_vars = [], []

        def choose(level, prior, state):
            posterior = self.model.level_posterior(level, self.features[level], prior, state)
            log_vars.append(ops.sum(posterior.log_var, axis=(1, 2, 3)))
            found.append(posterior.draw(maps[level]))
            return found[-1]

        self.model.descend(choose)
        return joined_levels(found), log_q - 0.5 * sum(log_vars)

    def log_density(self, z):
        """`log q(z|x)` of given codes in nats: `(batch, latent_dim)` -> `(batch,)`."""
        maps, found = split_levels(z, self.model.level_shapes), []

        def choose(level, prior, state):
            found.append(self.model.level_posterior(level, self.features[level], prior, state).log_density(maps[level]))
            return maps[level]

        self.model.descend(choose)
        return sum(found)

    def divergences(self, prior):
        """Nats of each level, `(batch, levels)`, each given the means of those above."""
        nothing = ops.zeros((self.num_rows, self.noise_dim), "float32")  # in place of noise
        posteriors, priors, _, _ = self.model.drawn(self.features, nothing)
        return ops.stack([mine.divergence(its) for mine, its in zip(posteriors, priors, strict=True)], axis=-1)

    def divergence(self, prior):
        return None  # that of the means of the levels above is not that of their draws

    def repeat(self, num):
        return type(self)(self.model, [importance.repeat(each, num) for each in self.features])


class LevelsPrior(NormalPrior):
    """p(z) of all levels, each given those above: see `keras_genzoo.families.priors`.

    Args:
        model: The model.
    """

    kind = "levels"

    def __init__(self, model):
        super().__init__(model.latent_dim)
        self.model = model

    def from_normal(self, normal):
        maps, found = split_levels(normal, self.model.level_shapes), []

        def choose(level, prior, state):
            found.append(prior.draw(maps[level]))
            return found[-1]

        self.model.descend(choose)
        return joined_levels(found)

    def log_density(self, z):
        maps, found = split_levels(ops.reshape(z, (-1, self.dim)), self.model.level_shapes), []

        def choose(level, prior, state):
            found.append(prior.log_density(maps[level]))
            return maps[level]

        self.model.descend(choose)
        return ops.reshape(sum(found), ops.shape(z)[:-1])

    def interpolate(self, z, z_end, fractions):
        return lerp(z, z_end, fractions)


def split_levels(values, shapes):
    """The maps of all levels: `(batch, latent_dim)` -> list of `(batch, height, width, channels)`, from the top."""
    maps, end = [], 0
    for shape in shapes:
        start, end = end, end + math.prod(shape)
        maps.append(ops.reshape(values[:, start:end], (-1, *shape)))
    return maps


def joined_levels(maps):
    """The code of all levels: the reverse of `split_levels`."""
    return ops.concatenate([ops.reshape(each, (-1, math.prod(each.shape[1:]))) for each in maps], axis=-1)
