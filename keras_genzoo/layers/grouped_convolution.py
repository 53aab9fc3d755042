"""Grouped convolution without XLA."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_genzoo")
class GroupedConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` with groups, as an operation of TensorFlow that exports to every format.

    For groups, Keras calls a function that XLA compiles, as earlier versions of TensorFlow had no kernel for CPUs.
    ONNX has no form for such a function.

    Shapes: as for `keras.layers.Conv2D`, channels last.

    Example:

    >>> GroupedConv2D(4, 3, groups=2, padding="same")(keras.ops.ones((1, 8, 8, 6))).shape
    TensorShape([1, 8, 8, 4])
    """

    def convolution_op(self, inputs, kernel):
        return tf.nn.conv2d(inputs, kernel, list(self.strides), self.padding.upper(), dilations=self.dilation_rate)
