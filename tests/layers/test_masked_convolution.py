"""Masked convolutions: what each position sees, by exact gradients, and sums with a masked kernel."""

import keras
import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

from keras_genzoo.layers import MaskedConv2D

KINDS = {
    "A": dict(kernel_size=5, mask_type="A"),
    "B": dict(kernel_size=3, mask_type="B"),
    "rows above": dict(kernel_size=(3, 5), mask_type="A", whole_rows=True),
    "rows": dict(kernel_size=(5, 3), mask_type="B", whole_rows=True),
    "left": dict(kernel_size=(1, 5), mask_type="A"),
    "left and own": dict(kernel_size=(1, 3), mask_type="B"),
}
for_every_kind = pytest.mark.parametrize("kind", KINDS)


def sees(network, shape):
    """Which position of the output depends on which of the input: bool `(height, width, height, width)`."""
    inputs = tf.constant(np.random.default_rng(0).normal(size=(1, *shape)), "float32")
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = tf.reduce_sum(network(inputs), axis=-1)
    return (np.asarray(tape.jacobian(outputs, inputs))[0, :, :, 0] != 0.0).any(axis=-1)


def earlier(height, width, itself):
    """Which position comes after which other in raster order: bool `(height, width, height, width)`."""
    order = np.arange(height * width)
    after = order[:, None] >= order if itself else order[:, None] > order
    return after.reshape(height, width, height, width)


@for_every_kind
def test_a_position_sees_what_comes_before_it_in_reach_of_the_kernel_and_nothing_else(kind):
    args = KINDS[kind]
    layer = MaskedConv2D(3, **args)
    found = sees(layer, (6, 7, 2))
    size = args["kernel_size"] if isinstance(args["kernel_size"], tuple) else (args["kernel_size"],) * 2
    for row, column in np.ndindex(6, 7):
        rows, columns = np.indices((6, 7))
        near = (abs(rows - row) <= size[0] // 2) & (abs(columns - column) <= size[1] // 2)
        if args.get("whole_rows"):
            before = rows <= row if args["mask_type"] == "B" else rows < row
        else:
            before = earlier(6, 7, args["mask_type"] == "B")[row, column]
        np.testing.assert_array_equal(found[row, column], near & before)


@for_every_kind
def test_outputs_are_those_of_a_convolution_with_zeros_in_its_kernel(kind):
    args = KINDS[kind]
    layer = MaskedConv2D(2, activation="tanh", **args)
    images = np.random.default_rng(0).normal(size=(1, 6, 7, 3)).astype("float32")
    layer(images)
    layer.bias.assign([0.5, -0.5])
    height, width = layer.kernel_size
    kernel = np.zeros((height, width, 3, 2))
    rows, columns = layer.kernel.shape[:2]
    kernel[:rows, :columns] = layer.kernel.numpy()
    for row, column in np.ndindex(height, width):  # what stands after the middle, or in it
        order = row - height // 2 if args.get("whole_rows") else (row - height // 2) * width + column - width // 2
        if order > 0 or (order == 0 and args["mask_type"] == "A"):
            kernel[row, column] = 0.0
    for channel, bias in enumerate((0.5, -0.5)):
        parts = [scipy.signal.correlate2d(images[0, :, :, i], kernel[..., i, channel], "same") for i in range(3)]
        np.testing.assert_allclose(layer(images)[0, :, :, channel], np.tanh(sum(parts) + bias), atol=1e-5)


def test_a_stack_is_autoregressive_for_any_weights():
    network = keras.Sequential([MaskedConv2D(4, 5, "A"), MaskedConv2D(4, 3, "B"), MaskedConv2D(1, 3, "B")])
    network.build((None, 5, 5, 1))
    found = sees(network, (5, 5, 1))
    assert not (found & ~earlier(5, 5, itself=False)).any()
    assert found[4, 4, 0].all()
    np.testing.assert_array_equal(found[1, 0, 0], [True, True, True, False, False])  # the blind spot of square kernels


def test_weights_that_the_mask_covers_get_no_gradient():
    layer = MaskedConv2D(1, 3, "A")
    images = np.ones((1, 5, 5, 1), "float32")
    layer(images)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(images))
    gradient = np.asarray(tape.gradient(total, layer.kernel.value))[..., 0, 0]
    np.testing.assert_array_equal(gradient != 0.0, [[True, True, True], [True, False, False]])


def test_layer_has_sides_that_are_not_known_and_a_file(tmp_path):
    layer = MaskedConv2D(2, (3, 5), "A", activation="relu", use_bias=False, kernel_initializer="he_normal")
    network = keras.Model(*(lambda x: (x, layer(x)))(keras.Input((None, None, 3))))
    assert network.output_shape == (None, None, None, 2)
    network.save(tmp_path / "model.keras")
    images = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), network(images))


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_layer_computes_in_its_dtype(dtype):
    layer, plain = MaskedConv2D(2, 3, "B", dtype=dtype), MaskedConv2D(2, 3, "B")
    images = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype("float32")
    assert layer(images).dtype == layer.compute_dtype and layer.kernel.dtype == layer.variable_dtype
    plain(images)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(tf.cast(layer(images), "float32"), plain(images), atol=0.05)


@pytest.mark.parametrize(
    "args",
    [
        dict(filters=0, kernel_size=3, mask_type="A"),
        dict(filters=2.0, kernel_size=3, mask_type="A"),
        dict(filters=2, kernel_size=4, mask_type="A"),
        dict(filters=2, kernel_size=(3, 0), mask_type="A"),
        dict(filters=2, kernel_size=(3, 3, 3), mask_type="A"),
        dict(filters=2, kernel_size="3", mask_type="A"),
        dict(filters=2, kernel_size=3, mask_type="a"),
        dict(filters=2, kernel_size=3, mask_type="A", whole_rows=1),
        dict(filters=2, kernel_size=3, mask_type="A", use_bias=None),
        dict(filters=2, kernel_size=1, mask_type="A"),
        dict(filters=2, kernel_size=(1, 5), mask_type="A", whole_rows=True),
    ],
    ids=str,
)
def test_arguments_out_of_range_are_refused(args):
    with pytest.raises(ValueError, match="Expected .*Received"):
        MaskedConv2D(**args)


def test_inputs_that_are_no_maps_are_refused():
    with pytest.raises(ValueError, match="Expected inputs .batch, height, width, channels.. Received: shape"):
        MaskedConv2D(2, 3, "A").build((None, 4, 3))
