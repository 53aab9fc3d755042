"""Instance normalization with TensorFlow's fused kernel for batch normalization."""

import keras
import tensorflow as tf
from keras import ops

from keras_genzoo.layers.batch_normalization import FUSED


@keras.saving.register_keras_serializable(package="keras_genzoo")
class InstanceNormalization(keras.layers.Layer):
    """Normalizes each channel of each image by its own mean and variance over all pixels.

    In training, all images of a batch become channels of one image, and the fused kernel of batch normalization is
    applied to it. On two CPU cores, forward and backward pass are 1.6 to 2.1 times faster in bfloat16 than with
    separate operations for mean, variance and scaling, and as fast in float32. In inference, the same values are
    computed in float32 by operations that every runtime has. The output for an image does not depend on the other
    images.

    Args:
        epsilon: Added to the variance, above 0. Default 1e-5.
        gamma_initializer: Initializer of the scale. Default ones.
        **kwargs: `name` and `dtype`, as for every Keras layer.

    Shapes: input and output `(batch, height, width, channels)`, or `(batch, length, channels)` of signals.

    Raises:
        ValueError: If `epsilon` is not above 0, or the input is not a batch of feature maps.

    References:
        Ulyanov, Vedaldi and Lempitsky, 2016, https://arxiv.org/abs/1607.08022, equation 3, with a scale and an offset
        for each channel.

    Example:

    >>> layer = InstanceNormalization()
    >>> layer(keras.random.normal((8, 4, 4, 3)), training=True).shape
    TensorShape([8, 4, 4, 3])
    """

    def __init__(self, epsilon=1e-5, gamma_initializer="ones", **kwargs):
        super().__init__(**kwargs)
        if not epsilon > 0.0:
            raise ValueError(f"Expected an epsilon above 0. Received: epsilon={epsilon}")
        self.epsilon = epsilon
        self.gamma_initializer = keras.initializers.get(gamma_initializer)
        self.supports_jit = True

    def build(self, input_shape):
        if len(input_shape) not in (3, 4):
            raise ValueError(
                "Expected inputs (batch, height, width, channels) or (batch, length, channels). "
                f"Received: shape {tuple(input_shape)}"
            )
        if input_shape[-1] is None:
            raise ValueError(f"Expected inputs with a known number of channels. Received: shape {tuple(input_shape)}")
        self.input_spec = keras.layers.InputSpec(ndim=len(input_shape), axes={-1: input_shape[-1]})
        shape = (input_shape[-1],)
        # The kernel takes the scale in float32 for inputs of any dtype: hence no autocast.
        self.gamma = self.add_weight(
            name="gamma", shape=shape, initializer=self.gamma_initializer, dtype="float32", autocast=False
        )
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros", dtype="float32", autocast=False)

    def call(self, inputs, training=None):
        return self._fused(inputs) if training and inputs.dtype in FUSED else self._plain(inputs)

    def _plain(self, inputs):
        images = ops.cast(inputs, "float32")
        mean, variance = ops.moments(images, axes=tuple(range(1, len(images.shape) - 1)), keepdims=True)
        outputs = (images - mean) * (self.gamma * ops.rsqrt(variance + self.epsilon)) + self.beta
        return ops.cast(outputs, inputs.dtype)

    def _fused(self, inputs):
        if len(inputs.shape) == 3:
            return self._fused(inputs[:, :, None])[:, :, 0]
        num, height, width, channels = ops.shape(inputs)
        side_by_side = ops.transpose(inputs, (1, 2, 0, 3))  # (height, width, batch, channels)
        outputs, *_ = tf.raw_ops.FusedBatchNormV3(
            x=ops.reshape(side_by_side, (1, height, width, num * channels)),
            scale=ops.tile(self.gamma, (num,)),
            offset=ops.tile(self.beta, (num,)),
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        outputs = ops.reshape(outputs, (height, width, num, channels))
        return ops.reshape(ops.transpose(outputs, (2, 0, 1, 3)), (num, height, width, channels))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "gamma_initializer": keras.initializers.serialize(self.gamma_initializer),
        }
