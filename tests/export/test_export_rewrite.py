"""Networks that are rewritten for inference give what they gave, in layers that runtimes compute faster."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from exports import builders, for_exports, portable
from keras import layers

from keras_genzoo.export.rewrite import block_kernel, for_inference, is_doubling, rewritten_networks, subpixel_kernel
from keras_genzoo.families.exporting import sample_inputs
from keras_genzoo.layers import BatchNormalization
from keras_genzoo.networks.conv import conv_generator


def shaken(network):
    """The network with weights as a training leaves them: no offset is 0, no scale and no variance 1."""
    rng = np.random.default_rng(0)
    for variable in network.variables:
        variable.assign(variable + 0.1 * np.abs(rng.standard_normal(variable.shape)))
    return network


def assert_same(network, fast, *shapes):
    inputs = [np.random.default_rng(1).standard_normal(shape).astype("float32") for shape in shapes]
    inputs = inputs[0] if len(inputs) == 1 else inputs
    expected, received = network(inputs, training=False), fast(inputs, training=False)
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-5)
    assert np.std(expected) > 1e-3


def transposed(layer):
    return isinstance(layer, layers.Conv2DTranspose)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (4, 2), (6, 2), (3, 3), (6, 3), (8, 4), (12, 4), (10, 2)])
def test_transposed_convolution_becomes_a_plain_one(size, stride, bias):
    image = keras.Input((5, 3, 2))
    layer = layers.Conv2DTranspose(3, size, stride, padding="same", use_bias=bias, activation="tanh")
    network = shaken(keras.Model(image, layer(image)))
    fast = for_inference(network)
    assert not any(map(transposed, fast.layers))
    assert_same(network, fast, (2, 5, 3, 2))


@pytest.mark.parametrize(
    "options",
    [
        dict(kernel_size=3, strides=2),
        dict(kernel_size=5, strides=2),
        dict(kernel_size=(4, 2), strides=2),
        dict(kernel_size=4, strides=(2, 4)),
        dict(kernel_size=2, strides=1),
        dict(kernel_size=4, strides=2, padding="valid"),
        dict(kernel_size=4, strides=2, output_padding=1),
        dict(kernel_size=4, strides=2, activation="softmax"),
    ],
    ids=str,
)
def test_other_transposed_convolutions_stay(options):
    image = keras.Input((4, 4, 2))
    network = keras.Model(image, layers.Conv2DTranspose(3, **{"padding": "same", **options})(image))
    assert not is_doubling(network.layers[1])
    fast = for_inference(network)
    assert any(map(transposed, fast.layers))
    assert_same(network, fast, (2, 4, 4, 2))


@pytest.mark.parametrize("normalization", [BatchNormalization, layers.BatchNormalization])
@pytest.mark.parametrize("activation", [layers.ReLU, layers.LeakyReLU, lambda: layers.Activation("sigmoid")])
def test_batch_normalization_and_activation_are_folded_in(normalization, activation):
    image = keras.Input((4, 4, 2))
    x = layers.Conv2DTranspose(3, 4, 2, padding="same")(image)
    network = shaken(keras.Model(image, activation()(normalization()(x))))
    fast = for_inference(network)
    assert not any(isinstance(layer, normalization) for layer in fast.layers)
    assert_same(network, fast, (2, 4, 4, 2))


@pytest.mark.parametrize("last", ["normalized", "convolved"])
def test_what_another_layer_takes_too_is_not_folded(last):
    """A skip connection, or a second output, needs the result before the normalization or before the activation."""
    image = keras.Input((4, 4, 2))
    convolved = layers.Conv2DTranspose(3, 4, 2, padding="same")(image)
    normalized = BatchNormalization()(convolved)
    other = {"normalized": normalized, "convolved": convolved}[last]
    x = layers.Concatenate()([layers.ReLU()(normalized), other])
    assert_same(network := shaken(keras.Model(image, x)), for_inference(network), (2, 4, 4, 2))
    network = shaken(keras.Model(image, {"a": layers.ReLU()(normalized), "b": other}))
    x = np.random.default_rng(1).standard_normal((2, 4, 4, 2)).astype("float32")
    expected, received = network(x, training=False), for_inference(network)(x, training=False)
    for key in "ab":
        np.testing.assert_allclose(received[key], expected[key], rtol=1e-4, atol=1e-5)


def test_softmax_after_a_transposed_convolution_is_not_moved_before_the_pixels_are_in_place():
    image = keras.Input((4, 4, 2))
    x = layers.Conv2DTranspose(3, 4, 2, padding="same")(image)
    network = shaken(keras.Model(image, layers.Activation("softmax")(x)))
    assert_same(network, for_inference(network), (2, 4, 4, 2))


def test_layer_that_is_called_twice_stays():
    image, layer = keras.Input((4, 4, 2)), layers.Conv2DTranspose(2, 4, 2, padding="same")
    network = shaken(keras.Model(image, layer(layer(image))))
    fast = for_inference(network)
    assert any(map(transposed, fast.layers))
    assert_same(network, fast, (2, 4, 4, 2))


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (dict(filters=1, kernel_size=4, padding="same"), (6, 8)),
        (dict(filters=3, kernel_size=(7, 2), padding="same", use_bias=False), (6, 8)),
        (dict(filters=3, kernel_size=7, padding="valid", activation="tanh"), (12, 10)),
        (dict(filters=4, kernel_size=1), (6, 8)),
    ],
    ids=str,
)
def test_convolution_to_few_channels_computes_blocks(options, size):
    image = keras.Input((*size, 5))
    network = shaken(keras.Model(image, layers.Conv2D(**options)(image)))
    fast = for_inference(network)
    assert [layer.filters for layer in fast.layers if isinstance(layer, layers.Conv2D)] == [4 * options["filters"]]
    assert_same(network, fast, (2, *size, 5))


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (dict(filters=5, kernel_size=4, padding="same"), (6, 8)),
        (dict(filters=1, kernel_size=4, padding="same"), (7, 8)),
        (dict(filters=1, kernel_size=4, padding="valid"), (6, 8)),
        (dict(filters=1, kernel_size=4, strides=2, padding="same"), (6, 8)),
        (dict(filters=1, kernel_size=3, dilation_rate=2, padding="same"), (6, 8)),
    ],
    ids=str,
)
def test_other_convolutions_stay(options, size):
    image = keras.Input((*size, 5))
    network = keras.Model(image, layers.Conv2D(**options)(image))
    fast = for_inference(network)
    assert [layer.filters for layer in fast.layers if isinstance(layer, layers.Conv2D)] == [options["filters"]]
    assert_same(network, fast, (2, *size, 5))


def test_kernels_place_every_weight_once():
    kernel = np.arange(4 * 4 * 2 * 3, dtype="float64").reshape(4, 4, 2, 3) + 1.0
    assert sorted(subpixel_kernel(kernel, 2).ravel()) == sorted(kernel.ravel())
    blocks = block_kernel(kernel)
    assert blocks.shape == (5, 5, 2, 12)
    assert np.count_nonzero(blocks) == 4 * kernel.size


def test_weights_of_the_network_stay_as_they_are():
    network = shaken(conv_generator((28, 28, 1), latent_dim=3, base_filters=2))
    before = network.get_weights()
    fast = for_inference(network)
    assert_same(network, fast, (2, 3))
    assert all((old == new).all() for old, new in zip(before, network.get_weights(), strict=True))


def test_networks_that_are_not_functional_stay():
    class Own(keras.Model):
        def call(self, x):
            return x

    image = keras.Input((4, 4, 2))
    functional = keras.Model(image, layers.Conv2DTranspose(3, 2, 2, padding="same")(image))
    model = SimpleNamespace(own=Own(), sequential=keras.Sequential([image, layers.ReLU()]), functional=functional)
    before = dict(vars(model))
    with rewritten_networks(model) as networks:
        assert (model.own, model.sequential) == (before["own"], before["sequential"])
        assert [model.functional] == networks and model.functional is not functional
    assert vars(model) == before


@for_exports(features_of=builders)
def test_rewritten_networks_give_the_same_function_and_are_gone_afterwards(case):
    model = shaken(case.build(dtype="float32"))
    before, functions = dict(vars(model)), portable(model)
    # Drawn by a copy, so that the model's own networks are first called in the context.
    inputs = {name: sample_inputs(function, 2) for name, function in portable(model.float32_copy()).items()}
    with rewritten_networks(model):
        networks = {name for name, value in before.items() if isinstance(value, keras.Model)}
        assert not any(vars(model)[name] is before[name] for name in networks)
        received = {name: function.compute(inputs[name]) for name, function in functions.items()}
    assert set(vars(model)) <= set(before) and all(vars(model)[name] is before[name] for name in networks)
    expected = {name: function.compute(inputs[name]) for name, function in functions.items()}
    for name, outputs in expected.items():
        for key, value in outputs.items():
            atol = 1 if value.dtype == "uint8" else 1e-4
            np.testing.assert_allclose(received[name][key], value, rtol=1e-3, atol=atol, err_msg=name)
