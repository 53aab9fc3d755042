"""Convolutions of repeated pixels against the two layers of Keras that they stand for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genzoo.layers import UpsamplingConv1D, UpsamplingConv2D

CASES = [((2, 5, 4, 3), True), ((1, 1, 2, 2), False), ((2, 7, 3), True), ((1, 4, 1), False)]


def both(shape, use_bias, **options):
    """The layer, with weights, and the layers of Keras with the same."""
    ours, upsampling, conv = {
        4: (UpsamplingConv2D, keras.layers.UpSampling2D, keras.layers.Conv2D),
        3: (UpsamplingConv1D, keras.layers.UpSampling1D, keras.layers.Conv1D),
    }[len(shape)]
    options |= dict(use_bias=use_bias, activation="tanh", bias_initializer="random_normal")
    layer, plain = ours(5, **options), conv(5, 3, padding="same", **options)
    layer.build(shape)
    plain.build(shape)
    plain.set_weights(layer.get_weights())
    repeat = upsampling(2)
    return layer, plain, lambda x: plain(repeat(x))


@pytest.mark.parametrize(("shape", "use_bias"), CASES, ids=str)
def test_outputs_and_gradients_are_those_of_the_two_layers(shape, use_bias):
    images = tf.constant(np.random.default_rng(0).normal(size=shape), "float32")
    layer, plain, theirs = both(shape, use_bias)
    found = []
    for function, weights in ((layer, layer.trainable_weights), (theirs, plain.trainable_weights)):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = function(images)
            loss = tf.reduce_sum(tf.range(tf.size(outputs), dtype="float32") * tf.reshape(outputs, [-1]))
        found.append([outputs, *tape.gradient(loss, [images, *[weight.value for weight in weights]])])
    assert layer.compute_output_shape(shape) == found[0][0].shape
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5 * np.abs(other).max())  # sums in another order


def test_initial_weights_are_those_of_the_convolution():
    options = dict(kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    layer, plain, _ = both((1, 4, 4, 3), False, **options)
    other = keras.layers.Conv2D(5, 3, use_bias=False, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    other.build((1, 4, 4, 3))
    np.testing.assert_array_equal(layer.get_weights()[0], other.get_weights()[0])


def test_half_precision_and_a_copy_from_its_config():
    layer = UpsamplingConv2D.from_config(UpsamplingConv2D(4, use_bias=False, dtype="mixed_bfloat16").get_config())
    outputs = layer(keras.ops.ones((1, 3, 3, 2)))
    assert (outputs.dtype, outputs.shape, layer.bias) == (tf.bfloat16, (1, 6, 6, 4), None)
    assert layer.small_kernel.dtype == "float32"


def test_channels_must_be_known():
    with pytest.raises(ValueError, match="Expected inputs with a known number of channels"):
        UpsamplingConv2D(4).build((None, 8, 8, None))
