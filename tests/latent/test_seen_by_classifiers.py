"""Classifiers that edits and directions cannot use, each refused by a sentence, and those that only look like it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import keras_genzoo
from keras_genzoo import latent
from keras_genzoo.latent.classifier_view import ClassifierView

SMALL = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=4, seed=0)


@pytest.fixture(scope="module")
def gan():
    return keras_genzoo.build("dcgan", **SMALL)


@pytest.fixture(scope="module")
def cgan():
    return keras_genzoo.build("cgan", **SMALL, num_classes=3)


def lighter(images):
    """Logits of two classes: whether the first pixel is lighter than the last one."""
    difference = 20.0 * (images[:, 0, 0, 0] - images[:, -1, -1, 0])
    return ops.stack([difference, -difference], axis=-1)


@pytest.fixture(scope="module")
def digits():
    """A generator of digits, and logits of them for floats of any range."""
    network = keras_genzoo.build("classifier", weights="mnist").network
    return keras_genzoo.build("vae", weights="mnist"), lambda images: network(2.0 * images - 1.0)["logits"]


@pytest.mark.parametrize("from_logits", [True, False])
def test_a_classifier_of_bytes_is_refused(digits, from_logits):
    model, logits = digits
    outputs = logits if from_logits else lambda images: ops.softmax(logits(images))
    assert ClassifierView(model, outputs, from_logits).num_outputs == 10
    with pytest.raises(ValueError, match="Expected a classifier of images in 0..1.* Received: one of images in 0..255"):
        ClassifierView(model, lambda images: outputs(images / 255.0), from_logits)


def test_an_untrained_classifier_of_floats_is_taken(digits):
    for seed in range(2):
        keras.utils.set_random_seed(seed)
        network = keras_genzoo.build("classifier", base_filters=4, seed=seed).network
        dense = [layers.Flatten(), layers.Dense(16, activation="gelu"), layers.Dense(10)]
        constant = [layers.Flatten(), layers.Dense(10, kernel_initializer="zeros")]
        for untrained in (
            lambda images: network(2.0 * images - 1.0)["logits"],  # noqa: B023
            lambda images: network(2.0 * ops.clip(images, 0.0, 1.0) - 1.0)["logits"],  # noqa: B023
            keras.Sequential([keras.Input((28, 28, 1)), *dense]),
            keras.Sequential([keras.Input((28, 28, 1)), *constant]),
        ):
            assert ClassifierView(digits[0], untrained).num_outputs == 10


def test_probabilities_of_features_are_told_from_logits_and_from_classes(gan):
    def features(images):
        return ops.sigmoid(lighter(images) + 1.0)

    with pytest.raises(ValueError, match="Expected logits, or from_logits=False, exclusive=False. Received: outputs"):
        ClassifierView(gan, features)
    with pytest.raises(ValueError, match="Expected probabilities with the sum 1, or exclusive=False for independent"):
        ClassifierView(gan, features, from_logits=False)
    assert ClassifierView(gan, features, from_logits=False, exclusive=False).num_outputs == 2

    def few(images):  # logits that are in 0..1 for all images
        return 0.5 + 0.01 * lighter(images)

    for exclusive in (True, False):
        assert ClassifierView(gan, few, exclusive=exclusive).num_outputs == 2


def test_outputs_with_names_are_taken_where_it_is_clear_which(gan):
    for given in ({"logits": 1, "features": 2}, {"digit": 1}):
        assert ClassifierView(gan, lambda images, given=given: dict.fromkeys(given, lighter(images))).num_outputs == 2
    with pytest.raises(ValueError, match="Expected a classifier that gives one tensor. .*: a dict of 'digit', 'side'"):
        ClassifierView(gan, lambda images: {"digit": lighter(images), "side": lighter(images)})


def fails(images):
    raise TypeError("of images\nthat are not what it takes")


@pytest.mark.parametrize(
    "classifier, sentence",
    [
        (lambda images: lighter(images) * np.nan, "Expected finite outputs of the classifier. .*: others for 12 of 12"),
        (fails, r"Expected a classifier of float images \(8, 8, 1\). .* fails for them \(TypeError: of images\)$"),
        (keras_genzoo.build("dcgan", **SMALL), "Expected a classifier of images. Received: a dcgan"),
    ],
)
def test_what_is_no_classifier_is_refused(gan, classifier, sentence):
    with pytest.raises(ValueError, match=sentence):
        latent.edit(gan, classifier, latent.sample(gan, 2), 1)


@pytest.mark.parametrize(
    "classifier, found",
    [
        (lambda images: 5.0 * tf.one_hot(tf.argmax(lighter(images), -1), 2), "one without a gradient"),
        (lambda images: tf.stop_gradient(lighter(images)), "one without a gradient"),
        (lambda images: np.asarray(lighter(images)), "one without a gradient"),
        (lambda images: tf.sign(lighter(images)), "one whose gradient is 0, though its outputs differ"),
    ],
)
def test_an_edit_needs_a_gradient_and_a_direction_does_not(gan, classifier, found):
    with pytest.raises(ValueError, match=f"Expected a classifier of TensorFlow operations.* Received: {found}"):
        latent.edit(gan, classifier, latent.sample(gan, 2), 1, hold=[])
    found, same = (latent.find_direction(gan, each, 1, num_samples=50) for each in (classifier, lighter))
    np.testing.assert_array_equal(found, same)


def test_directions_are_found_with_one_label_for_all_codes(cgan):
    find = dict(num_samples=60)
    for function, target in ((latent.find_direction, (1,)), (latent.class_directions, ())):
        with pytest.raises(
            ValueError, match="Expected labels, one class for all images: by default.* Received: labels=None"
        ):
            function(cgan, lighter, *target, **find)
    one = latent.find_direction(cgan, lighter, 1, **find, labels=2)
    assert np.linalg.norm(one) == pytest.approx(1.0)
    several = latent.find_direction(cgan, lighter, 1, **find, labels=np.arange(60) % 3)  # of which it sees little
    assert several @ one > 0.5


def test_labels_that_decide_what_is_seen_are_refused(cgan, monkeypatch):
    images_of = type(cgan).images_from_codes

    def light_if_1(self, z, *dtype, labels):
        images = 0.5 * (images_of(self, z, labels=labels) + ops.cast(labels == 1, "float32")[:, None, None, None])
        return ops.cast(255.0 * images, "uint8") if dtype else images

    monkeypatch.setattr(type(cgan), "images_from_codes", light_if_1)
    model = keras_genzoo.build("cgan", **SMALL, num_classes=3)

    def light(images):
        return ops.stack([0.5 - images[:, 0, 0, 0], images[:, 0, 0, 0] - 0.5], axis=-1)

    with pytest.raises(ValueError, match="Expected labels, one class for all images. Received: several, which decide"):
        latent.find_direction(model, light, 1, num_samples=60, labels=np.arange(60) % 3)
