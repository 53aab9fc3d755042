"""Spectral normalization: a layer whose weight matrix is divided by its largest singular value."""

import keras
from keras import ops

from keras_genzoo.layers.frozen import is_frozen


@keras.saving.register_keras_serializable(package="keras_genzoo")
class SpectralNormalization(keras.layers.Wrapper):
    """Wraps a layer and divides its kernel by the kernel's largest singular value whenever it is used.

    Unlike `keras.layers.SpectralNormalization` it never overwrites the kernel: it stores the estimate `u` of the first
    left singular vector alone, and divides on the fly. So a pass in training mode changes no weight that is trained,
    and the gradient passes through the division (equation 9 of the paper). One step of power iteration refines `u` in
    each training pass, outside of `frozen_statistics`.

    Args:
        layer: Layer with a weight `kernel` whose last axis are its outputs: dense or convolution.
        **kwargs: `name`, as for every Keras layer. The layer inside has the dtype policy.

    Shapes: those of the layer.

    References:
        Miyato et al., 2018, https://arxiv.org/abs/1802.05957, equations 8 and 9 and algorithm 1.

    Example:

    >>> layer = SpectralNormalization(keras.layers.Dense(3))
    >>> layer(keras.random.normal((8, 4)), training=True).shape
    TensorShape([8, 3])
    """

    def __init__(self, layer, **kwargs):
        # Singular values are computed in float32; images go to the layer inside in its own precision.
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
        sigma = self.largest_singular_value(update=training and not is_frozen())
        # In this scope the layer reads the quotient where it would read its kernel.
        with keras.StatelessScope(state_mapping=[(kernel, kernel.value / sigma)]):
            return self.layer(inputs)

    def largest_singular_value(self, update=False):
        """Estimate of the kernel's largest singular value, after one step of power iteration: a float32 scalar.

        Args:
            update: Whether the vector that the step gives is kept for the next one.
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
