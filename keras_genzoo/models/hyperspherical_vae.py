"""HypersphericalVAE: a VAE whose codes lie on a sphere, with a von Mises-Fisher posterior and a uniform prior.

Davidson et al., 2018, Hyperspherical variational auto-encoders, https://arxiv.org/abs/1804.00891.

The encoder gives a mean direction, a unit vector, and a concentration kappa; the posterior is the von Mises-Fisher
distribution (equation 1) and the prior its limit for kappa = 0, the uniform distribution on the sphere. Their
divergence depends on kappa alone and is in closed form (equation 4). As in the code of the authors, kappa is 1 +
softplus of the encoder's output; here it is at most 10,000. A draw (algorithm 1) has an angle from the mean direction,
a uniform direction across it, and a reflection that takes the first axis to the mean direction. The angle comes from
the inverse distribution function and not from rejection: see `keras_genzoo.likelihood.von_mises_fisher.angles`.
"""

import keras
from keras import layers, ops

from keras_genzoo.families import SpherePrior
from keras_genzoo.families.posteriors import Posterior
from keras_genzoo.likelihood import importance, von_mises_fisher
from keras_genzoo.models.rbm import softplus
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.arguments import Integer

MAX_KAPPA = 1e4


class VonMisesFisherPosterior(Posterior):
    """A von Mises-Fisher distribution of unit vectors; see `keras_genzoo.families.posteriors`.

    Args:
        z_mean: Mean directions, `(batch, latent_dim)`, unit vectors.
        z_kappa: Concentrations, `(batch, 1)`, above 0.
        num: How many posteriors in succession each row stands for, an integer or a scalar tensor.
    """

    portable = False  # a draw has operations that only TensorFlow supports

    def __init__(self, z_mean, z_kappa, num=1):
        self.z_mean, self.z_kappa, self.num = z_mean, z_kappa, num

    @property
    def noise_dim(self):
        """Length of the normal noise of a draw."""
        return self.z_mean.shape[-1]

    @property
    def num_rows(self):
        """Number of posteriors, a scalar tensor."""
        return ops.shape(self.z_mean)[0] * self.num

    def draw(self, noise):
        """Codes `(num_rows, latent_dim)` and their log-densities per unit of area, `(num_rows,)`, from normal noise."""
        dim, mean = self.noise_dim, importance.repeat(self.z_mean, self.num)
        draws = ops.reshape(noise[:, 0], (-1, self.num))  # of each posterior
        angle = ops.reshape(von_mises_fisher.angles(self.z_kappa[:, 0], draws, dim), (-1,))  # float64
        across = SpherePrior(dim - 1).from_normal(noise[:, 1:])
        cosine, sine = (ops.cast(each, "float32")[:, None] for each in (ops.cos(angle), ops.sin(angle)))
        local = ops.concatenate([cosine, sine * across], axis=-1)
        # The reflection across the plane between the first axis and the mean direction; none where they are equal.
        normal = ops.eye(1, dim, dtype="float32") - mean
        square = ops.sum(ops.square(normal), axis=-1, keepdims=True)
        z = local - 2.0 * normal * ops.sum(normal * local, axis=-1, keepdims=True) / (square + 1e-12)
        return z, self._density_at(2.0 * ops.square(ops.sin(0.5 * angle)))

    def log_density(self, z):
        """`log q(z|x)` of given unit vectors per unit of area, `(num_rows, latent_dim)` -> `(num_rows,)`."""
        apart = ops.cast(z, "float64") - ops.cast(importance.repeat(self.z_mean, self.num), "float64")
        return self._density_at(0.5 * ops.sum(ops.square(apart), axis=-1))

    def _density_at(self, drop):
        """Log-densities from 1 - cos(angle), because kappa times a cosine near 1 would lose digits."""
        kappa = ops.cast(self.z_kappa[:, 0], "float64")
        mode = von_mises_fisher.log_normalizer(kappa, self.noise_dim) + kappa
        mode, kappa = (importance.repeat(each, self.num) for each in (mode, kappa))
        return ops.cast(mode - kappa * drop, "float32")

    def divergences(self, prior):
        """KL divergence of the whole code from the uniform distribution, `(batch, 1)`; `None` for other priors."""
        if prior.kind != "sphere":
            return None
        divergence = ops.cast(von_mises_fisher.divergence(self.z_kappa, self.noise_dim), "float32")
        return importance.repeat(divergence, self.num)

    def repeat(self, num):
        """The posterior of a batch in which each image stands `num` times, one after the other."""
        return type(self)(self.z_mean, self.z_kappa, self.num * num)


@keras.saving.register_keras_serializable(package="keras_genzoo")
class HypersphericalVAE(VAE):
    """Encodes images as distributions on the unit sphere, and generates images from uniform draws of it.

    Shapes: `encoder` images -> `z_mean` `(batch, latent_dim)`, unit vectors, and `z_kappa` `(batch, 1)`; `decoder` as
    `VAE`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1804.00891, equations 1 and 4.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("hyperspherical_vae", image_shape=(8, 8, 1), latent_dim=3, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> z_mean, z_kappa = model.encode(digits[:4])
    >>> z_mean.shape, z_kappa.shape
    ((4, 3), (4, 1))
    """

    latent_dim = Integer(10, "Length of the latent code `z`, a point on the sphere of one dimension less.", low=2)

    code_part = "directions"
    code_names = ("z_mean", "z_kappa")

    @property
    def prior(self):
        return SpherePrior(self.latent_dim)

    def code_outputs(self, features):
        direction = layers.Dense(self.latent_dim, dtype="float32", name="z_direction")(features)
        square = ops.sum(ops.square(direction), axis=-1, keepdims=True)
        spread = layers.Dense(1, dtype="float32", name="z_spread")(features)
        return {
            "z_mean": direction / ops.sqrt(ops.maximum(square, 1e-12)),
            "z_kappa": ops.minimum(1.0 + softplus(spread), MAX_KAPPA),
        }

    def code_measures(self, images, **conditions):
        """As of `VAE`, above the divergence of the least concentration that the encoder gives, which is not 0."""
        measures = super().code_measures(images, **conditions)
        least = von_mises_fisher.divergence(ops.ones((), "float64"), self.latent_dim)
        return {"divergences": measures["divergences"] - ops.cast(least, "float32")}

    def posterior(self, encoded):
        return VonMisesFisherPosterior(encoded["z_mean"], encoded["z_kappa"])
