"""Augmentations, on images whose result is known by hand."""

import keras
import numpy as np
import pytest

from keras_genzoo import augmentations, registry


def image(*rows):
    return np.asarray(rows, "float32")[None, :, :, None]


def same(images, expected):
    np.testing.assert_allclose(np.asarray(images), expected, atol=1e-6)


def test_a_gan_takes_the_names_of_all_augmentations():
    assert registry.describe("gan").arguments["augmentations"].choices == tuple(augmentations.FUNCTIONS)


def test_flip_mirrors_the_lower_half_of_the_numbers():
    images = np.repeat(image([1, 2, 3], [4, 5, 6]), 2, axis=0)
    same(
        augmentations.flip(images, np.float32([[0.1], [0.9]]))[..., 0], [[[3, 2, 1], [6, 5, 4]], [[1, 2, 3], [4, 5, 6]]]
    )


def test_translation_shifts_by_whole_pixels_and_fills_with_grey():
    images = image(*np.arange(1, 65).reshape(8, 8))
    down_left = augmentations.translation(images, np.float32([[0.99, 0.0]]))
    expected = np.zeros((8, 8))
    expected[1:, :-1] = images[0, :-1, 1:, 0]
    same(down_left[0, ..., 0], expected)
    same(augmentations.translation(images, np.float32([[0.5, 0.5]])), images)


def test_cutout_hides_a_square_of_half_the_side():
    hidden = (
        np.asarray(augmentations.cutout(np.ones((1, 8, 8, 1), "float32"), np.float32([[0.5, 0.0]])))[0, ..., 0] == 0
    )
    assert hidden[2:6, :2].all() and hidden.sum() == 8  # rows 2..5 about row 4, columns -2..1 about column 0


def test_color_changes_brightness_saturation_and_contrast():
    images = keras.random.uniform((1, 4, 4, 3), -1, 1, seed=0).numpy()
    same(augmentations.color(images, np.float32([[0.5, 0.5, 0.5]])), images)  # none of them
    same(augmentations.color(images, np.float32([[0.75, 0.5, 0.5]])), images + 0.25)
    same(augmentations.color(images, np.float32([[0.5, 0.0, 0.5]])), np.repeat(images.mean(-1, keepdims=True), 3, -1))
    mean = images.mean()
    same(augmentations.color(images, np.float32([[0.5, 0.5, 0.0]])), mean + 0.5 * (images - mean))


def test_scale_enlarges_about_the_center():
    ramp = np.tile(np.arange(9, dtype="float32") - 4, (9, 1))[None, :, :, None]  # 0 in the middle column
    larger = np.asarray(augmentations.scale(ramp, np.float32([[0.8413447]])))  # one standard deviation: 2**0.2
    same(larger[0, 4, 1:8, 0], ramp[0, 4, 1:8, 0] / 2**0.2)
    same(augmentations.scale(ramp, np.float32([[0.5]])), ramp)


@pytest.mark.parametrize("probability, changed", [(0.0, 0), (0.25, 250), (1.0, 1000)])
def test_each_image_is_changed_with_the_given_probability(probability, changed):
    images = keras.random.uniform((1000, 8, 8, 1), -1, 1, seed=0).numpy()
    seen = augmentations.augmented(images, keras.random.SeedGenerator(0), ("color",), probability)
    assert np.abs((np.abs(seen - images).max(axis=(1, 2, 3)) > 1e-6).sum() - changed) <= 45


def test_gradients_of_gradients_pass_through_all_augmentations():
    import tensorflow as tf

    images = tf.constant(keras.random.uniform((2, 8, 8, 3), -1, 1, seed=0))
    with tf.GradientTape() as outer:
        outer.watch(images)
        with tf.GradientTape() as inner:
            inner.watch(images)
            seen = augmentations.augmented(images, keras.random.SeedGenerator(1), tuple(augmentations.FUNCTIONS))
            score = tf.reduce_sum(seen**3)
        slope = tf.reduce_sum(inner.gradient(score, images) ** 2)
    second = outer.gradient(slope, images).numpy()
    assert np.isfinite(second).all() and np.abs(second).max() > 0
