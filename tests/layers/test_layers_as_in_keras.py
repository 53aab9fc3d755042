"""Our layers against what Keras tests of its own: shapes, files, masks, precision, and the switch `trainable`."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src import testing

from keras_genzoo.layers import BatchNormalization, InstanceNormalization, MaskedConv2D, SpectralNormalization

LAYERS = {
    "batch of vectors": (BatchNormalization, {"momentum": 0.8}, (2, 3), (2, 3), (2, 2)),
    "batch of maps": (BatchNormalization, {"epsilon": 1e-3}, (2, 4, 5, 3), (2, 4, 5, 3), (2, 2)),
    "instances": (InstanceNormalization, {"epsilon": 1e-3}, (2, 4, 5, 3), (2, 4, 5, 3), (2, 0)),
    "masked": (
        MaskedConv2D,
        {"filters": 7, "kernel_size": 3, "mask_type": "B"},
        (2, 4, 5, 3),
        (2, 4, 5, 7),
        (2, 0),
    ),
    "spectral": (SpectralNormalization, {}, (2, 3), (2, 7), (2, 1)),
}


@pytest.mark.filterwarnings("ignore:.shuffle=True. was passed")  # by the training of the test of Keras
@pytest.mark.parametrize("kind", LAYERS)
def test_layer_passes_the_test_of_keras_for_its_layers(kind):
    cls, args, shape, output_shape, weights = LAYERS[kind]
    if cls is SpectralNormalization:
        args = {"layer": keras.layers.Dense(7)}
    testing.TestCase().run_layer_test(
        cls,
        args,
        input_shape=shape,
        call_kwargs={"training": True},
        expected_output_shape=output_shape,
        expected_num_trainable_weights=weights[0],
        expected_num_non_trainable_weights=weights[1],
        expected_num_seed_generators=0,
        expected_num_losses=0,
        supports_masking=cls is BatchNormalization,
    )


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
@pytest.mark.parametrize("cls", [BatchNormalization, InstanceNormalization])
def test_layer_of_any_dtype_with_sides_that_are_not_known(cls, dtype):
    layer = cls(dtype=dtype)
    network = keras.Model(*(lambda x: (x, layer(x)))(keras.Input((None, None, 3), dtype=dtype)))
    assert network.output_shape == (None, None, None, 3)
    images = np.random.default_rng(0).normal(2.0, 3.0, (4, 5, 6, 3))
    for training in (True, False):
        outputs = network(tf.cast(images, dtype), training=training)
        assert outputs.dtype == dtype
    axes = (0, 1, 2) if cls is BatchNormalization else (1, 2)
    expected = (images - images.mean(axes, keepdims=True)) / images.std(axes, keepdims=True)
    outputs = tf.cast(network(tf.cast(images, dtype), training=True), "float64")
    np.testing.assert_allclose(outputs, expected, atol=0.1 if dtype == "bfloat16" else 1e-4)
    with pytest.raises(ValueError, match="Expected inputs with a known number of channels. Received: shape"):
        cls().build((None, 4, 4, None))
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 3"):
        layer(np.zeros((2, 5, 6, 4), "float32"))


def test_layer_that_is_not_trainable_normalizes_by_its_statistics_and_keeps_them():
    layer, theirs = BatchNormalization(), keras.layers.BatchNormalization(epsilon=1e-5)
    inputs = np.random.default_rng(0).normal(2.0, 3.0, (6, 4, 4, 3)).astype("float32")
    for each in (layer, theirs):
        each(inputs)
        each.set_weights([np.arange(1.0, 4.0) * factor for factor in (1.0, 0.1, 0.5, 2.0)])
        each.trainable = False
    before = [weights.tobytes() for weights in layer.get_weights()]
    np.testing.assert_allclose(layer(inputs, training=True), theirs(inputs, training=True), rtol=1e-4, atol=1e-5)
    assert [weights.tobytes() for weights in layer.get_weights()] == before
    layer.trainable = True
    layer(inputs, training=True)
    assert [weights.tobytes() for weights in layer.get_weights()] != before


def test_spectral_normalization_that_is_not_trainable_keeps_its_vector():
    layer = SpectralNormalization(keras.layers.Dense(3))
    layer(np.ones((2, 4), "float32"))
    layer.trainable = False
    before = layer.u.numpy()
    layer(np.ones((2, 4), "float32"), training=True)
    np.testing.assert_array_equal(layer.u.numpy(), before)


def test_masked_values_do_not_count_as_in_keras():
    rng = np.random.default_rng(0)
    inputs, mask = rng.normal(1.0, 2.0, (5, 7, 3)).astype("float32"), rng.random((5, 7)) < 0.6
    layer, theirs = BatchNormalization(), keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    outputs, expected = (each(inputs, training=True, mask=mask) for each in (layer, theirs))
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, theirs.moving_mean, rtol=1e-4)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * inputs[mask].var(axis=0, ddof=1), rtol=1e-4)
