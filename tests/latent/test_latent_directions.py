"""Leading directions of codes: those of the Jacobian, for a model whose Jacobian is known, and for every model."""

import numpy as np
import pytest
import tensorflow as tf
from cases import cases_with, for_kinds

import keras_genzoo
from keras_genzoo.families.conditions import ClassCondition
from keras_genzoo.latent import directions, leading_directions

for_models = for_kinds(lambda case: case.model_class.images_from_codes, cases_with("latent_sample"))


class Linear:
    """Images `mean + z @ weights + wave * sin(z_0)`: the mean of `J^T J` is known in closed form."""

    image_shape = (8, 8, 1)
    latent_dim = 5
    conditions = ()

    def __init__(self, wave=0.0):
        rng = np.random.default_rng(0)
        self.codes, _ = np.linalg.qr(rng.standard_normal((5, 5)))
        self.scales = np.array([4.0, 3.0, 2.0, 1.0, 0.5]) / 100.0
        pixels, _ = np.linalg.qr(rng.standard_normal((64, 5)))
        self.weights = (self.codes * self.scales) @ pixels.T  # columns of codes are the singular vectors
        self.wave = wave * pixels[:, 0]

    def latent_sample(self, num, seed, start=0):
        return np.random.default_rng(seed).standard_normal((num, 5)).astype("float32")

    def images_from_codes(self, z):
        z = tf.cast(z, "float64")
        images = 0.5 + z @ self.weights + tf.sin(z[:, :1]) * self.wave
        return tf.reshape(tf.cast(images, "float32"), (-1, 8, 8, 1))


class Labelled(Linear):
    """Each class has a direction of its own, and no other does anything."""

    conditions = (ClassCondition("labels", 3),)

    def images_from_codes(self, z, labels):
        slope = tf.gather([0.03, 0.02, 0.01], labels) * tf.gather(z, labels, batch_dims=1)
        return tf.reshape(0.5 + slope[:, None] * tf.eye(1, 64), (-1, 8, 8, 1))


def test_directions_of_a_linear_model_are_its_singular_vectors():
    model = Linear()
    vectors, eigenvalues = leading_directions(model, num=4, num_samples=3)
    assert vectors.shape == (4, 5) and vectors.dtype == np.float32
    np.testing.assert_allclose(eigenvalues, model.scales[:4] ** 2, rtol=1e-3)
    np.testing.assert_allclose(np.abs(vectors @ model.codes[:, :4]), np.eye(4), atol=2e-3)


def test_mean_is_taken_over_codes_of_the_prior():
    model = Linear(wave=0.5)
    model.weights = np.zeros((5, 64))
    vectors, eigenvalues = leading_directions(model, num=1, num_samples=200, seed=3)
    first = model.latent_sample(200, 3)[:, 0].astype("float64")
    assert eigenvalues[0] == pytest.approx(np.mean((0.5 * np.cos(first)) ** 2), rel=1e-3)
    np.testing.assert_allclose(vectors[0], np.eye(1, 5)[0], atol=1e-3)


def test_labels_are_dealt_in_turn():
    vectors, eigenvalues = leading_directions(Labelled(), num=3, num_samples=9)
    np.testing.assert_allclose(eigenvalues, np.array([0.03, 0.02, 0.01]) ** 2 / 3.0, rtol=1e-3)
    np.testing.assert_allclose(vectors, np.eye(3, 5), atol=1e-4)


def test_parts_that_fit_into_memory_give_the_same(monkeypatch):
    whole = leading_directions(Linear(wave=0.2), num=3, num_samples=10)
    monkeypatch.setattr(directions, "MEMORY", 3 * 4 * 5 * 64)
    parts = leading_directions(Linear(wave=0.2), num=3, num_samples=10, batch_size=7)
    np.testing.assert_allclose(parts.eigenvalues, whole.eigenvalues, rtol=1e-6)
    np.testing.assert_allclose(parts.vectors, whole.vectors, atol=1e-5)


@for_models
def test_directions_are_unit_vectors_that_repeat(built, case):
    model = built(case)
    first = leading_directions(model, num=3, num_samples=6, seed=1)
    np.testing.assert_allclose(first.vectors @ first.vectors.T, np.eye(3), atol=1e-5)
    assert np.all(np.diff(first.eigenvalues) <= 0.0)
    assert np.all(first.vectors[np.arange(3), np.abs(first.vectors).argmax(axis=1)] > 0.0)
    again = leading_directions(model, num=3, num_samples=6, seed=1)
    assert first.vectors.tobytes() == again.vectors.tobytes()
    assert first.eigenvalues.tobytes() == again.eigenvalues.tobytes()


def test_directions_of_a_model_in_half_precision_are_those_of_its_weights():
    options = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=4, seed=0)
    half = keras_genzoo.build("dcgan", dtype="mixed_bfloat16", **options)
    exact = leading_directions(half.float32_copy(), num=4, num_samples=8)
    found = leading_directions(half, num=4, num_samples=8)
    np.testing.assert_array_equal(found.vectors, exact.vectors)
    assert not np.allclose(exact.eigenvalues, exact.eigenvalues[0])


def test_first_direction_of_a_trained_model_moves_images_more_than_the_last():
    model = keras_genzoo.build("vae", weights="mnist")
    vectors, eigenvalues = leading_directions(model, num=model.latent_dim, num_samples=8)
    z = np.asarray(model.latent_sample(32, seed=5))
    change = [np.sum((model.decode(z + row) - model.decode(z)) ** 2, axis=(1, 2, 3)).mean() for row in vectors[[0, -1]]]
    assert eigenvalues[0] > 100.0 * eigenvalues[-1]
    assert change[0] > 10.0 * change[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num": 0}, "num to be an integer of at least 1. Received: num=0"),
        ({"num": 6}, "at most latent_dim=5. Received: num=6"),
        ({"num_samples": 0}, "num_samples to be an integer of at least 1"),
        ({"batch_size": 0}, "batch_size to be an integer of at least 1"),
        ({"seed": "a"}, "seed to be an integer of 64 bits. Received: seed='a'"),
        ({"model": keras_genzoo}, "makes images from codes z. Received: module"),
    ],
)
def test_wrong_argument_names_what_is_expected(arguments, message):
    with pytest.raises(ValueError, match=message):
        leading_directions(**{"model": Linear(), "num": 2, **arguments})


def test_directions_are_shown_in_one_line():
    found = directions.Directions(np.zeros((2, 100)), np.array([3.0, 0.25]))
    assert repr(found) == "<Directions: 2 in 100 dimensions, eigenvalues 3 to 0.25>"
