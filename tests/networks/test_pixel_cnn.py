"""The gated PixelCNN: which positions the features of a position depend on."""

import keras
import numpy as np
import tensorflow as tf

from keras_genzoo.networks.pixel_cnn import gated_pixel_cnn


def test_features_depend_on_all_earlier_positions_and_on_no_other():
    image = keras.Input((4, 5, 2))
    network = keras.Model(image, gated_pixel_cnn(image, filters=3, num_layers=4, kernel_size=3))
    assert network.output_shape == (None, 4, 5, 3)
    inputs = tf.constant(np.random.default_rng(0).normal(size=(1, 4, 5, 2)), "float32")
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = tf.reduce_sum(network(inputs), axis=-1)
    seen = (np.asarray(tape.jacobian(outputs, inputs))[0, :, :, 0] != 0.0).any(axis=-1).reshape(20, 20)
    np.testing.assert_array_equal(seen, np.tri(20, k=-1, dtype=bool))
