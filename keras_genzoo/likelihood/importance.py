"""Importance-weighted log-likelihood of a model with a latent code, computed in chunks of bounded memory.

`log_weights` gives the importance weights from a posterior and a likelihood; `log_likelihood` averages them over many
draws of the code.
"""

import math

import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo import sampling
from keras_genzoo.utils.checks import check_at_least, check_seed

# Pixels decoded in one pass: the default convolutional VAE needs about half a gigabyte of memory for it.
PIXELS_PER_PASS = 2**21
DRAWS_PER_PASS = 2**14  # at most: points have few values, but hidden layers and mixtures have hundreds for each draw
# Added to the seed, so that the noise of the binarization differs from the noise of the codes.
_BINARIZATION_STREAM = 2**32


def log_weights(posterior, prior, log_px, num, seed, offset):
    """`log p(x|z) + log p(z) - log q(z|x)` for `num` draws of z per image.

    Args:
        posterior: q(z|x) of each image: see `keras_genzoo.families.posteriors`.
        prior: p(z): see `keras_genzoo.families.priors`.
        log_px: Function from codes `(batch * num, latent_dim)`, grouped by image, to `log p(x|z)`, `(batch * num,)`, in
            nats.
        num: Draws per image.
        seed: int64 scalar; draw k of image i depends on `(seed, offset + i * num + k)` alone.
        offset: int64 scalar, index of the first draw.

    Returns:
        `(batch, num)`, in nats.
    """
    repeated = posterior.repeat(num)
    noise = sampling.normal_rows(seed, offset, repeated.num_rows, repeated.noise_dim)
    z, log_q = repeated.draw(noise)
    return ops.reshape(log_px(z) + prior.log_density(z) - log_q, (-1, num))


def repeat(values, num):
    """Repeats each row `num` times: `(batch, ...)` -> `(batch * num, ...)`; `num` may be a scalar tensor."""
    return tf.repeat(values, num, axis=0)


def log_likelihood(weights, images, num_samples, seed, start, conditions, prepare):
    """Log of the mean importance weight of each image.

    On average it is a lower bound: `log p(x) >= E log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x)` with `z_k` drawn from
    `q(z|x)`. With few draws, one pass takes several images; with many, an image takes several passes.

    Args:
        weights: Compiled function of `(images, num, seed, offset, conditions)` that returns log-weights `(batch, num)`.
        images: Array `(n, height, width, channels)`.
        num_samples: Draws of z per image, at least 1.
        seed: Integer; the draws of image i depend on `(seed, start + i)` alone.
        start: Index of the first image.
        conditions: Dict of arrays `(n, ...)` by name.
        prepare: Function of `(images, seed, start)` that returns images in the range of the networks.

    Returns:
        float64 NumPy array `(n,)`, in nats.

    References:
        Burda et al., 2016, https://arxiv.org/abs/1509.00519, equation 8.
    """
    check_at_least(1, num_samples=num_samples)
    check_at_least(0, start=start)
    seed = check_seed(seed)
    rows = max(1, min(PIXELS_PER_PASS // math.prod(images.shape[1:]), DRAWS_PER_PASS))
    chunk = min(num_samples, rows)
    batch = max(1, rows // chunk)
    result = np.empty(len(images), "float64")
    for first in range(0, len(images), batch):
        part = prepare(images[first : first + batch], seed, start + first)
        given = {name: tf.constant(values[first : first + batch]) for name, values in conditions.items()}
        total = np.full(len(part), -np.inf)
        for done in range(0, num_samples, chunk):
            size = min(chunk, num_samples - done)
            offset = (start + first) * num_samples + done
            # As tensors: TensorFlow would trace the function again for each new Python number.
            numbers = tf.constant(size), tf.constant(seed, tf.int64), tf.constant(offset, tf.int64)
            drawn = weights(part, *numbers, given)
            total = np.logaddexp(total, np.logaddexp.reduce(np.asarray(drawn, "float64"), axis=1))
        result[first : first + len(part)] = total - math.log(num_samples)
    return result


def binarized(images, seed, start):
    """Binarized images: each pixel is 1 with its value, in [0, 1], as the probability, else 0.

    Image i depends on `(seed, start + i)` alone.
    """
    stream = (seed + _BINARIZATION_STREAM + 2**63) % 2**64 - 2**63  # wraps around as a signed 64-bit integer
    noise = sampling.uniform_rows(stream, start, len(images), math.prod(images.shape[1:]))
    return sampling.bernoulli(images, ops.reshape(noise, images.shape))
