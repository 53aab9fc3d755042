"""Posteriors of latent codes: how a code is drawn from normal noise, and with which density."""

from keras import ops

from keras_genzoo import losses
from keras_genzoo.likelihood import importance


class Posterior:
    """q(z|x) of the images of a batch.

    A subclass has `noise_dim`, `num_rows`, `draw` and `repeat`, as `GaussianPosterior`, and `log_density` where the
    density of any code is known.

    Class attributes:
        portable: Whether every runtime supports the operations of a draw.
    """

    portable = True

    def divergences(self, prior):
        """The KL divergence from a prior as a sum over parts of the code, in closed form; `None` where there is none.

        Returns:
            Nats of each part, `(batch, parts)`: a part is a component where components do not depend on each other.
        """
        return None

    def divergence(self, prior):
        """KL divergence from a prior in nats, `(batch,)`, in closed form; `None` where there is none."""
        parts = self.divergences(prior)
        return None if parts is None else ops.sum(parts, axis=-1)


class GaussianPosterior(Posterior):
    """A Gaussian with independent components.

    Args:
        z_mean: Means, `(batch, latent_dim)`.
        z_log_var: Logarithms of the variances, `(batch, latent_dim)`.
    """

    def __init__(self, z_mean, z_log_var):
        self.z_mean, self.z_log_var = z_mean, z_log_var

    @property
    def noise_dim(self):
        """Length of the normal noise of a draw."""
        return self.z_mean.shape[-1]

    @property
    def num_rows(self):
        """Number of posteriors, a scalar tensor."""
        return ops.shape(self.z_mean)[0]

    def draw(self, noise):
        """Codes and their densities.

        Args:
            noise: Standard normal, `(batch, noise_dim)`.

        Returns:
            `z` `(batch, latent_dim)`, differentiable by the parameters of the posterior, and `log q(z|x)` in nats,
            `(batch,)`.
        """
        return self.z_mean + ops.exp(0.5 * self.z_log_var) * noise, self._density_of_noise(noise)

    def noise_of(self, z):
        """The noise whose draw is `z`."""
        return (z - self.z_mean) * ops.exp(-0.5 * self.z_log_var)

    def log_density(self, z):
        """`log q(z|x)` of given codes in nats: `(batch, latent_dim)` -> `(batch,)`."""
        return self._density_of_noise(self.noise_of(z))

    def _density_of_noise(self, noise):
        return losses.normal_log_density(noise) - 0.5 * ops.sum(self.z_log_var, axis=-1)

    def divergences(self, prior):
        return losses.gaussian_kl_terms(self.z_mean, self.z_log_var) if prior.kind == "normal" else None

    def repeat(self, num):
        """The posterior of a batch in which each image stands `num` times, one after the other."""
        return type(self)(importance.repeat(self.z_mean, num), importance.repeat(self.z_log_var, num))
