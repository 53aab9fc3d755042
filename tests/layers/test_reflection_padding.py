"""Padding by reflection, in training and without, against NumPy and the gradient of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genzoo.layers import ReflectionPadding

CASES = [
    ((2, 5, 7, 3), [(1, 1), (1, 1)]),
    ((2, 9, 8, 1), [(3, 2), (0, 4)]),
    ((1, 4, 5, 2), [(3, 3), (1, 0)]),  # margins that overlap
    ((2, 9, 3), [(2, 3)]),
    ((1, 6, 6, 1), [(2, 2), (2, 2)]),  # no pixel of the input without a reflection but the middle ones
]


def pixels(shape, dtype="float32"):
    return tf.cast(np.random.default_rng(0).normal(size=shape), dtype)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("shape", "margins"), CASES, ids=str)
def test_output_equals_numpy(shape, margins, training):
    layer, images = ReflectionPadding(margins), pixels(shape)
    expected = np.pad(images, ((0, 0), *margins, (0, 0)), mode="reflect")
    np.testing.assert_array_equal(layer(images, training=training), expected)
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *expected.shape[1:])


@pytest.mark.parametrize(("shape", "margins"), CASES, ids=str)
def test_first_and_second_gradient_equal_those_of_keras(shape, margins):
    images, gradients = pixels(shape), []
    for function in (
        lambda x: ReflectionPadding(margins)(x, training=True),
        lambda x: keras.ops.pad(x, ((0, 0), *margins, (0, 0)), mode="reflect"),
    ):
        with tf.GradientTape() as outer:
            outer.watch(images)
            with tf.GradientTape() as inner:
                inner.watch(images)
                outputs = function(images)
                loss = tf.reduce_sum(tf.range(tf.size(outputs), dtype="float32") * tf.reshape(outputs, [-1]) ** 3)
            first = inner.gradient(loss, images)
            penalty = tf.reduce_sum(tf.square(first))
        gradients.append((first, outer.gradient(penalty, images)))
    for ours, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)


@pytest.mark.parametrize(
    "margins", [1, [(1, 1), 2], [(-1, 0), (0, 0)], [(1.5, 1), (1, 1)], [(1, 1, 1), (1, 1)]], ids=str
)
def test_margins_are_pairs_of_whole_numbers(margins):
    with pytest.raises(ValueError, match="Expected a pair of integers of at least 0 for each side. Received: margins="):
        ReflectionPadding(margins)


@pytest.mark.parametrize("training", [True, False])
def test_margins_are_less_than_the_sides(training):
    with pytest.raises(ValueError, match="Expected sides that are longer than the margins"):
        ReflectionPadding([(1, 1), (0, 3)])(pixels((1, 4, 3, 1)), training=training)


def test_signals_and_images_are_not_mistaken():
    with pytest.raises(ValueError, match=r"Expected inputs of 2 sides, .* Received: shape \(2, 9, 3\)"):
        ReflectionPadding([(1, 1), (1, 1)])(pixels((2, 9, 3)))


def test_half_precision_and_a_copy_from_its_config():
    layer = ReflectionPadding.from_config(ReflectionPadding([(1, 2)], dtype="mixed_bfloat16").get_config())
    outputs = layer(pixels((1, 9, 2), "bfloat16"), training=True)
    assert outputs.dtype == tf.bfloat16 and outputs.shape == (1, 12, 2)
