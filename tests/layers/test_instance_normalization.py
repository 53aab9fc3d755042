"""Instance normalization against NumPy, its gradients against differences, and its two ways of computing the same."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genzoo.layers import InstanceNormalization

SHAPES = [(3, 5, 4, 6), (1, 8, 8, 3), (4, 2, 2, 1)]
both_ways = pytest.mark.parametrize("training", [True, False])


def make(shape, dtype="float32", epsilon=1e-3):
    """A layer with a scale and an offset that are not the first ones, and an input far from zero mean."""
    rng = np.random.default_rng(len(shape) + shape[0])
    layer = InstanceNormalization(epsilon=epsilon, dtype=dtype)
    layer.build(shape)
    layer.set_weights([rng.uniform(0.5, 2.0, shape[-1]), rng.normal(size=shape[-1])])
    return layer, rng.normal(3.0, 2.0, shape).astype("float32")


def expected(layer, images):
    gamma, beta = (weights.astype("float64") for weights in layer.get_weights())
    images = images.astype("float64")
    result = np.empty_like(images)
    for image, out in zip(images, result, strict=True):
        for channel in range(image.shape[-1]):
            pixels = image[..., channel]
            deviation = np.sqrt(np.mean((pixels - pixels.mean()) ** 2) + layer.epsilon)
            out[..., channel] = gamma[channel] * (pixels - pixels.mean()) / deviation + beta[channel]
    return result


def loss_and_gradients(layer, images, training):
    factors = np.random.default_rng(9).normal(size=images.shape).astype("float32")
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = layer(images, training=training)
        loss = tf.reduce_sum(factors * tf.cast(outputs, "float32"))
    gradients = tape.gradient(loss, [images, layer.gamma.value, layer.beta.value])
    return factors, [tf.cast(gradient, "float32").numpy() for gradient in gradients]


@both_ways
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_output_equals_numpy(shape, training):
    layer, images = make(shape)
    np.testing.assert_allclose(layer(images, training=training), expected(layer, images), rtol=1e-4, atol=1e-4)


@both_ways
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradients_equal_differences(shape, training):
    layer, images = make(shape)
    factors, (by_images, by_gamma, by_beta) = loss_and_gradients(layer, images, training)
    rng, step = np.random.default_rng(0), 1e-4
    for _ in range(5):
        direction = rng.normal(size=shape)
        high, low = (np.sum(factors * expected(layer, images + sign * step * direction)) for sign in (1, -1))
        assert np.sum(by_images * direction) == pytest.approx((high - low) / (2 * step), rel=2e-3, abs=2e-3)
    ones, zeros = np.ones(shape[-1]), np.zeros(shape[-1])
    weights = layer.get_weights()
    layer.set_weights([ones, zeros])
    np.testing.assert_allclose(by_gamma, (factors * expected(layer, images)).sum(axis=(0, 1, 2)), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(by_beta, factors.sum(axis=(0, 1, 2)), rtol=1e-4, atol=1e-4)
    layer.set_weights(weights)


@pytest.mark.parametrize("dtype, tolerance", [("mixed_bfloat16", 0.05), ("mixed_float16", 0.01)])
@both_ways
def test_half_precision_is_near_float32(dtype, tolerance, training):
    (half, images), (full, _) = make(SHAPES[0], dtype), make(SHAPES[0])
    outputs = half(images, training=training)
    assert outputs.dtype == half.compute_dtype
    assert {weight.dtype for weight in half.weights} == {"float32"}
    np.testing.assert_allclose(tf.cast(outputs, "float32"), expected(full, images), rtol=tolerance, atol=3 * tolerance)
    results = (loss_and_gradients(layer, images, training)[1] for layer in (half, full))
    for mine, other in zip(*results, strict=True):
        np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance * np.abs(other).max())


@both_ways
def test_each_image_is_normalized_by_itself(training):
    layer, images = make(SHAPES[0])
    together = np.asarray(layer(images, training=training))
    alone = np.concatenate([layer(images[i : i + 1], training=training) for i in range(len(images))])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-5)


def test_batches_of_any_size_run_in_one_graph():
    layer, images = make(SHAPES[0])
    network = keras.Sequential([keras.Input(SHAPES[0][1:]), layer])
    graph = tf.function(lambda x: network(x, training=True), input_signature=[tf.TensorSpec((None, *SHAPES[0][1:]))])
    for size in (3, 1, 2):
        np.testing.assert_allclose(graph(images[:size]), expected(layer, images[:size]), rtol=1e-4, atol=1e-4)
    assert network.output_shape == (None, *SHAPES[0][1:])


def test_config_rebuilds_the_layer():
    initializer = keras.initializers.RandomNormal(1.0, 0.02, seed=3)
    layer = InstanceNormalization(2e-3, initializer, name="other", dtype="mixed_bfloat16")
    again = InstanceNormalization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert (again.epsilon, again.name, again.compute_dtype) == (2e-3, "other", "bfloat16")
    for each in (layer, again):
        each.build((None, 4, 4, 6))
    np.testing.assert_array_equal(again.gamma.numpy(), layer.gamma.numpy())


def test_wrong_use_is_refused():
    with pytest.raises(ValueError, match="Expected an epsilon above 0. Received: epsilon=0.0"):
        InstanceNormalization(epsilon=0.0)
    with pytest.raises(
        ValueError, match=r"Expected inputs \(batch, height, width, channels\) .*Received: shape \(4, 6\)"
    ):
        InstanceNormalization().build((4, 6))
