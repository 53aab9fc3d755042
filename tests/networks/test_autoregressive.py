"""Which inputs the outputs of autoregressive networks depend on."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genzoo.layers import MaskedDense
from keras_genzoo.networks.autoregressive import autoregressive_heads


@pytest.mark.parametrize(("dim", "hidden_units"), [(1, (3,)), (2, (5, 4)), (5, (7, 11))])
@pytest.mark.parametrize("descending", [False, True])
def test_outputs_depend_on_the_components_before_and_on_the_context(dim, hidden_units, descending):
    z, context = keras.Input((dim,)), keras.Input((3,))
    heads = autoregressive_heads(z, context, hidden_units, {"a": 0.0, "b": 2.0}, "tanh", descending)
    network, values = keras.Model([z, context], heads), [tf.ones((1, dim)), tf.ones((1, 3))]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(values)
        outputs = network(values)
    before = np.tri(dim, k=-1, dtype=bool)
    for output in outputs.values():
        by_z, by_context = (tape.batch_jacobian(output, value)[0].numpy() for value in values)
        np.testing.assert_array_equal(by_z != 0.0, before.T if descending else before)
        assert (by_context != 0.0).all()


def test_masked_layer_comes_back_from_its_configuration():
    layer = MaskedDense(2, np.array([1, 2, 3]), [1, 3], strict=True, activation="tanh")
    again = MaskedDense.from_config(layer.get_config())
    x = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    layer.build(x.shape), again.build(x.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x), layer(x))
    expected = np.tanh(x @ (layer.get_weights()[0] * np.array([[0, 1], [0, 1], [0, 0]])) + layer.get_weights()[1])
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)


def test_masked_layer_refuses_degrees_that_do_not_fit():
    with pytest.raises(ValueError, match="Expected out_degrees of 2 units. Received: 3 degrees"):
        MaskedDense(2, [1], [1, 2, 3])
    with pytest.raises(ValueError, match=r"Expected inputs of 1 components.* Received: shape \(4, 2\)"):
        MaskedDense(1, [1], [1])(np.zeros((4, 2), "float32"))
