"""ChainVAE: a VAE whose posterior is a Gaussian chain, in which each component of the code depends on the one before.

The VAE is that of Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114; Archer et al., 2015,
https://arxiv.org/abs/1511.07367, have such a posterior along the time of a series (section 3). Here the chain runs
along the components of one code:

    z_1 ~ N(m_1, s_1^2),    z_i | z_{i-1} ~ N(m_i + a_i (z_{i-1} - m_{i-1}), s_i^2).

The posterior has 3 d - 1 parameters, between the 2 d of a diagonal covariance and the d (d + 3) / 2 of a full one. The
inverse of its covariance is tridiagonal. Its divergence from the standard normal is in closed form,

    KL = 1/2 sum_i (v_i + m_i^2 - 1 - log s_i^2),    v_i = a_i^2 v_{i-1} + s_i^2,

because the determinant of the covariance is the product of all s_i^2, and its trace is the sum of the variances v_i.

Every such chain is given by the variances v_i and the correlations r_i = a_i sqrt(v_{i-1} / v_i) of neighbours. The
heads of the encoder are log v_i and atanh r_i: with |r_i| < 1, no variance grows along the chain, and with r_i = 0 the
posterior is that of the VAE.
"""

import keras
import numpy as np
from keras import layers, ops

from keras_genzoo.families.posteriors import GaussianPosterior
from keras_genzoo.likelihood import importance
from keras_genzoo.losses import gaussian_kl_terms
from keras_genzoo.models.vae import VAE

# tanh(3.8) = 0.999, so that 1 - r^2 keeps four digits in float32.
_MAX_ATANH = 3.8


@keras.saving.register_keras_serializable(package="keras_genzoo")
class ChainVAE(VAE):
    """Encodes images as Gaussian codes in which neighbouring components are correlated.

    Shapes: `encoder` images -> `z_mean` (m), `z_log_var` (log s^2, of a component given the one before) and
    `z_coupling` (a; a_1 is 0), each `(batch, latent_dim)`; `decoder` as `VAE`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1312.6114, equation 10; https://arxiv.org/abs/1511.07367, section 3.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("chain_vae", image_shape=(8, 8, 1), latent_dim=4, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> z_mean, z_log_var, z_coupling = model.encode(digits[:4])
    >>> z_coupling.shape
    (4, 4)
    """

    code_names = ("z_mean", "z_log_var", "z_coupling")

    def code_outputs(self, features):
        outputs = super().code_outputs(features)  # here, z_log_var is that of a component by itself
        log_var = outputs["z_log_var"]
        atanh = layers.Dense(self.latent_dim, dtype="float32", name="z_correlation")(features)
        correlation = ops.tanh(ops.clip(atanh, -_MAX_ATANH, _MAX_ATANH))
        correlation = correlation * np.float32(np.arange(self.latent_dim) > 0)  # nothing is before z_1
        before = ops.concatenate([log_var[:, :1], log_var[:, :-1]], axis=-1)
        return {
            "z_mean": outputs["z_mean"],
            "z_log_var": log_var + ops.log(1.0 - ops.square(correlation)),
            "z_coupling": correlation * ops.exp(0.5 * (log_var - before)),
        }

    def posterior(self, encoded):
        return ChainPosterior(*(encoded[name] for name in self.code_names))


class ChainPosterior(GaussianPosterior):
    """A Gaussian chain along the components of a code.

    Args:
        z_mean: Means, `(batch, latent_dim)`.
        z_log_var: Logarithms of the variance of each component given the one before, `(batch, latent_dim)`.
        z_coupling: Factors of the deviation of the component before, `(batch, latent_dim)`; the first has no effect.
    """

    def __init__(self, z_mean, z_log_var, z_coupling):
        super().__init__(z_mean, z_log_var)
        self.z_coupling = z_coupling

    def draw(self, noise):
        deviations = linear_recurrence(self.z_coupling, ops.exp(0.5 * self.z_log_var) * noise)
        # The matrix from the noise to z is triangular with s_i on its diagonal: density as of independent components.
        return self.z_mean + deviations, self._density_of_noise(noise)

    def noise_of(self, z):
        deviations = z - self.z_mean
        return (deviations - self.z_coupling * _shifted(deviations, 1)) * ops.exp(-0.5 * self.z_log_var)

    def variances(self):
        """Variance of each component by itself, `(batch, latent_dim)`."""
        return linear_recurrence(ops.square(self.z_coupling), ops.exp(self.z_log_var))

    def divergences(self, prior):
        if prior.kind != "normal":
            return None
        log_variances = ops.log(self.variances())
        # That of independent components with these variances, and the mutual information with the one before.
        return gaussian_kl_terms(self.z_mean, log_variances) + 0.5 * (log_variances - self.z_log_var)

    def repeat(self, num):
        return type(self)(*(importance.repeat(each, num) for each in (self.z_mean, self.z_log_var, self.z_coupling)))


def linear_recurrence(factors, terms):
    """`u_i = factors_i u_{i-1} + terms_i` along the last axis, with `u_0 = 0`: `(batch, n)` twice -> `(batch, n)`.

    The distance from which terms have arrived doubles in each round, so that n components take log2(n) rounds, without
    a division. `ops.scan` takes n rounds, and XLA compiles neither it nor `ops.associative_scan`.
    """
    reach, length = 1, terms.shape[-1]
    while reach < length:
        terms = terms + factors * _shifted(terms, reach)
        factors = factors * _shifted(factors, reach)
        reach *= 2
    return terms


def _shifted(values, distance):
    """Values of the component `distance` places before, 0 where there is none."""
    return ops.pad(values[:, :-distance], ((0, 0), (distance, 0)))
