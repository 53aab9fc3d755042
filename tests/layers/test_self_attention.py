"""Self-attention against equations 1 to 3 of the paper in NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

from keras_genzoo.layers import SelfAttention, SpectralNormalization, frozen_statistics


def made(shape, gamma=0.7, **args):
    """A layer whose attention is not off, and maps."""
    rng = np.random.default_rng(0)
    layer, maps = SelfAttention(**args), rng.normal(size=shape).astype("float32")
    layer(maps)
    layer.gamma.assign(gamma)
    return layer, maps


def kernel(layer):
    """The matrix `(inputs, outputs)` of a 1x1 convolution, divided by its largest singular value where it is."""
    if not isinstance(layer, SpectralNormalization):
        return np.asarray(layer.kernel, "float64")[0, 0]
    matrix = np.asarray(layer.layer.kernel, "float64")[0, 0]
    return matrix / float(layer.largest_singular_value())


def pooled(x):
    """Maxima of blocks of 2x2 positions; blocks at the end of an odd side are smaller."""
    rows, columns = (range(0, side, 2) for side in x.shape[:2])
    return np.array([[x[i : i + 2, j : j + 2].max(axis=(0, 1)) for j in columns] for i in rows])


def expected(layer, maps):
    outputs = []
    for x in maps.astype("float64"):
        f, h = (pooled(x @ kernel(each)).reshape(-1, kernel(each).shape[1]) for each in (layer.f, layer.h))
        g = (x @ kernel(layer.g)).reshape(-1, f.shape[1])
        beta = softmax(f @ g.T, axis=0)  # over i
        o = (beta.T @ h) @ kernel(layer.v)
        outputs.append(float(layer.gamma) * o.reshape(x.shape) + x)
    return np.array(outputs)


@pytest.mark.parametrize("spectral", [True, False])
@pytest.mark.parametrize("shape", [(2, 4, 6, 16), (3, 5, 3, 8), (1, 2, 3, 3)], ids=str)
def test_output_is_that_of_the_paper(shape, spectral):
    layer, maps = made(shape, spectral_normalization=spectral)
    np.testing.assert_allclose(layer(maps), expected(layer, maps), rtol=1e-4, atol=1e-5)


def test_new_layer_leaves_its_input_as_it_is_and_learns_to_attend():
    layer, maps = made((2, 4, 4, 8), gamma=0.0)
    np.testing.assert_array_equal(layer(maps), maps)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(maps) ** 2)
    assert abs(float(tape.gradient(loss, layer.gamma.value))) > 1e-3


def test_singular_vectors_move_in_training_and_rest_where_statistics_are_frozen():
    layer, maps = made((2, 4, 4, 8))
    before = [variable.numpy() for variable in layer.non_trainable_variables]
    layer(maps)
    with frozen_statistics():
        layer(maps, training=True)
    assert all((old == new.numpy()).all() for old, new in zip(before, layer.non_trainable_variables, strict=True))
    layer(maps, training=True)
    assert all((old != new.numpy()).any() for old, new in zip(before, layer.non_trainable_variables, strict=True))


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_is_near_float32(dtype):
    layer, maps = made((2, 4, 6, 16), dtype=dtype)
    outputs = layer(maps)
    assert outputs.dtype == layer.compute_dtype and {weight.dtype for weight in layer.weights} == {"float32"}
    np.testing.assert_allclose(tf.cast(outputs, "float32"), expected(layer, maps), atol=0.1)


def test_layer_has_sides_that_are_not_known_and_a_file(tmp_path):
    layer = SelfAttention(spectral_normalization=False)
    network = keras.Model(*(lambda x: (x, layer(x)))(keras.Input((None, None, 8))))
    layer.gamma.assign(0.5)
    maps = np.random.default_rng(0).normal(size=(2, 5, 4, 8)).astype("float32")
    np.testing.assert_allclose(network(maps), expected(layer, maps), rtol=1e-4, atol=1e-5)
    network.save(tmp_path / "network.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "network.keras")(maps), network(maps))


def test_wrong_use_is_refused():
    with pytest.raises(ValueError, match="Expected spectral_normalization=True or False. Received: .*='yes'"):
        SelfAttention(spectral_normalization="yes")
    for shape in ((None, 4, 8), (None, 4, 4, None)):
        with pytest.raises(ValueError, match="Expected maps .* with a known number of channels. Received: shape"):
            SelfAttention().build(shape)
