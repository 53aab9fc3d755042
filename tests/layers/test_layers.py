"""Layers of our own: batch normalization against that of Keras, spectral normalization against an SVD."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genzoo.layers import BatchNormalization, SpectralNormalization, frozen_statistics

SHAPES = [(16, 6), (5, 7, 6), (4, 5, 3, 6)]


def pair(shape, dtype="float32", momentum=0.8, epsilon=1e-3):
    """Ours and Keras' layer with equal weights that are not the first ones, and an input."""
    rng = np.random.default_rng(len(shape))
    weights = [rng.uniform(0.5, 2.0, shape[-1]).astype("float32") for _ in range(4)]
    layers = [
        cls(momentum=momentum, epsilon=epsilon, dtype=dtype)
        for cls in (BatchNormalization, keras.layers.BatchNormalization)
    ]
    for layer in layers:
        layer.build(shape)
        layer.set_weights(weights)
    return *layers, tf.constant(rng.normal(0.7, 2.0, shape), "float32")


def forward_and_back(layer, inputs, training):
    factors = tf.constant(np.random.default_rng(9).normal(size=inputs.shape), "float32")
    variables = [layer.gamma.value, layer.beta.value]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=training)
        total = tf.reduce_sum(factors * tf.cast(outputs, "float32"))
    return [outputs.numpy().astype("float32"), *(g.numpy() for g in tape.gradient(total, [inputs, *variables]))]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_outputs_and_gradients_equal_those_of_keras(shape, training):
    ours, theirs, inputs = pair(shape)
    for mine, other in zip(*(forward_and_back(layer, inputs, training) for layer in (ours, theirs)), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype, tolerance", [("mixed_bfloat16", 0.05), ("mixed_float16", 0.01)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_half_precision_is_near_float32(shape, dtype, tolerance, training):
    half, _, inputs = pair(shape, dtype)
    full, _, _ = pair(shape)
    outputs = half(inputs, training=training)
    assert outputs.dtype == half.compute_dtype
    assert {weight.dtype for weight in half.weights} == {"float32"}
    results = (forward_and_back(layer, inputs, training) for layer in (half, full))
    for mine, other in zip(*results, strict=True):
        np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance * np.abs(other).max())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_moving_statistics_follow_algorithm_2_of_the_paper(shape):
    ours, theirs, inputs = pair(shape, momentum=0.8)
    mean, variance = ours.moving_mean.numpy(), ours.moving_variance.numpy()
    for layer in (ours, theirs):
        layer(inputs, training=True)
    flat = inputs.numpy().reshape(-1, shape[-1]).astype("float64")
    np.testing.assert_allclose(ours.moving_mean.numpy(), 0.8 * mean + 0.2 * flat.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(ours.moving_mean.numpy(), theirs.moving_mean.numpy(), rtol=1e-5)
    # The unbiased variance, as the paper and the fused kernel have it; Keras takes the biased one.
    np.testing.assert_allclose(ours.moving_variance.numpy(), 0.8 * variance + 0.2 * flat.var(axis=0, ddof=1), rtol=1e-5)
    np.testing.assert_allclose(theirs.moving_variance.numpy(), 0.8 * variance + 0.2 * flat.var(axis=0), rtol=1e-5)


def test_batch_of_one_number_gives_the_offset_and_stays_finite():
    layer, _, inputs = pair((1, 6))
    np.testing.assert_allclose(layer(inputs, training=True), layer.beta.numpy()[None], atol=1e-5)
    assert all(np.isfinite(weights).all() for weights in layer.get_weights())


def test_frozen_statistics_stand_still_and_the_output_is_the_same():
    layer, _, inputs = pair((4, 5, 3, 6))
    before = [weights.tobytes() for weights in layer.get_weights()]
    with frozen_statistics():
        frozen = layer(inputs, training=True)
        with frozen_statistics():
            layer(inputs, training=True)
        layer(inputs, training=True)  # still frozen after the inner one
    assert [weights.tobytes() for weights in layer.get_weights()] == before
    np.testing.assert_array_equal(layer(inputs, training=True), frozen)
    assert [weights.tobytes() for weights in layer.get_weights()] != before


def test_statistics_move_again_after_an_error():
    layer, _, inputs = pair((4, 6))
    with pytest.raises(KeyError), frozen_statistics():
        raise KeyError
    before = layer.moving_mean.numpy()
    layer(inputs, training=True)
    assert not np.array_equal(layer.moving_mean.numpy(), before)


def test_inference_leaves_the_statistics_alone():
    layer, _, inputs = pair((4, 6))
    before = [weights.tobytes() for weights in layer.get_weights()]
    layer(inputs)
    layer(inputs, training=False)
    assert [weights.tobytes() for weights in layer.get_weights()] == before


def test_batches_of_any_size_run_in_one_graph():
    layer, _, inputs = pair((4, 5, 3, 6))
    network = keras.Sequential([keras.Input((5, 3, 6)), layer])
    graph = tf.function(lambda x: network(x, training=True), input_signature=[tf.TensorSpec((None, 5, 3, 6))])
    for size in (4, 1, 3):
        expected = keras.ops.normalize(inputs[:size] - tf.reduce_mean(inputs[:size], [0, 1, 2]), axis=(0, 1, 2))
        assert graph(inputs[:size]).shape == expected.shape
    assert network.output_shape == (None, 5, 3, 6)


def test_config_rebuilds_the_layer():
    initializer = keras.initializers.RandomNormal(1.0, 0.02, seed=3)
    layer = BatchNormalization(0.7, 2e-3, initializer, name="other", dtype="mixed_bfloat16")
    again = BatchNormalization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert (again.momentum, again.epsilon, again.name, again.compute_dtype) == (0.7, 2e-3, "other", "bfloat16")
    for each in (layer, again):
        each.build((None, 6))
    np.testing.assert_array_equal(again.gamma.numpy(), layer.gamma.numpy())


@pytest.mark.parametrize("arguments", [{"momentum": 1.0}, {"momentum": -0.1}, {"epsilon": 0.0}], ids=str)
def test_wrong_argument_is_refused(arguments):
    with pytest.raises(ValueError, match="Expected.*Received"):
        BatchNormalization(**arguments)


# -- SpectralNormalization ---------------------------------------------------------------------------------------------


def spectral_layers():
    # The power iteration converges slowly where the two largest singular values are nearly equal.
    fixed = dict(kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    return {
        "dense": (SpectralNormalization(keras.layers.Dense(7, **fixed)), (5, 11)),
        "conv": (SpectralNormalization(keras.layers.Conv2D(6, 3, strides=2, padding="same", **fixed)), (2, 9, 8, 3)),
    }


def train(layer, images, passes):
    """Passes in training mode, compiled."""
    layer(images)  # which builds it
    once = tf.function(lambda: layer(images, training=True))
    for _ in range(passes):
        once()


@pytest.mark.parametrize("kind", ["dense", "conv"])
def test_spectral_norm_after_training_passes_is_that_of_an_svd(kind):
    layer, shape = spectral_layers()[kind]
    images = np.random.default_rng(0).normal(size=shape).astype("float32")
    train(layer, images, 200)
    kernel = layer.layer.kernel.numpy()
    largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
    assert float(layer.largest_singular_value()) == pytest.approx(largest, rel=1e-4)
    expected = np.asarray(layer.layer(images))  # no bias yet, so the layer is linear
    np.testing.assert_allclose(layer(images), expected / largest, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["dense", "conv"])
def test_spectral_normalization_stores_u_alone_and_never_the_kernel(kind):
    layer, shape = spectral_layers()[kind]
    images = np.ones(shape, "float32")
    layer(images, training=False)
    kernel, u = layer.layer.kernel.numpy(), layer.u.numpy()
    assert [v.name for v in layer.non_trainable_variables] == ["u"]
    layer(images, training=False)
    with frozen_statistics():
        layer(images, training=True)
    np.testing.assert_array_equal(layer.u.numpy(), u)
    layer(images, training=True)
    assert not np.array_equal(layer.u.numpy(), u)
    np.testing.assert_array_equal(layer.layer.kernel.numpy(), kernel)


def test_gradient_passes_through_the_singular_value():
    layer, images = SpectralNormalization(keras.layers.Dense(3, use_bias=False)), tf.ones((1, 2))
    layer(images)
    kernel = np.array([[3.0, 0.5, 0.0], [0.2, 1.0, -1.0]])
    layer.layer.kernel.assign(kernel)
    train(layer, images, 200)
    with frozen_statistics(), tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(images, training=True) * [1.0, 2.0, 3.0])
    received = tape.gradient(loss, layer.layer.kernel.value)

    def direct(matrix):
        return (matrix.sum(axis=0) * [1.0, 2.0, 3.0]).sum() / np.linalg.svd(matrix, compute_uv=False)[0]

    for index in np.ndindex(kernel.shape):  # central differences of the quotient, singular value included
        step = np.zeros_like(kernel)
        step[index] = 1e-5
        expected = (direct(kernel + step) - direct(kernel - step)) / 2e-5
        assert float(received[index]) == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_spectral_normalization_needs_a_kernel():
    with pytest.raises(ValueError, match="Expected a layer with a kernel. Received: ReLU"):
        SpectralNormalization(keras.layers.ReLU())(np.ones((2, 3), "float32"))
