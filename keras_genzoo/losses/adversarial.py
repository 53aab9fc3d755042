"""Losses of two players: logits or scores of any shape -> their mean, a scalar."""

import math

from keras import ops

from keras_genzoo.losses._float32 import float32


def minimax_discriminator_loss(real_logits, fake_logits, real_targets=1.0, fake_targets=0.0):
    """Binary cross entropy of real against generated images: `-log D(x) - log(1 - D(G(z)))`.

    Args:
        real_logits: Logits of real images, before the sigmoid.
        fake_logits: Logits of generated images.
        real_targets: Probability of being real that the discriminator is to give to real images: a number in [0, 1]
            or an array with as many elements as there are logits; less than 1 with label smoothing
            (https://arxiv.org/abs/1606.03498, section 3.4).
        fake_targets: The same for generated images.

    Raises:
        ValueError: If targets have another number of elements.

    Returns:
        Scalar, in nats; `2 log 2 = 1.386` if all logits are zero.

    References:
        Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, equation 1.

    Example:

    >>> round(float(minimax_discriminator_loss([0.0], [0.0])), 4)
    1.3863
    """
    real_logits, fake_logits = float32(real_logits, fake_logits)
    return _cross_entropy(real_logits, real_targets) + _cross_entropy(fake_logits, fake_targets)


def _cross_entropy(logits, targets):
    """Mean cross entropy of the probability `sigmoid(logits)` with targets in [0, 1], a number or a tensor."""
    if isinstance(targets, (int, float)) and targets in (0, 1):
        return ops.mean(ops.softplus(-logits if targets else logits))
    targets = ops.cast(targets, "float32")
    if len(targets.shape):  # (n,) beside logits (n, 1) would give all n * n pairs
        shapes = tuple(targets.shape), tuple(logits.shape)
        if None not in (*shapes[0], *shapes[1]) and math.prod(shapes[0]) != math.prod(shapes[1]):
            raise ValueError(f"Expected targets as a number or one per logit, {shapes[1]}. Received: shape {shapes[0]}")
        targets = ops.reshape(targets, ops.shape(logits))
    return ops.mean(targets * ops.softplus(-logits) + (1.0 - targets) * ops.softplus(logits))


def minimax_generator_loss(fake_logits):
    """Generator loss of the minimax game, `log(1 - D(G(z)))`, whose gradient vanishes where D is sure.

    Args:
        fake_logits: Logits of generated images, before the sigmoid.

    Returns:
        Scalar, in nats, at most 0; `-log 2 = -0.693` if all logits are zero.

    References:
        Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, equation 1.

    Example:

    >>> round(float(minimax_generator_loss([0.0])), 4)
    -0.6931
    """
    (fake_logits,) = float32(fake_logits)
    return -ops.mean(ops.softplus(fake_logits))


def non_saturating_generator_loss(fake_logits):
    """Generator loss with strong gradients early in training: `-log D(G(z))`.

    Args:
        fake_logits: Logits of generated images, before the sigmoid.

    Returns:
        Scalar, in nats; `log 2 = 0.693` if all logits are zero.

    References:
        Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, section 3.

    Example:

    >>> round(float(non_saturating_generator_loss([0.0])), 4)
    0.6931
    """
    (fake_logits,) = float32(fake_logits)
    return ops.mean(ops.softplus(-fake_logits))


def hinge_discriminator_loss(real_scores, fake_scores):
    """Hinge loss of a discriminator: `max(0, 1 - D(x)) + max(0, 1 + D(G(z)))`.

    Args:
        real_scores: Scores of real images.
        fake_scores: Scores of generated images.

    Returns:
        Scalar; 2 if all scores are zero, 0 if all scores are beyond the margin.

    References:
        Miyato et al., 2018, https://arxiv.org/abs/1802.05957, equation 16; Lim and Ye, 2017,
        https://arxiv.org/abs/1705.02894.

    Example:

    >>> float(hinge_discriminator_loss([0.5], [-2.0]))
    0.5
    """
    real_scores, fake_scores = float32(real_scores, fake_scores)
    return ops.mean(ops.relu(1.0 - real_scores)) + ops.mean(ops.relu(1.0 + fake_scores))


