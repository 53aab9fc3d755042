"""Gradients of a network with respect to its input, for gradient penalties."""

import tensorflow as tf
from keras import ops

ADDED = 1e-12  # to the squared norm: the square root is infinitely steep at zero


def gradient_norms(function, images):
    """Euclidean norm of the gradient of a score with respect to each image.

    Args:
        function: Images -> one score an image, `(batch, 1)`; computed sample by sample, without batch statistics.
        images: `(batch, height, width, channels)`, float32.

    Returns:
        `(batch,)`, float32, differentiable once more; where the gradient is zero, so is the derivative of the norm,
        never NaN.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores = function(images)
    gradient = ops.reshape(ops.cast(tape.gradient(scores, images), "float32"), (ops.shape(images)[0], -1))
    return ops.sqrt(ops.sum(ops.square(gradient), axis=-1) + ADDED)
