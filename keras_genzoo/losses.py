"""Losses as pure functions: tensors in, a scalar or one value an image out.

Adversarial losses take logits (or scores) of any shape and return the mean over all of them. Likelihood terms take
images `(batch, ...)` and return nats an image `(batch,)`, summed over everything but the batch. All are computed in
float32, whatever the type of the networks, and stay finite at logits of +-10,000.
"""

import math

from keras import ops

# exp(+-MAX_LOG_VAR) is still far inside float32; unbounded log-variances end in NaN.
MAX_LOG_VAR = 10.0


def _float32(*tensors):
    return tuple(ops.cast(tensor, "float32") for tensor in tensors)


def _sum_per_image(values):
    return ops.sum(ops.reshape(values, (ops.shape(values)[0], -1)), axis=-1)


def minimax_discriminator_loss(real_logits, fake_logits):
    """Binary cross entropy of telling real from fake: `-log D(x) - log(1 - D(G(z)))`.

    Args:
        real_logits: Logits that the discriminator gives real images, before the sigmoid.
        fake_logits: Logits that it gives generated images.

    Returns:
        Scalar, in nats; `2 log 2 = 1.386` where the discriminator cannot tell.

    References:
        Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, equation 1.

    Example:

    >>> round(float(minimax_discriminator_loss([0.0], [0.0])), 4)
    1.3863
    """
    real_logits, fake_logits = _float32(real_logits, fake_logits)
    return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))


def non_saturating_generator_loss(fake_logits):
    """The generator's loss with strong gradients early in training: `-log D(G(z))`.

    Args:
        fake_logits: Logits that the discriminator gives generated images, before the sigmoid.

    Returns:
        Scalar, in nats; `log 2 = 0.693` where the discriminator cannot tell.

    References:
        Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, section 3.

    Example:

    >>> round(float(non_saturating_generator_loss([0.0])), 4)
    0.6931
    """
    (fake_logits,) = _float32(fake_logits)
    return ops.mean(ops.softplus(-fake_logits))


def gaussian_kl(z_mean, z_log_var):
    """KL divergence of a diagonal Gaussian from the standard normal, in closed form.

    Args:
        z_mean: Means, `(batch, latent_dim)`.
        z_log_var: Logarithms of the variances, `(batch, latent_dim)`.

    Returns:
        Nats an image, `(batch,)`.

    References:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, appendix B.

    Example:

    >>> float(gaussian_kl([[1.0, 0.0]], [[0.0, 0.0]])[0])
    0.5
    """
    z_mean, z_log_var = _float32(z_mean, z_log_var)
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var, axis=-1)


def bernoulli_nll(images, logits):
    """Negative log-likelihood of pixels in [0, 1] under independent Bernoulli distributions.

    Args:
        images: Pixels in [0, 1], `(batch, ...)`. For values between 0 and 1 this is the cross entropy.
        logits: The decoder's logits, of the same shape.

    Returns:
        Nats an image, `(batch,)`.

    References:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, appendix C.1, equation 11.
    """
    images, logits = _float32(images, logits)
    # -x log p - (1 - x) log(1 - p), written with the softplus that cannot overflow
    return _sum_per_image(ops.softplus(logits) - images * logits)


def gaussian_nll(images, mean, log_var):
    """Negative log-density of pixels under independent Gaussians.

    Args:
        images: Pixels, `(batch, ...)`, in any unit; the density is per that unit.
        mean: The decoder's means, of the same shape.
        log_var: Logarithm of the variance; any shape that broadcasts to that of `images`.

    Returns:
        Nats an image, `(batch,)`; a density, so it may be negative.

    References:
        Kingma and Welling, 2013, https://arxiv.org/abs/1312.6114, appendix C.2, equation 12.
    """
    images, mean, log_var = _float32(images, mean, log_var)
    squared = ops.square(images - mean) * ops.exp(-log_var)
    return _sum_per_image(0.5 * (math.log(2.0 * math.pi) + log_var + squared))


def normal_log_density(z):
    """Log-density of codes under the standard normal prior: nats a code, `(..., latent_dim)` -> `(...)`."""
    (z,) = _float32(z)
    return -0.5 * ops.sum(math.log(2.0 * math.pi) + ops.square(z), axis=-1)
