"""Minibatch standard deviation: a feature that tells a discriminator how much the images of a batch differ."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_genzoo")
class MinibatchStdDev(keras.layers.Layer):
    """Appends one channel that holds the mean standard deviation of the features over the batch.

    The standard deviation of each feature at each position over the batch, averaged over features and positions, is
    one number, which is the same for all images. A generator whose images are all alike is found out by it. A
    discriminator with this layer judges a batch and not each image by itself, so real and generated images must not be
    in one batch. Under `tf.distribute`, the batch is that of a replica.

    Args of a call:
        inputs: The features that the channel is appended to.
        of: Other features of the same images, whose deviation it is; `None` for `inputs`. Batch normalization of a
            vector, for example, leaves each feature with the same deviation, however alike the images are.

    Shapes: `(batch, ..., channels)` -> `(batch, ..., channels + 1)`.

    References:
        Karras et al., 2017, https://arxiv.org/abs/1710.10196, section 3.

    Example:

    >>> MinibatchStdDev()(keras.ops.convert_to_tensor([[1.0], [3.0]])).numpy().tolist()
    [[1.0, 1.0], [3.0, 1.0]]
    """

    def call(self, inputs, of=None):
        x = ops.cast(inputs if of is None else of, "float32")
        # The square root is infinitely steep at zero.
        deviation = ops.mean(ops.sqrt(ops.var(x, axis=0) + 1e-8))
        plane = ops.ones_like(inputs[..., :1]) * ops.cast(deviation, inputs.dtype)
        return ops.concatenate([inputs, plane], axis=-1)

    def compute_output_shape(self, inputs_shape, of_shape=None):
        return (*inputs_shape[:-1], inputs_shape[-1] + 1)
