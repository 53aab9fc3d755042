"""Measures of the health of a GAN, against sums over pairs."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from keras_genzoo.metrics import health


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(12, 5)).astype("float32")


def test_accuracy_is_the_share_of_pairs_for_scores_of_any_scale():
    random = np.random.default_rng(1)
    real, fake = random.integers(0, 6, (20, 1)) + 1.0, random.integers(-2, 4, (15, 1)) + 0.0  # with ties
    wanted = np.mean((real > fake.T) + 0.5 * (real == fake.T))
    assert 0.5 < wanted < 1.0
    assert health.pair_accuracy(real, fake) == pytest.approx(wanted)
    assert health.pair_accuracy(np.exp(real), np.exp(fake)) == pytest.approx(wanted)
    assert health.pair_accuracy(-real, -fake) == pytest.approx(1.0 - wanted)


def test_rows_of_large_images_are_means_of_blocks():
    images = np.random.default_rng(2).normal(size=(3, 70, 64, 3)).astype("float32")
    found = health.as_rows(images)
    assert found.shape == (3, 35 * 32 * 3)
    np.testing.assert_allclose(found[1, 3:6], images[1, :2, 2:4].mean(axis=(0, 1)), rtol=1e-5)
    small = images[:, :63, :40]
    np.testing.assert_array_equal(health.as_rows(small), small.reshape(3, -1))
    np.testing.assert_array_equal(health.as_rows(images[:, 0, 0]), images[:, 0, 0])


def test_mean_distance_leaves_out_a_row_and_itself(rows):
    assert health.mean_distance(rows) == pytest.approx(pdist(rows).mean(), rel=1e-6)


def test_shift_is_the_energy_distance_over_twice_the_mean_distance(rows):
    after = rows + 1.0
    between = cdist(rows, after)[~np.eye(12, dtype=bool)].mean()
    energy = 2 * between - 2 * pdist(rows).mean()
    assert health.shift(rows, after) == pytest.approx(energy / (2 * between), rel=1e-4)


def test_shift_is_0_for_what_stays_and_1_for_a_point_that_hops(rows):
    assert health.shift(rows, rows) == pytest.approx(0.0, abs=1e-6)
    point = np.zeros((12, 5))
    assert health.shift(point, point) == 0.0
    assert health.shift(point, point + 3.0) == pytest.approx(1.0)


def test_shift_sees_images_that_only_change_places_as_unmoved():
    rows = np.random.default_rng(3).normal(size=(200, 5))
    assert abs(health.shift(rows, rows[::-1])) < 0.01
    assert health.shift(rows, rows + 2.0) > 0.3


def test_distance_to_real_rows_falls_to_0():
    real, rows = np.random.default_rng(4).normal(size=(2, 200, 5))
    far, near, there = (health.distance_to(real, rows + move) for move in (3.0, 1.0, 0.0))
    assert far > near > 0.05 > 0.01 > abs(there)


def test_equal_images_and_small_scores_are_no_vanished_gradient(rows):
    def compared(real, scores, gradient):
        made = dict(images=rows, real_scores=scores, fake_scores=-scores, gradients=np.full(len(rows), gradient))
        return health.RealImages(real, len(real)).compared(made, rows)["relative_gradient"]

    scores = np.linspace(0.1, 1.0, len(rows))
    assert np.isinf(compared(np.repeat(rows[:1], len(rows), axis=0), scores, 1e-3))
    assert compared(rows, scores, 0.0) == 0.0
    assert compared(rows, 1e-6 * scores, 4e-7) == pytest.approx(compared(rows, scores, 0.4))  # of a clipped critic


def test_copies_are_near_to_one_original_and_blurred_images_are_not(rows):
    rows = 10 * rows
    blurred, near, halfway = rows.mean(axis=0), rows[3] + 0.1, (rows[1] + rows[2]) / 2
    assert health.copied(np.stack([blurred, near, halfway, rows[5]]), rows).tolist() == [False, True, False, True]


def test_equal_originals_count_once(rows):
    assert health.copied(rows[:1], np.concatenate([rows, rows])).tolist() == [True]
    assert health.copied(rows[:1], rows[[0, 0]]).tolist() == [False]  # nothing to compare with


def test_copies_among_real_images_are_pairs_that_are_much_alike(rows):
    again = np.concatenate([10 * rows, 10 * rows[:1] + 0.01, 10 * rows[1:2]])
    found = health.copied_among(again)
    assert found[[0, 12]].all() and found.sum() == 2
