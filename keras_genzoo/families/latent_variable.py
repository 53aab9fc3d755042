"""What a model with a latent variable gives once it has `posterior`, `prior` and `negative_log_likelihood`.

The importance-weighted likelihood, draws of codes and pixels for samplers and imputation. `VAE` uses these functions as
methods.
"""

from keras import ops

from keras_genzoo import sampling
from keras_genzoo.families.batches import compiled_function
from keras_genzoo.families.given_conditions import given_with_images
from keras_genzoo.families.posteriors import GaussianPosterior
from keras_genzoo.likelihood import importance
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.pixels import has_grey


def elbo(self, images, seed=0, start=0, **conditions):
    """Evidence lower bound of each image, from one draw of z.

    Args:
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
        seed: Of the noise; what image i draws depends on `(seed, start + i)` alone.
        start: Index of the first image.
        **conditions: Models with conditions: their values, one per image; the likelihood is `p(x|label)` then.

    Returns:
        float64 NumPy array `(n,)`: nats per image, at most the log-likelihood on average. With
        `likelihood="gaussian"` it is a density per unit of pixels in [-1, 1].

    References:
        https://arxiv.org/abs/1312.6114, equation 2 (KL in closed form would need no draw, the rest does).
    """
    return self.log_likelihood(images, num_samples=1, seed=seed, start=start, **conditions)


def log_likelihood(self, images, num_samples=5000, seed=0, start=0, **conditions):
    """Importance-weighted estimate of `log p(x)` of each image.

    Args:
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`; binarized once where the model
            binarizes.
        num_samples: Draws of z per image, at least 1; computed in chunks, so memory does not grow with it.
        seed: Of the noise; what image i draws depends on `(seed, start + i)` alone.
        start: Index of the first image.
        **conditions: Models with conditions: their values, one per image; the likelihood is `p(x|label)` then.

    Returns:
        float64 NumPy array `(n,)`: nats per image, a lower bound on average that tightens with `num_samples`. With
        `likelihood="gaussian"` it is a density per unit of pixels in [-1, 1].

    References:
        Burda et al., 2016, https://arxiv.org/abs/1509.00519, equation 8.
    """
    images = as_array(images, "images")
    self.values.check(images)
    if self.likelihood == "bernoulli" and not self.binarize and has_grey(images):
        raise ValueError(
            f"Expected black and white images, as {self.model_name} has binarize=False; keras_genzoo.metrics has the "
            "likelihood of binarized ones. Received: grey pixels, whose cross entropy is not a likelihood"
        )
    given = given_with_images(self, conditions, len(images))
    weights = compiled_function(self, "log_weights", self.log_weights)
    return importance.log_likelihood(weights, images, num_samples, seed, start, given, self.likelihood_images)


def likelihood_images(self, images, seed, start):
    """Images in `network_range`; where the model binarizes, drawn as 0 or 1 by `(seed, start + i)`."""
    images = self.to_network(images)
    return importance.binarized(images, seed, start) if self.binarize else images


def log_weights(self, images, num, seed, offset, conditions):
    """`log p(x|z) + log p(z) - log q(z|x)` for `num` draws of z per image: `(batch, num)`."""
    posterior = self.posterior(self.encoded(images, **conditions))
    repeated = importance.repeat(images, num)
    given = {name: importance.repeat(values, num) for name, values in conditions.items()}

    def log_px(z):
        return -self.negative_log_likelihood(repeated, self.decoded(z, **given))

    return importance.log_weights(posterior, self.prior, log_px, num, seed, offset)


# -- draws ------------------------------------------------------------------------------------------------------------


def encoder_posterior(self):
    """The posterior of the symbolic outputs of the encoder, which shows what its kind is."""
    return self.posterior(self.encoder.output)


def drawn_codes(self, encoded, seed, rows):
    """Codes of what the encoder gives, to fit samplers: see `BaseAutoencoder.drawn_codes`."""
    posterior = self.posterior(encoded)
    z, _ = posterior.draw(sampling.normal_rows(seed, rows[0], posterior.num_rows, posterior.noise_dim))
    if type(posterior) is not GaussianPosterior:
        return (z,)
    return z, posterior.z_mean, ops.exp(0.5 * posterior.z_log_var)


def imputation_noise_dim(self):
    """Length of the noise of a code in a step of `impute`."""
    return self.encoder_posterior().noise_dim


def imputation_portable(self):
    """Whether every runtime supports the operations of a step of `impute`."""
    return self.encoder_posterior().portable


def code_given(self, images, noise, conditions):
    """A draw of q(z|x) of images in `network_range`: `(batch, latent_dim)`; noise `(batch, imputation_noise_dim)`."""
    return self.posterior(self.encoded(images, **conditions)).draw(noise)[0]


def imputed_pixels(self, decoded, noise, images, mask):
    """Means and draws of pixels from p(x|z), in `network_range`, from standard normal noise of their shape.

    Without binarization, a Bernoulli decoder is trained on grey values, which its means are and its draws are not.
    """
    means = ops.cast(self.decoded_to_pixels(decoded), "float32")
    if self.likelihood == "bernoulli":
        return means, sampling.bernoulli(means, sampling.uniform_from_normal(noise)) if self.binarize else means
    return means, means + ops.exp(0.5 * self.log_variance_of_pixels()) * noise
