"""Precision, recall, density and coverage against loops over exact distances, and at the edges."""

import tracemalloc

import numpy as np
import pytest

from keras_genzoo.metrics import coverage, density, neighbour_distances, precision, recall


def loops(real, fake, k):
    """The four numbers by their definitions, one distance at a time."""

    def distance(x, y):
        return np.sqrt(np.sum((x - y) ** 2))

    def radius(rows, i):
        return sorted(distance(rows[i], rows[j]) for j in range(len(rows)) if j != i)[k - 1]

    real_radii = [radius(real, i) for i in range(len(real))]
    fake_radii = [radius(fake, i) for i in range(len(fake))]
    inside = [[distance(f, r) <= real_radii[i] for i, r in enumerate(real)] for f in fake]
    back = [[distance(r, f) <= fake_radii[j] for j, f in enumerate(fake)] for r in real]
    return {
        "precision": np.mean([any(row) for row in inside]),
        "recall": np.mean([any(row) for row in back]),
        "density": np.sum(inside) / (k * len(fake)),
        "coverage": np.mean([any(row[i] for row in inside) for i in range(len(real))]),
    }


METRICS = {"precision": precision, "recall": recall, "density": density, "coverage": coverage}


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("n, m, d", [(40, 40, 2), (25, 60, 5), (60, 25, 3)])
def test_metrics_equal_loops(n, m, d, k):
    rng = np.random.default_rng(10 * n + k)
    real, fake = rng.normal(size=(n, d)), rng.normal(0.7, 0.8, size=(m, d))
    expected = loops(real, fake, k)
    for name, metric in METRICS.items():
        assert metric(real, fake, k) == pytest.approx(expected[name], abs=1e-12), name


def test_points_on_the_surface_of_a_ball_count_as_inside():
    rng = np.random.default_rng(0)  # whole numbers: many equal distances, duplicates, exact in the loops
    real, fake = rng.integers(0, 4, size=(2, 50, 3)).astype("float32") + 1000.0
    expected = loops(real, fake, 3)
    for name, metric in METRICS.items():
        assert metric(real, fake, 3) == pytest.approx(expected[name], abs=1e-12), name


def test_several_chunks_equal_one(monkeypatch):
    rng = np.random.default_rng(1)
    real, fake = rng.normal(size=(30, 4)), rng.normal(size=(35, 4))
    whole = {name: metric(real, fake, 3) for name, metric in METRICS.items()}
    monkeypatch.setattr("keras_genzoo.metrics.manifold._CHUNK_ELEMENTS", 100)
    assert {name: metric(real, fake, 3) for name, metric in METRICS.items()} == whole


def test_identical_sets_are_perfect():
    features = np.random.default_rng(2).normal(size=(50, 6))
    assert precision(features, features) == recall(features, features) == coverage(features, features) == 1.0
    assert density(features, features, 5) == pytest.approx(6 / 5)  # a ball holds its centre and 5 neighbours


def test_two_samples_of_one_distribution_have_the_expected_density_and_coverage():
    rng = np.random.default_rng(3)
    real, fake = rng.normal(size=(2, 1500, 8))
    assert density(real, fake) == pytest.approx(1.0, abs=0.1)
    assert coverage(real, fake) == pytest.approx(1 - 2**-5, abs=0.02)


def test_disjoint_sets_give_zero():
    real = np.random.default_rng(4).normal(size=(20, 3))
    for metric in METRICS.values():
        assert metric(real, real + 100.0) == 0.0


def test_collapsed_generator_has_precision_without_recall():
    real = np.random.default_rng(5).normal(size=(30, 3))
    fake = np.repeat(real[:1], 20, axis=0)
    assert precision(real, fake) == 1.0
    assert recall(real, fake) == pytest.approx(1 / 30)  # only the copied image itself, at distance 0
    assert recall(real[1:], fake) == 0.0


def test_given_radii_replace_the_search():
    rng = np.random.default_rng(6)
    real, fake = rng.normal(size=(20, 3)), rng.normal(size=(25, 3))
    radii = neighbour_distances(real, 5)
    assert precision(real, fake, 3, radii=radii[:, 2]) == precision(real, fake, 3)
    assert density(real, fake, 5, radii=radii[:, 4]) == density(real, fake, 5)
    with pytest.raises(ValueError, match=r"shape \(20,\)"):
        coverage(real, fake, 5, radii=radii)


def test_one_fake_image_is_enough_for_metrics_on_real_balls():
    real = np.arange(5.0)[:, None]
    assert precision(real, [[2.0]]) == 1.0
    assert density(real, [[2.0]], k=1) == 3.0
    assert coverage(real, [[0.0]], k=1) == pytest.approx(2 / 5)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_k_must_be_below_the_number_of_images(metric):
    with pytest.raises(ValueError, match="k=4 with 4 image"):
        metric(np.arange(4.0)[:, None], np.arange(4.0)[:, None], k=4)
    with pytest.raises(ValueError, match="k to be an integer of at least 1"):
        metric(np.arange(4.0)[:, None], np.arange(4.0)[:, None], k=0)


@pytest.mark.parametrize("metric", [precision, density, coverage])
def test_real_images_that_are_all_duplicates_are_refused(metric):
    with pytest.raises(ValueError, match="exact duplicates"):
        metric(np.ones((9, 2)), np.zeros((9, 2)))


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
@pytest.mark.parametrize(
    "fake, message",
    [(np.zeros((0, 3)), "at least 1 row"), (np.zeros((9, 2)), "3 and 2"), (np.full((9, 3), np.nan), "NaN")],
)
def test_bad_features_are_refused(metric, fake, message):
    with pytest.raises(ValueError, match=message):
        metric(np.random.default_rng(0).normal(size=(9, 3)), fake)


def test_memory_does_not_grow_with_the_product_of_the_sets(monkeypatch):
    monkeypatch.setattr("keras_genzoo.metrics.manifold._CHUNK_ELEMENTS", 30_000)
    real, fake = np.random.default_rng(7).normal(size=(2, 3000, 4))
    tracemalloc.start()
    coverage(real, fake)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 8 / 10  # the full distance matrix would take 72 MB
