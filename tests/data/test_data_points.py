"""Sources of points: the mixtures of the published protocol, splits, labels, and points in arrays."""

import numpy as np
import pytest

from keras_genzoo.data import draw_points, load, load_arrays, modes_of


def test_grid_is_that_of_the_protocol():
    means, std = modes_of("points:grid25")
    expected = [(-4 + 2 * i, -4 + 2 * j) for i in range(5) for j in range(5)]  # 1712.04086, section 4.1
    np.testing.assert_array_equal(means, expected)
    assert std**2 == pytest.approx(0.0025)


def test_ring_is_that_of_the_protocol():
    means, std = modes_of("ring8")
    expected = [(np.cos(2 * np.pi * i / 8), np.sin(2 * np.pi * i / 8)) for i in range(8)]
    np.testing.assert_allclose(means, expected, atol=1e-12)
    assert std == 0.01


@pytest.mark.parametrize("name", ["grid25", "ring8"])
def test_points_lie_around_equally_likely_modes(name):
    means, std = modes_of(name)
    points, labels = load_arrays(f"points:{name}")
    assert points.shape == (100_000, 2) and points.dtype == np.float32 and labels.dtype == np.int32
    offsets = points - means[labels]
    np.testing.assert_allclose(offsets.std(axis=0), std, rtol=0.02)
    np.testing.assert_allclose(offsets.mean(axis=0), 0.0, atol=0.02 * std)
    expected = 1 / len(means)
    shares = np.bincount(labels, minlength=len(means)) / len(labels)
    np.testing.assert_allclose(shares, expected, atol=5 * np.sqrt(expected / len(labels)))


def test_splits_share_no_points():
    train, test = (load_arrays("points:ring8", split=split)[0] for split in ("train", "test"))
    assert len(test) == 10_000
    assert not set(map(tuple, train)) & set(map(tuple, test))


def test_draw_points_depends_on_the_seed_alone():
    points, labels = draw_points("points:ring8", 20, seed=5)
    np.testing.assert_array_equal(draw_points("ring8", 20, seed=5)[0], points)
    assert not np.array_equal(draw_points("ring8", 20, seed=6)[0], points)
    assert labels.shape == (20,)


def test_load_gives_batches_of_floats_and_modes_as_labels():
    means, std = modes_of("points:ring8")
    dataset = load("points:ring8", labels=True, batch_size=50, limit=100)
    assert dataset.classes.number == 8 and len(dataset) == 2
    for points, labels in dataset.as_numpy_iterator():
        assert points.dtype == np.float32
        assert np.abs(points - means[labels]).max() < 6 * std
    (first, *_) = load("points:ring8", batch_size=50, limit=100)
    assert tuple(first.shape) == (50, 2)


def test_arrays_and_npz_files_of_few_columns_hold_points(tmp_path):
    points, labels = draw_points("ring8", 10)
    np.savez(tmp_path / "own.npz", x_train=points.astype("float64"), y_train=labels)
    for source in ((points, labels), f"npz:{tmp_path / 'own.npz'}"):
        loaded, modes = load_arrays(source)
        np.testing.assert_array_equal(loaded, points)
        np.testing.assert_array_equal(modes, labels)


@pytest.mark.parametrize(
    ("source", "options", "sentence"),
    [
        ("points:ring9", {}, "Expected one of points:grid25, points:ring8"),
        ("points:", {}, "Expected a name or path after 'points:'"),
        ("points:ring8", {"channels": 1}, "Expected images, which have image_size and channels"),
        ("points:ring8", {"image_size": (8, 8)}, "Expected images, which have image_size and channels"),
        ("points:ring8", {"label_key": "mode"}, "Expected image_key and label_key for npz files and TFDS only"),
        (np.full((3, 2), np.nan), {}, "Expected points with finite coordinates"),
        (np.zeros((3, 2), int), {}, "Expected points as floats"),
        (np.zeros((0, 2)), {}, "Expected at least one point"),
        (np.full((3, 2), 255.0), {}, "Expected points with finite coordinates of at most 100 in size"),
        (np.zeros((3, 784)), {"image_size": (28, 28)}, "Expected images for image_size"),
        (np.zeros((3, 784), "uint8"), {}, "Expected the given array to be"),
    ],
)
def test_what_is_no_source_of_points_is_refused(source, options, sentence):
    with pytest.raises(ValueError, match=rf"{sentence}.*Received"):
        load_arrays(source, **options)


def test_number_and_seed_of_points_are_checked():
    for options in ({"num": 0}, {"num": 1.5}, {"num": 1, "seed": -1}, {"num": 1, "seed": None}):
        with pytest.raises(ValueError, match="Expected (num|seed) to be an integer of at least [01]. Received"):
            draw_points("ring8", **options)
