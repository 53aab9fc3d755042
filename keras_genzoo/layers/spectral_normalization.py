"""Spectral normalization: a layer whose weight matrix is divided by its largest singular value."""

import keras
import tensorflow as tf
from keras import ops

from keras_genzoo.layers.frozen import is_frozen


@keras.saving.register_keras_serializable(package="keras_genzoo")
class SpectralNormalization(keras.layers.Wrapper):
    """Wraps a layer and divides its kernel by the largest singular value of the kernel in each call.

    Unlike `keras.layers.SpectralNormalization`, it does not overwrite the kernel: it stores only the estimate `u` of
    the first left singular vector and divides in the call. A call in training mode therefore does not change trained
    weights, and the gradient passes through the division (equation 9 of the paper). Each call in training mode refines
    `u` by one step of power iteration, except within `frozen_statistics` and with `trainable = False`.

    Args:
        layer: Layer with a weight `kernel` whose last axis is the axis of outputs, such as a dense layer or a
            convolution.
        **kwargs: `name`, as for every Keras layer. The dtype policy is that of the wrapped layer.

    Shapes: as for the wrapped layer.

    References:
        Miyato et al., 2018, https://arxiv.org/abs/1802.05957, equations 8 and 9 and algorithm 1.

    Example:

    >>> layer = SpectralNormalization(keras.layers.Dense(3))
    >>> layer(keras.random.normal((8, 4)), training=True).shape
    TensorShape([8, 3])
    """

    def __init__(self, layer, **kwargs):
        # Singular values are computed in float32; the wrapped layer casts its inputs to its own dtype.
        super().__init__(layer, **{**kwargs, "dtype": "float32"})
        self.autocast = False

    def build(self, input_shape=None):
        super().build(input_shape)
        if not hasattr(self.layer, "kernel"):
            raise ValueError(f"Expected a layer with a kernel. Received: {type(self.layer).__name__}")
        self.u = self.add_weight(
            name="u",
            shape=(self.layer.kernel.shape[-1],),
            initializer="random_normal",
            dtype="float32",
            trainable=False,
            aggregation="mean",
            autocast=False,
        )

    def call(self, inputs, training=None):
        kernel = self.layer.kernel
        with tf.control_dependencies(keras.tree.flatten(inputs)):  # a batch that is refused must not move the vector
            sigma = self.largest_singular_value(update=training and self.trainable and not is_frozen())
        # In this scope, the layer reads the quotient in place of its kernel.
        with keras.StatelessScope(state_mapping=[(kernel, kernel.value / ops.cast(sigma, kernel.dtype))]):
            return self.layer(inputs)

    def largest_singular_value(self, update=False):
        """Estimate of the largest singular value of the kernel, after one step of power iteration: a float32 scalar.

        Args:
            update: Whether to store the new vector for the next step.
        """
        kernel = self.layer.kernel.value
        matrix = ops.reshape(ops.cast(kernel, "float32"), (-1, kernel.shape[-1]))  # (inputs, outputs)
        constant = ops.stop_gradient(matrix)  # the vectors are constants of the gradient
        v = ops.normalize(ops.matmul(constant, self.u.value), axis=0, epsilon=1e-12)
        u = ops.normalize(ops.matmul(v, constant), axis=0, epsilon=1e-12)
        if update:
            self.u.assign(u)
        return ops.sum(v * ops.matmul(matrix, u))

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)
