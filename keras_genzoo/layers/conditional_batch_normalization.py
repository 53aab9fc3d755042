"""Batch normalization whose scale and offset depend on a condition, such as a class."""

import keras
import numpy as np
from keras import layers, ops

from keras_genzoo.layers.batch_normalization import BatchNormalization


@keras.saving.register_keras_serializable(package="keras_genzoo")
class ConditionalBatchNormalization(BatchNormalization):
    """Normalizes each channel by the mean and variance of the batch, then scales and shifts it for each image.

    Mean and variance are those of the whole batch, whatever the conditions of its images. The scale and the offset of
    an image are linear in its condition: a class, one-hot encoded, has a scale and an offset of its own. Moving
    statistics are as in `BatchNormalization`.

    Args:
        momentum: Weight of the previous value in the moving statistics, in [0, 1). Default 0.9.
        epsilon: Added to the variance, above 0. Default 1e-5.
        gamma_initializer: Initializer of the scales. Default ones.
        **kwargs: `name` and `dtype`, as for every Keras layer.

    Shapes: input `[(batch, ..., channels), (batch, n)]`, where the second is the condition: one-hot classes or real
    numbers; output `(batch, ..., channels)`.

    References:
        Dumoulin et al., 2017, https://arxiv.org/abs/1610.07629, equation 5; de Vries et al., 2017,
        https://arxiv.org/abs/1707.00683, section 3.2; in a GAN: Miyato and Koyama, 2018,
        https://arxiv.org/abs/1802.05637.

    Example:

    >>> layer = ConditionalBatchNormalization()
    >>> classes = keras.ops.one_hot(keras.ops.convert_to_tensor([0, 2, 2, 1]), 3)
    >>> layer([keras.random.normal((4, 5, 5, 8)), classes], training=True).shape, layer.class_gamma.shape
    (TensorShape([4, 5, 5, 8]), TensorShape([3, 8]))
    """

    def __init__(self, momentum=0.9, epsilon=1e-5, gamma_initializer="ones", **kwargs):
        super().__init__(momentum, epsilon, gamma_initializer, **kwargs)
        self.supports_masking = False

    def build(self, input_shape):
        shape, condition = input_shape
        if len(condition) != 2 or condition[-1] is None:
            raise ValueError(
                f"Expected a condition of shape (batch, n) with a known n. Received: shape {tuple(condition)}"
            )
        self.num_conditions = condition[-1]
        super().build(shape)
        self.input_spec = [self.input_spec, layers.InputSpec(ndim=2, axes={-1: self.num_conditions})]

    def add_scale_and_offset(self, channels):
        # What the base class normalizes with: the scale and offset of each image come after it.
        self.gamma, self.beta = np.ones(channels, "float32"), np.zeros(channels, "float32")
        options = dict(shape=(self.num_conditions, channels), dtype="float32", autocast=False)
        self.class_gamma = self.add_weight(name="class_gamma", initializer=self.gamma_initializer, **options)
        self.class_beta = self.add_weight(name="class_beta", initializer="zeros", **options)

    def call(self, inputs, training=None):
        x, condition = inputs
        condition = ops.cast(condition, "float32")
        shape = (-1, *[1] * (len(x.shape) - 2), x.shape[-1])
        gamma, beta = (
            ops.cast(ops.reshape(ops.matmul(condition, weights), shape), x.dtype)
            for weights in (self.class_gamma, self.class_beta)
        )
        return super().call(x, training=training) * gamma + beta

    def compute_output_shape(self, input_shape):
        return input_shape[0]
