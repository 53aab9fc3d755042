"""Builders of networks: shapes for any image size, and which layers there are."""

import keras
import numpy as np
import pytest

from keras_genzoo.layers import BatchNormalization
from keras_genzoo.networks import conv, mlp

SIZES = [(8, 8, 1), (9, 13, 3), (15, 16, 1), (28, 28, 1), (30, 50, 3), (64, 64, 3), (255, 256, 1), (8, 256, 3)]


@pytest.mark.parametrize(
    "side, doublings", [(8, 1), (15, 1), (16, 2), (28, 2), (31, 2), (32, 3), (64, 4), (128, 5), (256, 6)]
)
def test_a_generator_starts_at_four_to_seven_pixels(side, doublings):
    assert conv.num_doublings((side, 256, 1)) == conv.num_doublings((256, side, 3)) == doublings
    assert 4 <= side / 2**doublings < 8


@pytest.mark.parametrize(
    "side, halvings", [(8, 1), (9, 2), (15, 2), (16, 2), (28, 3), (32, 3), (33, 4), (64, 4), (128, 5), (256, 6)]
)
def test_a_discriminator_ends_at_three_or_four_pixels(side, halvings):
    assert conv.num_halvings((side, 256, 1)) == conv.num_halvings((256, side, 3)) == halvings
    network = conv.conv_discriminator((side, side, 1), base_filters=1)
    (flatten,) = [layer for layer in network.layers if isinstance(layer, keras.layers.Flatten)]
    assert flatten.input.shape[1] in (3, 4)


@pytest.mark.parametrize("image_shape, start", [((28, 28, 1), (7, 7)), ((9, 13, 3), (5, 7)), ((30, 50, 3), (8, 13))])
def test_the_smallest_map_covers_the_image(image_shape, start):
    assert conv.start_shape(image_shape) == start


def test_filters_double_up_to_eight_times():
    assert conv.widths(3, 64) == [64, 128, 256]
    assert conv.widths(7, 10) == [10, 20, 40, 80, 80, 80, 80]


def count(network, kind):
    return sum(isinstance(layer, kind) for layer in network.layers)


@pytest.mark.parametrize("image_shape", SIZES, ids=str)
def test_conv_generator_gives_the_image_shape(image_shape):
    network = conv.conv_generator(image_shape, 5, base_filters=1)
    assert network.output_shape == (None, *image_shape)
    assert network.input_shape == (None, 5)
    assert count(network, keras.layers.Conv2DTranspose) == conv.num_doublings(image_shape)
    assert count(network, BatchNormalization) == conv.num_doublings(image_shape) + 1
    exact = all(side % 2 ** conv.num_doublings(image_shape) == 0 for side in image_shape[:2])
    assert count(network, keras.layers.Cropping2D) == (0 if exact else 1)


@pytest.mark.parametrize("image_shape", SIZES, ids=str)
def test_conv_discriminator_gives_one_logit(image_shape):
    network = conv.conv_discriminator(image_shape, base_filters=1)
    assert network.input_shape == (None, *image_shape)
    assert network.output_shape == (None, 1)
    assert count(network, keras.layers.Conv2D) == conv.num_halvings(image_shape)
    assert count(network, BatchNormalization) == conv.num_halvings(image_shape) - 1  # the first is not normalized


def test_parameters_of_the_conv_networks_add_up():
    generator = conv.conv_generator((28, 28, 1), 100, base_filters=64, kernel_size=4)
    dense, up, image = 100 * 49 * 256, 16 * 256 * 128 + 16 * 128 * 64, 16 * 64 + 1
    assert generator.count_params() == dense + up + image + 4 * (256 + 128 + 64)
    discriminator = conv.conv_discriminator((28, 28, 1), base_filters=64, kernel_size=4)
    first, second, third = 16 * 64 + 64, 16 * 64 * 128 + 4 * 128, 16 * 128 * 256 + 4 * 256
    assert discriminator.count_params() == first + second + third + 16 * 256 + 1
    shallow = conv.conv_discriminator((28, 28, 1), base_filters=64, kernel_size=4, num_layers=2)
    assert shallow.count_params() == first + second + 49 * 128 + 1


def test_cropping_is_even_and_keeps_the_middle():
    images = np.arange(10 * 9, dtype="float32").reshape(1, 10, 9, 1)
    np.testing.assert_array_equal(conv.crop_to(keras.ops.convert_to_tensor(images), (7, 8, 1)), images[:, 1:8, 0:8])
    assert conv.crop_to(images, (10, 9, 1)) is images


def test_no_batch_norm_means_biases_instead():
    for network in (
        conv.conv_generator((16, 16, 1), 3, 2, batch_norm=False),
        conv.conv_discriminator((16, 16, 1), base_filters=2, batch_norm=False),
    ):
        assert count(network, BatchNormalization) == 0
        kernels = [layer for layer in network.layers if hasattr(layer, "kernel")]
        assert all(layer.use_bias for layer in kernels)


@pytest.mark.parametrize("activation, low, high", [("tanh", -1.0, 1.0), ("sigmoid", 0.0, 1.0)])
def test_output_activation_bounds_the_image(activation, low, high):
    z = 100.0 * np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    for network in (
        conv.conv_generator((8, 8, 1), 4, 2, output_activation=activation),
        mlp.mlp_generator((8, 8, 1), 4, (6,), output_activation=activation),
    ):
        images = np.asarray(network(z, training=True))
        assert low <= images.min() < images.max() <= high


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_outputs_are_float32_under_mixed_precision(dtype):
    networks = [
        conv.conv_generator((9, 8, 1), 4, 2, dtype=dtype),
        conv.conv_discriminator((9, 8, 1), base_filters=2, dtype=dtype),
        mlp.mlp_generator((9, 8, 1), 4, (6,), dtype=dtype),
    ]
    for network in networks:
        assert [tensor.dtype for tensor in network.outputs] == ["float32"]
        assert {variable.dtype for variable in network.weights} == {"float32"}
        halves = [layer for layer in network.layers if layer.compute_dtype == dtype.removeprefix("mixed_")]
        assert len(halves) > len(network.layers) / 2


def test_output_channels_may_differ_from_the_image():
    assert conv.conv_generator((8, 8, 1), 4, 2, output_channels=5).output_shape == (None, 8, 8, 5)


@pytest.mark.parametrize("image_shape", [(8, 8, 1), (9, 13, 3)], ids=str)
def test_mlp_generator_has_the_units_and_activation_given(image_shape):
    network = mlp.mlp_generator(image_shape, 4, (6, 7), activation="relu")
    assert network.output_shape == (None, *image_shape)
    pixels = int(np.prod(image_shape))
    assert network.count_params() == 4 * 6 + 6 + 6 * 7 + 7 + 7 * pixels + pixels
    dense = [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.activation.__name__ for layer in dense] == ["relu", "relu", "linear"]


def test_networks_name_their_ends():
    generator, discriminator = conv.conv_generator((8, 8, 1), 4, 2), conv.conv_discriminator((8, 8, 1), base_filters=2)
    assert generator.inputs[0].name == "z"
    assert discriminator.inputs[0].name == "image"
    assert generator.layers[-1].name == "image"
