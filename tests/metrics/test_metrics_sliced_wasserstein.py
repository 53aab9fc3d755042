"""Sliced Wasserstein distance against scipy.stats.wasserstein_distance, projection by projection."""

import importlib

import numpy as np
import pytest
from scipy.signal import convolve2d
from scipy.stats import wasserstein_distance

from keras_genzoo.metrics import image_sliced_wasserstein, sliced_wasserstein
from keras_genzoo.metrics.sliced_wasserstein import _normalized, _patches, _pyramid

MODULE = importlib.import_module("keras_genzoo.metrics.sliced_wasserstein")  # the package has a function of this name


@pytest.mark.parametrize("n, m", [(50, 50), (30, 70), (7, 5), (1, 9), (12, 18)])
def test_one_dimension_equals_scipy(n, m):
    rng = np.random.default_rng(n)
    real, fake = rng.normal(size=n), rng.normal(1, 2, size=m)
    expected = wasserstein_distance(real, fake)
    assert sliced_wasserstein(real[:, None], fake[:, None], 3) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n, m, projections", [(40, 40, 5), (30, 45, 40)])
def test_projections_equal_a_loop_with_scipy(n, m, projections):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(n, 6)), rng.normal(1, 2, size=(m, 6))
    directions = np.random.default_rng(3).standard_normal((6, projections))
    distances = []
    for direction in directions.T:
        unit = direction / np.sqrt(np.sum(direction**2))
        distances.append(wasserstein_distance(real @ unit, fake @ unit))
    assert sliced_wasserstein(real, fake, projections, seed=3) == pytest.approx(np.mean(distances), rel=1e-12)


def test_shift_in_many_directions_has_the_closed_form():
    real = np.random.default_rng(1).normal(size=(20, 3))
    value = sliced_wasserstein(real, real + np.array([2.0, 0.0, 0.0]), 4000)
    assert value == pytest.approx(2.0 * 0.5, rel=0.05)  # the mean |cosine| on the sphere in 3 dimensions is 1/2


def test_identical_sets_give_zero_and_seeds_repeat():
    rng = np.random.default_rng(2)
    real, fake = rng.normal(size=(20, 3)), rng.normal(size=(25, 3))
    assert sliced_wasserstein(real, real[::-1]) == 0.0
    assert sliced_wasserstein(real, fake, 10, seed=1) == sliced_wasserstein(real, fake, 10, seed=1)
    assert sliced_wasserstein(real, fake, 10, seed=1) != sliced_wasserstein(real, fake, 10, seed=2)


@pytest.mark.parametrize(
    "real, message",
    [
        (np.zeros((0, 3)), "at least 1 row"),
        (np.zeros((4, 2)), "2 and 3"),
        (np.full((4, 3), np.nan), "NaN"),
    ],
)
def test_bad_features_are_refused(real, message):
    with pytest.raises(ValueError, match=message):
        sliced_wasserstein(real, np.zeros((4, 3)))


def test_pyramid_levels_equal_two_dimensional_convolutions_and_sum_to_the_image():
    image = np.random.default_rng(3).random((25, 28)).astype("float32")
    first, second = _pyramid(image[None, :, :, None])
    row = np.array([1, 4, 6, 4, 1]) / 16
    window = np.outer(row, row)
    smaller = convolve2d(np.pad(image, 2, mode="reflect"), window, mode="valid")[::2, ::2]
    spread = np.zeros((25, 28))
    spread[::2, ::2] = smaller
    enlarged = 4 * convolve2d(np.pad(spread, 2, mode="reflect"), window, mode="valid")
    np.testing.assert_allclose(second[0, :, :, 0], smaller, atol=1e-6)
    np.testing.assert_allclose(first[0, :, :, 0], image - enlarged, atol=1e-6)


@pytest.mark.parametrize(
    "shape, levels",
    [
        ((8, 8, 1), ["8x8"]),
        ((28, 28, 1), ["28x28", "14x14"]),
        ((64, 48, 3), ["64x48", "32x24", "16x12"]),
        ((23, 24, 1), ["23x24", "12x12"]),
    ],
)
def test_levels_halve_down_to_twelve_pixels(shape, levels):
    images = np.random.default_rng(4).integers(0, 256, (3, *shape), dtype="uint8")
    distances = image_sliced_wasserstein(images, images, num_projections=4)
    assert distances == dict.fromkeys(levels, 0.0)


def test_patches_are_parts_of_their_images_normalized_by_channel():
    images = np.random.default_rng(5).random((4, 9, 10, 3)).astype("float32")
    (patches,) = _patches(images, 3, seed=0).values()
    patches = _normalized(patches).reshape(4, 3, 7, 7, 3)
    windows = np.lib.stride_tricks.sliding_window_view(images, (7, 7), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    raw = np.empty_like(patches)
    for i in range(4):
        candidates = windows[i].reshape(-1, 7, 7, 3)
        for j in range(3):  # the window that correlates best must be the patch but for the normalization
            scores = [np.corrcoef(c[..., 0].ravel(), patches[i, j, ..., 0].ravel())[0, 1] for c in candidates]
            assert max(scores) == pytest.approx(1.0, abs=1e-5)
            raw[i, j] = candidates[int(np.argmax(scores))]
    expected = (raw - raw.mean((0, 1, 2, 3))) / raw.std((0, 1, 2, 3))
    np.testing.assert_allclose(patches, expected, atol=1e-4)


def test_images_may_be_read_in_parts_of_any_size(monkeypatch):
    images, other = np.random.default_rng(6).integers(0, 256, (2, 30, 24, 24, 1), dtype="uint8")
    expected = image_sliced_wasserstein(images, other[:20])
    monkeypatch.setattr(MODULE, "_IMAGES_AT_ONCE", 7)
    assert image_sliced_wasserstein(images, other[:20]) == expected


def test_blurred_images_differ_most_on_the_finest_level():
    rng = np.random.default_rng(6)
    images, other = rng.random((2, 400, 24, 24, 1)).astype("float32")
    smooth = (images + np.roll(images, 1, 1) + np.roll(images, 1, 2) + np.roll(images, (1, 1), (1, 2))) / 4
    blurred, same = image_sliced_wasserstein(images, smooth), image_sliced_wasserstein(images, other)
    assert blurred["24x24"] > 3 * same["24x24"]
    assert blurred["24x24"] > blurred["12x12"]


def test_collapsed_constant_images_are_measured():
    images = np.random.default_rng(7).integers(0, 256, (6, 12, 12, 1), dtype="uint8")
    assert image_sliced_wasserstein(images, np.zeros_like(images))["12x12"] > 0.1


def test_images_of_different_shape_or_too_small_are_refused():
    images = np.zeros((2, 8, 8, 1), "uint8")
    with pytest.raises(ValueError, match="one shape"):
        image_sliced_wasserstein(images, np.zeros((2, 8, 9, 1), "uint8"))
    with pytest.raises(ValueError, match="7x7"):
        image_sliced_wasserstein(images[:, :5], images[:, :5])
    with pytest.raises(ValueError, match="Received"):
        image_sliced_wasserstein(images[:0], images)
