"""MSE and SSIM against TensorFlow, loops and hand calculation."""

import numpy as np
import pytest

from keras_genzoo.metrics import mse, ssim, ssim_window


def pair(shape, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, shape, dtype="uint8")
    noisy = np.clip(images + rng.normal(0, 30, shape), 0, 255).astype("uint8")
    return images, noisy


@pytest.mark.parametrize("shape", [(3, 28, 28, 1), (2, 16, 40, 3), (2, 11, 11, 1)])
def test_ssim_equals_tensorflow(shape):
    import tensorflow as tf

    images, noisy = pair(shape)
    expected = tf.image.ssim(tf.constant(images), tf.constant(noisy), max_val=255).numpy()
    np.testing.assert_allclose(ssim(images, noisy, per_image=True), expected, atol=2e-5)
    assert ssim(images, noisy) == pytest.approx(expected.mean(), abs=2e-5)


@pytest.mark.parametrize("side, window", [(8, 7), (9, 9), (10, 9)])
def test_small_images_use_the_largest_odd_window_of_tensorflow(side, window):
    import tensorflow as tf

    images, noisy = pair((2, side, side + 3, 1))
    expected = tf.image.ssim(tf.constant(images), tf.constant(noisy), max_val=255, filter_size=window).numpy()
    np.testing.assert_allclose(ssim(images, noisy, per_image=True), expected, atol=2e-5)


def test_ssim_equals_a_loop_over_windows():
    images, noisy = pair((1, 13, 12, 1), seed=1)
    a, b = images[0, :, :, 0] / 255, noisy[0, :, :, 0] / 255
    grid = np.arange(11) - 5
    weights = np.exp(-(grid[:, None] ** 2 + grid**2) / (2 * 1.5**2))
    weights /= weights.sum()
    values = []
    for y in range(3):
        for x in range(2):
            p, q = a[y : y + 11, x : x + 11], b[y : y + 11, x : x + 11]
            mean_p, mean_q = (weights * p).sum(), (weights * q).sum()
            var_p, var_q = (weights * (p - mean_p) ** 2).sum(), (weights * (q - mean_q) ** 2).sum()
            covariance = (weights * (p - mean_p) * (q - mean_q)).sum()
            numerator = (2 * mean_p * mean_q + 1e-4) * (2 * covariance + 9e-4)
            values.append(numerator / ((mean_p**2 + mean_q**2 + 1e-4) * (var_p + var_q + 9e-4)))
    assert ssim(images, noisy) == pytest.approx(np.mean(values), rel=1e-9)


def test_constant_images_leave_the_luminance_term():
    black, white = np.zeros((1, 20, 20, 1), "uint8"), np.full((1, 20, 20, 1), 255, "uint8")
    assert ssim(black, white) == pytest.approx(1e-4 / (1 + 1e-4), rel=1e-9)


@pytest.mark.parametrize("shape", [(3, 28, 28, 1), (2, 8, 8, 3)])
def test_identical_images_have_no_error_and_similarity_one(shape):
    images, _ = pair(shape)
    assert mse(images, images) == 0.0
    np.testing.assert_allclose(ssim(images, images, per_image=True), 1.0, atol=1e-12)


def test_bytes_and_unit_floats_give_the_same_numbers():
    images, noisy = pair((2, 14, 14, 3))
    floats = (noisy / 255).astype("float32")
    assert mse(images, floats) == pytest.approx(mse(images, noisy), rel=1e-5)
    assert ssim(images, floats) == pytest.approx(ssim(images, noisy), rel=1e-5)


def test_mse_equals_numpy_on_unit_pixels():
    images, noisy = pair((4, 9, 7, 3))
    squares = ((images.astype("float64") - noisy) / 255) ** 2
    assert mse(images, noisy) == pytest.approx(squares.mean(), rel=1e-12)
    np.testing.assert_allclose(mse(images, noisy, per_image=True), squares.mean((1, 2, 3)), rtol=1e-12)


def test_batches_do_not_change_the_numbers(monkeypatch):
    images, noisy = pair((7, 12, 12, 1))
    expected = mse(images, noisy), ssim(images, noisy)
    monkeypatch.setattr("keras_genzoo.metrics.reconstruction._PIXELS_AT_ONCE", 300)
    assert (mse(images, noisy), ssim(images, noisy)) == pytest.approx(expected, rel=1e-12)


def test_window_sums_to_one_and_fits():
    for size, side in [((28, 28), 11), ((8, 64), 7), ((9, 10), 9)]:
        assert len(ssim_window(size)) == side
        assert ssim_window(size).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("metric", [mse, ssim])
@pytest.mark.parametrize(
    "images, others, message",
    [
        (np.zeros((2, 9, 9, 1), "uint8"), np.zeros((1, 9, 9, 1), "uint8"), "one shape"),
        (np.zeros((0, 9, 9, 1), "uint8"), np.zeros((0, 9, 9, 1), "uint8"), "n >= 1"),
        (np.zeros((9, 9, 1), "uint8"), np.zeros((9, 9, 1), "uint8"), "n, height, width"),
        (np.full((1, 9, 9, 1), 2.0), np.zeros((1, 9, 9, 1)), "0..1"),
        (np.full((1, 9, 9, 1), np.nan), np.zeros((1, 9, 9, 1)), "0..1"),
    ],
)
def test_bad_images_are_refused(metric, images, others, message):
    with pytest.raises(ValueError, match=message):
        metric(images, others)
