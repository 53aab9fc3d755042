"""The classifier: random shifts and flips of training images, and smoothed labels."""

import itertools

import numpy as np
import pytest
import scipy.special
import tensorflow as tf

import keras_genzoo


def build(**args):
    small = dict(image_shape=(8, 8, 1), num_classes=3, base_filters=2, feature_dim=2, seed=0)
    return keras_genzoo.build("classifier", **small, **args)


def noise(num):
    """Images in [-1, 1], of which no two are equal."""
    return np.random.default_rng(0).uniform(-1.0, 1.0, (num, 8, 8, 1)).astype("float32")


def shifted(images, rows, columns):
    """Images moved by whole pixels, with black pixels where nothing came."""
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=-1.0)
    return padded[:, 2 - rows : 10 - rows, 2 - columns : 10 - columns]


def test_images_stay_as_they_are_without_augmentation():
    images = noise(2)
    assert build().augment(images) is images


def test_half_of_the_images_are_mirrored_left_to_right():
    images = noise(400)
    made = np.asarray(build(flip=True).augment(images))
    kept, mirrored = ((made == each).all(axis=(1, 2, 3)) for each in (images, images[:, :, ::-1]))
    assert (kept ^ mirrored).all()
    assert mirrored.mean() == pytest.approx(0.5, abs=0.1)


def test_images_are_shifted_by_every_number_of_pixels_up_to_the_largest():
    images = noise(500)
    made = np.asarray(build(max_shift=2).augment(images))
    shifts = itertools.product(range(-2, 3), repeat=2)
    found = np.array([(made == shifted(images, *shift)).all(axis=(1, 2, 3)) for shift in shifts])
    np.testing.assert_array_equal(found.sum(axis=0), 1)
    assert found.any(axis=1).all()


def test_smoothed_labels_leave_a_part_to_all_classes():
    logits, labels = np.random.default_rng(1).normal(size=(5, 3)), np.array([0, 2, 1, 1, 0])
    targets = 0.7 * np.eye(3)[labels] + 0.1
    expected = -(targets * scipy.special.log_softmax(logits, axis=1)).sum(axis=1).mean()
    loss = build(label_smoothing=0.3).cross_entropy(labels, tf.constant(logits, tf.float32))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("num", [0, 3, 9])
def test_accuracy_needs_one_label_per_image(num):
    images = np.zeros((4, 8, 8, 1), "uint8")
    with pytest.raises(ValueError, match=f"Expected 4 labels, one per image. Received: {num}"):
        build().accuracy(images, np.zeros(num, int))
    with pytest.raises(ValueError, match="Expected at least one image"):
        build().accuracy(images[:0], np.zeros(0, int))