def hinge_generator_loss(fake_scores):
    """Generator loss that belongs to the hinge loss: `-D(G(z))`, a scalar (1802.05957, equation 17)."""
    return wasserstein_generator_loss(fake_scores)


def least_squares_discriminator_loss(real_scores, fake_scores):
    """Half the mean squared distance of scores from 1 for real and from 0 for generated images.

    Args:
        real_scores: Scores of real images.
        fake_scores: Scores of generated images.

    Returns:
        Scalar; 0.25 if all scores are 0.5, the optimum when real and generated images have the same distribution.

    References:
        Mao et al., 2016, https://arxiv.org/abs/1611.04076, equation 9.

    Example:

    >>> float(least_squares_discriminator_loss([0.5], [2.0]))
    2.125
    """
    real_scores, fake_scores = float32(real_scores, fake_scores)
    return 0.5 * (ops.mean(ops.square(real_scores - 1.0)) + ops.mean(ops.square(fake_scores)))


def least_squares_generator_loss(fake_scores):
    """Half the mean squared distance of scores of generated images from 1, a scalar (1611.04076, equation 9)."""
    (fake_scores,) = float32(fake_scores)
    return 0.5 * ops.mean(ops.square(fake_scores - 1.0))


def wasserstein_discriminator_loss(real_scores, fake_scores):
    """Difference of the mean scores of a critic: `D(G(z)) - D(x)`.

    Args:
        real_scores: Scores of real images.
        fake_scores: Scores of generated images.

    Returns:
        Scalar; its negative estimates the Wasserstein distance if the critic is 1-Lipschitz.

    References:
        Arjovsky et al., 2017, https://arxiv.org/abs/1701.07875, equation 2.

    Example:

    >>> float(wasserstein_discriminator_loss([3.0], [1.0]))
    -2.0
    """
    real_scores, fake_scores = float32(real_scores, fake_scores)
    return ops.mean(fake_scores) - ops.mean(real_scores)


def wasserstein_generator_loss(fake_scores):
    """Generator loss of a Wasserstein GAN: `-D(G(z))`, a scalar (1701.07875, algorithm 1)."""
    (fake_scores,) = float32(fake_scores)
    return -ops.mean(fake_scores)


def relativistic_discriminator_loss(real_scores, fake_scores):
    """Loss of pairs of a real and a generated image, `log(1 + exp(-(D(x) - D(G(z)))))`.

    Args:
        real_scores: Scores of real images.
        fake_scores: Scores of as many generated images.

    Returns:
        Scalar, in nats; `log 2 = 0.693` if both scores of each pair are equal.

    References:
        Jolicoeur-Martineau, 2018, https://arxiv.org/abs/1807.00734; Huang et al., 2025,
        https://arxiv.org/abs/2501.05441, equation 2.

    Example:

    >>> round(float(relativistic_discriminator_loss([3.0], [3.0])), 4)
    0.6931
    """
    real_scores, fake_scores = float32(real_scores, fake_scores)
    return ops.mean(ops.softplus(fake_scores - real_scores))


def relativistic_generator_loss(real_scores, fake_scores):
    """The same with exchanged images: `log(1 + exp(-(D(G(z)) - D(x))))`, a scalar (2501.05441, equation 2)."""
    return relativistic_discriminator_loss(fake_scores, real_scores)


def gradient_penalty(gradient_norms):
    """Penalty on gradient norms other than 1: the mean of `(norm - 1)^2`.

    Args:
        gradient_norms: Norms of the gradients of the critic with respect to images, `(batch,)`.

    Returns:
        Scalar, without a weight.

    References:
        Gulrajani et al., 2017, https://arxiv.org/abs/1704.00028, equation 3.

    Example:

    >>> float(gradient_penalty([1.0, 3.0]))
    2.0
    """
    (gradient_norms,) = float32(gradient_norms)
    return ops.mean(ops.square(gradient_norms - 1.0))
