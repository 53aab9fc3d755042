"""Dropout whose masks follow the rules of the zoo: other masks on each replica, none in test steps."""

import keras
from keras import ops

from keras_genzoo import sampling
from keras_genzoo.utils.checks import check_fraction
from keras_genzoo.utils.noise import is_testing


@keras.saving.register_keras_serializable(package="keras_genzoo")
class Dropout(keras.layers.Layer):
    """Sets a share of its inputs to zero in training, and multiplies the others so that the mean stays.

    `keras.layers.Dropout` draws the same mask on all replicas of `tf.distribute`, and draws in a test step that calls
    a discriminator as in training: a training would then differ with and without validation.

    Args:
        rate: Share of the inputs that is set to zero, in [0, 1).
        **kwargs: As for every Keras layer.

    Shapes: any; the output has the shape of the input.

    References:
        Srivastava et al., 2014, Dropout: a simple way to prevent neural networks from overfitting.

    Example:

    >>> Dropout(0.5)(keras.ops.ones((2, 3)), training=False).numpy().tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        check_fraction(rate=rate)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator()
        self.built = True

    def call(self, inputs, training=False):
        if not training or is_testing() or not self.rate:
            return inputs
        kept = sampling.step_uniform(ops.shape(inputs), self.seed_generator) >= self.rate
        return inputs * ops.cast(kept, inputs.dtype) / (1.0 - self.rate)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
