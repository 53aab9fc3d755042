"""Nearest training images of samples: which they are, how far, and what is said of them."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from keras_genzoo.metrics import health, nearest_neighbours


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (60, 4, 5, 3), "uint8")


def test_neighbours_are_those_of_a_plain_search(noise):
    samples, training, held_out = noise[:10], noise[10:50], noise[50:]
    found = nearest_neighbours(samples, training, held_out, num=3)
    rows, known, usual = (each.reshape(len(each), -1).astype(float) for each in (samples, training, held_out))
    np.testing.assert_array_equal(found.indices, cdist(rows, known).argsort(axis=1)[:, :3])
    np.testing.assert_allclose(found.distances, cdist(rows, known).min(axis=1) / 60**0.5, rtol=1e-4)
    np.testing.assert_allclose(found.usual_distances, cdist(usual, known).min(axis=1) / 60**0.5, rtol=1e-4)
    floats = nearest_neighbours(samples / 255.0, training / 255.0, held_out / 255.0, num=3)
    np.testing.assert_allclose(floats.distances, found.distances, rtol=1e-4)
    assert not found.memorized and found.verdict().startswith("No sign of memorizing: 0.0% of 10 samples")


def test_copies_are_told_by_the_rule_of_the_health_of_gans(noise, monkeypatch):
    monkeypatch.setattr(health, "PART", 3)  # of a search in parts
    training = noise[10:50]
    samples = np.concatenate([training[:3], noise[:7]])
    found = nearest_neighbours(samples, training, noise[50:], num=1)
    np.testing.assert_array_equal(found.copied, health.copied(health.as_rows(samples), health.as_rows(training)))
    assert found.copied.tolist() == [True] * 3 + [False] * 7 and found.indices[:3, 0].tolist() == [0, 1, 2]
    assert found.memorized and "Memorizing: 30.0% of 10 samples" in found.verdict()  # more than 20 % above the usual
    usual = np.concatenate([training[-4:], noise[50:56]])  # the data repeats images, too
    assert not nearest_neighbours(samples, training, usual).memorized


def test_without_others_training_images_are_compared_among_themselves(noise):
    found = nearest_neighbours(noise[:5], noise[10:])
    assert not found.held_out and len(found.usual_distances) == 25 and not found.usual_copied.any()
    distances = cdist(*(each.reshape(25, -1).astype(float) for each in (noise[10:35], noise[35:])))
    np.testing.assert_allclose(found.usual_distances, distances.min(axis=1) / 60**0.5, rtol=1e-4)
    for wrong, sentence in (
        ((noise[:0], noise), "Expected at least 1 image\\(s\\) as images"),
        ((noise, noise[:1]), "Expected at least 2 image\\(s\\) as training"),
        ((noise, noise[:, :3]), "Expected training images of shape"),
        ((noise, noise, noise[..., :1]), "Expected held_out images of shape"),
    ):
        with pytest.raises(ValueError, match=sentence):
            nearest_neighbours(*wrong)
