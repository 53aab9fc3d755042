"""Learned basis: the first feature maps of a generator, as multiples of learned ones."""

import keras


@keras.saving.register_keras_serializable(package="keras_genzoo")
class LearnedBasis(keras.layers.Layer):
    """Multiplies a learned feature map with one number per channel.

    Args:
        height: Height of the feature map.
        width: Width of the feature map.
        **kwargs: As for every Keras layer.

    Shapes: `(batch, channels)` -> `(batch, height, width, channels)`.

    References:
        Huang et al., 2025, https://arxiv.org/abs/2501.05441, section 4.

    Example:

    >>> LearnedBasis(4, 3)(keras.ops.ones((2, 5))).shape
    TensorShape([2, 4, 3, 5])
    """

    def __init__(self, height, width, **kwargs):
        super().__init__(**kwargs)
        self.height, self.width = height, width

    def build(self, input_shape):
        shape = (self.height, self.width, input_shape[-1])
        self.basis = self.add_weight(name="basis", shape=shape, initializer=keras.initializers.RandomNormal(stddev=1.0))
        super().build(input_shape)

    def call(self, inputs):
        return inputs[:, None, None, :] * self.basis

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.height, self.width, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width}
