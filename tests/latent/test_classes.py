"""Paths between classes: which mixtures lie on them, and that a row keeps its code."""

import numpy as np
import pytest

import keras_genzoo
from keras_genzoo import latent


@pytest.fixture(scope="module")
def model():
    args = dict(image_shape=(8, 8, 1), latent_dim=4, base_filters=4, code_sizes=(3, 2), num_factors=1, seed=0)
    return keras_genzoo.build("infogan", **args)


def test_a_path_goes_through_its_classes_in_even_steps(model):
    path = latent.class_path(model, [0, 2, 1], steps=2)
    np.testing.assert_array_equal(path, [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1], [0, 0.5, 0.5], [0, 1, 0]])
    closed = latent.class_path(model, [0, 1], steps=2, closed=True, name="code2s")
    np.testing.assert_array_equal(closed, [[1, 0], [0.5, 0.5], [0, 1], [0.5, 0.5]])


def test_a_row_keeps_its_code_and_its_other_conditions(model):
    rows = latent.interpolate_classes(model, [0, 2], num=2, steps=3, seed=5, start=1)
    assert rows.shape == (2, 3, 8, 8, 1)
    for code, column in ((0, 0), (2, 2)):  # the ends are images of the classes, with the defaults of images 1 and 2
        np.testing.assert_array_equal(rows[:, column], model.generate(2, seed=5, start=1, codes=[code] * 2))


def test_wrong_classes_are_refused(model):
    for arguments, sentence in (
        (dict(classes=[0]), "Expected at least two codes to go through. Received: 1"),
        (dict(classes=[0, 3]), "Expected codes in 0..2. Received: 1 outside, such as 3"),
        (
            dict(classes=[0, 1], name="factors"),
            "Expected a model that takes classes 'factors'. Received: InfoGAN, which",
        ),
    ):
        with pytest.raises(ValueError, match=sentence):
            latent.class_path(model, **arguments)
    for weights, sentence in (
        ({0: 0.5}, "Received: a sum of 0.5"),
        ({0: 0.5, "0": 0.5}, "Expected each class once"),
        ([0.5, 0.5], "Expected weights as a dict"),
    ):
        with pytest.raises(ValueError, match=sentence):
            latent.class_weights(model, weights)
    with pytest.raises(ValueError, match="Expected a model that takes classes. Received: VAE, which takes none"):
        latent.class_weights(keras_genzoo.build("vae", image_shape=(8, 8, 1), base_filters=2), {0: 1.0})


def test_a_named_direction_changes_its_component_alone(model):
    rows = latent.traverse(model, "factors[0]", num=2, steps=3, seed=4)
    for column, value in ((0, -1.0), (1, 0.0), (2, 1.0)):
        np.testing.assert_array_equal(rows[:, column], model.generate(2, seed=4, factors=value))
    z = latent.sample(model, 1, seed=4)
    low, high = np.percentile(latent.sample(model, 2000)[:, 3], (1, 99))
    ends = np.repeat(z, 2, axis=0)
    ends[:, 3] = low, high
    row = latent.traverse(model, "z[3]", steps=2, seed=4, code2s=1, factors=0.5)[0]
    np.testing.assert_array_equal(row, latent.decode(model, ends, codes=[0, 0], code2s=1, factors=0.5))
    changes = latent.named_directions(model, num_samples=2)
    assert set(changes) == {"factors[0]", *(f"z[{index}]" for index in range(4))}
    assert list(changes.values()) == sorted(changes.values(), reverse=True)
    for wrong in ("z[4]", "z", "codes[0]", "factors[1]"):
        with pytest.raises(ValueError, match=r"Expected a direction of infogan, one of factors\[0..0\], z\[0..3\]"):
            latent.traverse(model, wrong)
