"""Importance-weighted log-likelihood of a model with an encoder and a decoder, in passes of bounded memory."""

import math

import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo import images as pixels
from keras_genzoo import losses, sampling
from keras_genzoo.checks import check_at_least, check_seed

# Pixels decoded in one pass: the default convolutional VAE holds about half a gigabyte in one.
PIXELS_A_PASS = 2**21
# Noise for binarization comes from another stream than noise for codes.
_BINARIZATION_STREAM = 2**32


def log_likelihood(model, images, num_samples, seed, start, labels=None):
    """Log of the mean importance weight of each image: see `VAE.log_likelihood`.

    `log p(x) >= log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x)` with `z_k` drawn from `q(z|x)`. Many images share a pass
    where `num_samples` is small, and many passes share an image where it is large.

    References:
        Burda et al., 2016, https://arxiv.org/abs/1509.00519, equation 8.
    """
    pixels.check_images(images, model.image_shape)
    check_at_least(1, num_samples=num_samples)
    seed = check_seed(seed)
    rows = max(1, PIXELS_A_PASS // math.prod(model.image_shape))
    chunk = min(num_samples, rows)
    batch = max(1, rows // chunk)
    weights = model.compiled_function("log_weights", lambda *inputs: log_weights(model, *inputs))
    result = np.empty(len(images), "float64")
    for first in range(0, len(images), batch):
        part = binarized(model, images[first : first + batch], seed, start + first)
        beside = None if labels is None else tf.constant(labels[first : first + batch])
        total = np.full(len(part), -np.inf)
        for done in range(0, num_samples, chunk):
            size = min(chunk, num_samples - done)
            offset = (start + first) * num_samples + done
            # As tensors: a Python number would be traced anew for every value.
            drawn = weights(part, beside, tf.constant(size), tf.constant(seed, tf.int64), tf.constant(offset, tf.int64))
            total = np.logaddexp(total, np.logaddexp.reduce(np.asarray(drawn, "float64"), axis=1))
        result[first : first + len(part)] = total - math.log(num_samples)
    return result


def binarized(model, images, seed, start):
    """Images in `network_range`; where the model binarizes, drawn as 0 or 1 by `(seed, start + i)`."""
    images = model.to_network(images)
    if not model.binarize:
        return images
    stream = (seed + _BINARIZATION_STREAM + 2**63) % 2**64 - 2**63  # stays a signed number of 64 bits
    noise = sampling.uniform_rows(stream, start, len(images), math.prod(model.image_shape))
    return sampling.bernoulli(images, ops.reshape(noise, images.shape))


def log_weights(model, images, labels, num, seed, offset):
    """`log p(x|z) + log p(z) - log q(z|x)` for `num` draws of z an image: `(batch, num)`."""
    posterior = model.encoder(model.with_labels(images, labels), training=False)
    z_mean, z_log_var = (tf.repeat(posterior[key], num, axis=0) for key in ("z_mean", "z_log_var"))
    noise = sampling.normal_rows(seed, offset, tf.shape(z_mean)[0], model.latent_dim)
    z = model.reparametrize(z_mean, z_log_var, noise)
    repeated = tf.repeat(images, num, axis=0)
    codes = model.with_labels(z, None if labels is None else tf.repeat(labels, num, axis=0))
    log_px = -model.negative_log_likelihood(repeated, model.decoder(codes, training=False))
    log_q = losses.normal_log_density(noise) - 0.5 * ops.sum(z_log_var, axis=-1)
    return ops.reshape(log_px + losses.normal_log_density(z) - log_q, (-1, num))
