"""Conditional batch normalization against NumPy, and the rules that it shares with batch normalization."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genzoo.export.rewrite import for_inference
from keras_genzoo.layers import BatchNormalization, ConditionalBatchNormalization, frozen_statistics

LABELS = np.array([2, 0, 2, 1])
CLASSES = np.eye(3, dtype="float32")[LABELS]


def made(shape=(4, 5, 3, 6), dtype="float32"):
    rng = np.random.default_rng(0)
    layer = ConditionalBatchNormalization(dtype=dtype)
    layer.build([shape, CLASSES.shape])
    layer.set_weights([rng.uniform(0.5, 2.0, weights.shape) for weights in layer.get_weights()])
    return layer, rng.normal(0.7, 2.0, shape).astype("float32")


def expected(layer, x, mean, variance):
    gamma, beta = (np.asarray(each)[LABELS].reshape(len(x), *[1] * (x.ndim - 2), -1) for each in scales(layer))
    return (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta


def scales(layer):
    return layer.class_gamma, layer.class_beta


@pytest.mark.parametrize("shape", [(4, 6), (4, 7, 6), (4, 5, 3, 6)], ids=str)
def test_each_image_has_the_scale_and_offset_of_its_class_and_the_statistics_of_the_batch(shape):
    layer, x = made(shape)
    flat = x.reshape(-1, 6)
    still = expected(layer, x, np.asarray(layer.moving_mean), np.asarray(layer.moving_variance))
    np.testing.assert_allclose(layer([x, CLASSES]), still, rtol=1e-4, atol=1e-4)
    moving = 0.9 * np.asarray(layer.moving_mean) + 0.1 * flat.mean(axis=0)
    outputs = layer([x, CLASSES], training=True)
    np.testing.assert_allclose(outputs, expected(layer, x, flat.mean(axis=0), flat.var(axis=0)), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(layer.moving_mean, moving, rtol=1e-5)


def test_condition_of_real_numbers_is_linear():
    layer, x = made()
    between = 0.25 * np.asarray(layer([x, CLASSES])) + 0.75 * np.asarray(layer([x, CLASSES[::-1]]))
    np.testing.assert_allclose(layer([x, 0.25 * CLASSES + 0.75 * CLASSES[::-1]]), between, rtol=1e-4, atol=1e-4)


def test_statistics_rest_where_they_are_frozen_or_the_layer_is_not_trainable():
    layer, x = made()
    before = [weights.tobytes() for weights in layer.get_weights()]
    with frozen_statistics():
        layer([x, CLASSES], training=True)
    layer.trainable = False
    np.testing.assert_array_equal(layer([x, CLASSES], training=True), layer([x, CLASSES]))
    assert [weights.tobytes() for weights in layer.get_weights()] == before


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_is_near_float32(dtype):
    (half, x), (full, _) = made(dtype=dtype), made()
    for training in (False, True):
        outputs = half([x, CLASSES], training=training)
        assert outputs.dtype == half.compute_dtype and {weight.dtype for weight in half.weights} == {"float32"}
        np.testing.assert_allclose(
            tf.cast(outputs, "float32"), full([x, CLASSES], training=training), rtol=0.05, atol=0.1
        )


def test_new_layer_is_batch_normalization_and_a_file_keeps_it(tmp_path):
    inputs = [keras.Input((5, 3, 6)), keras.Input((3,))]
    layer = ConditionalBatchNormalization(momentum=0.5, epsilon=1e-3)
    network = keras.Model(inputs, layer(inputs))
    plain, (_, x) = BatchNormalization(momentum=0.5, epsilon=1e-3), made()
    for training in (True, False):
        np.testing.assert_allclose(
            network([x, CLASSES], training=training), plain(x, training=training), rtol=1e-4, atol=1e-5
        )
    assert len(layer.trainable_variables) == len(layer.non_trainable_variables) == 2
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(again([x, CLASSES]), network([x, CLASSES]))
    assert (again.layers[-1].momentum, again.layers[-1].epsilon) == (0.5, 1e-3)


def test_networks_for_inference_keep_the_scale_of_each_image():
    inputs = [keras.Input((4, 4, 3)), keras.Input((3,))]
    maps = keras.layers.Conv2DTranspose(6, 4, strides=2, padding="same")(inputs[0])
    layer = ConditionalBatchNormalization()
    network = keras.Model(inputs, keras.layers.ReLU()(layer([maps, inputs[1]])))
    rng = np.random.default_rng(1)
    layer.set_weights([rng.uniform(0.5, 2.0, weights.shape) for weights in layer.get_weights()])
    x = rng.normal(size=(4, 4, 4, 3)).astype("float32")
    np.testing.assert_allclose(for_inference(network)([x, CLASSES]), network([x, CLASSES]), rtol=1e-4, atol=1e-5)


def test_wrong_shapes_are_refused():
    for condition in ((None, None), (None,), (None, 2, 3)):
        with pytest.raises(ValueError, match=r"Expected a condition of shape \(batch, n\) with a known n. Received"):
            ConditionalBatchNormalization().build([(None, 4, 4, 3), condition])
    with pytest.raises(ValueError, match="Expected inputs with a known number of channels. Received: shape"):
        ConditionalBatchNormalization().build([(None, 4, 4, None), (None, 3)])
