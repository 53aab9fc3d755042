"""Likelihood terms and reconstruction errors: `(batch, ...)` -> nats per image `(batch,)`, sums over other axes."""

import math

from keras import ops

from keras_genzoo.losses._float32 import float32

# exp(+-MAX_LOG_VAR) is well inside the range of float32; unbounded log-variances lead to NaN.
MAX_LOG_VAR = 10.0


def _sum_per_image(values):
    return ops.sum(ops.reshape(values, (ops.shape(values)[0], -1)), axis=-1)


def gaussian_kl(z_mean, z_log_var):
    """KL divergence of a diagonal Gaussian from the standard normal, in closed form.

    Args:
        z_mean: Means, `(batch, latent_dim)`.
        z_log_var: Logarithms of the variances, `(batch, latent_dim)`.

    Returns:
        Nats per image, `(batch,)`.

    References:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, appendix B.

    Example:

    >>> float(gaussian_kl([[1.0, 0.0]], [[0.0, 0.0]])[0])
    0.5
    """
    return ops.sum(gaussian_kl_terms(z_mean, z_log_var), axis=-1)


def gaussian_kl_terms(z_mean, z_log_var):
    """KL divergence of each component of a diagonal Gaussian from the standard normal: the terms of `gaussian_kl`.

    Args:
        z_mean: Means, `(batch, latent_dim)`.
        z_log_var: Logarithms of the variances, `(batch, latent_dim)`.

    Returns:
        Nats of each component, `(batch, latent_dim)`.

    Example:

    >>> gaussian_kl_terms([[1.0, 0.0]], [[0.0, 0.0]]).numpy().tolist()
    [[0.5, 0.0]]
    """
    z_mean, z_log_var = float32(z_mean, z_log_var)
    return 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var)


def bernoulli_nll(images, logits):
    """Negative log-likelihood of pixels in [0, 1] under independent Bernoulli distributions.

    Args:
        images: Pixels in [0, 1], `(batch, ...)`. For values between 0 and 1 this is the cross entropy.
        logits: Logits of the decoder, of the same shape.

    Returns:
        Nats per image, `(batch,)`.

    References:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, appendix C.1, equation 11.
    """
    images, logits = float32(images, logits)
    # -x log p - (1 - x) log(1 - p), written with softplus, which does not overflow
    return _sum_per_image(ops.softplus(logits) - images * logits)


def gaussian_nll(images, mean, log_var):
    """Negative log-density of pixels under independent Gaussians.

    Args:
        images: Pixels, `(batch, ...)`, in any unit; the density is per this unit.
        mean: Means of the decoder, of the same shape.
        log_var: Logarithm of the variance; any shape that broadcasts to that of `images`.

    Returns:
        Nats per image, `(batch,)`; of a density, so it may be negative.

    References:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, appendix C.2, equation 12.
    """
    images, mean, log_var = float32(images, mean, log_var)
    squared = ops.square(images - mean) * ops.exp(-log_var)
    return _sum_per_image(0.5 * (math.log(2.0 * math.pi) + log_var + squared))


def squared_error(images, reconstructions):
    """Sum of squared differences per image: `(batch, ...)` twice -> `(batch,)`."""
    images, reconstructions = float32(images, reconstructions)
    return _sum_per_image(ops.square(images - reconstructions))


def normal_log_density(z):
    """Log-density of codes under the standard normal prior, in nats per code: `(..., latent_dim)` -> `(...)`."""
    (z,) = float32(z)
    return -0.5 * ops.sum(math.log(2.0 * math.pi) + ops.square(z), axis=-1)
