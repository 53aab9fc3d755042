"""Pixels at the edge of the package."""

import numpy as np
import pytest
import tensorflow as tf

from keras_genzoo.utils import pixels

BYTES = np.arange(2 * 8 * 9 * 3, dtype="uint8").reshape(2, 8, 9, 3)


@pytest.mark.parametrize("shape", [(8, 8, 1), (256, 256, 3), [28, 30, 1], (np.int64(8), 9.0, 3), np.array([8, 9, 3])])
def test_image_shape_becomes_a_tuple_of_ints(shape):
    result = pixels.check_image_shape(shape)
    assert result == tuple(int(side) for side in shape)
    assert [type(side) for side in result] == [int] * 3


WRONG_SHAPES = [(28, 28), (28,), (1, 28, 28, 1), (7, 8, 1), (8, 7, 1), (257, 8, 1), (8, 8, 2), (8, 8, 4), (8, 8, 0)]
WRONG_SHAPES += [
    (8.5, 8, 1),
    (-8, 8, 1),
    "abc",
    "888",
    28,
    None,
    (8, None, 1),
    (8, float("nan"), 1),
    (8, float("inf"), 1),
]


@pytest.mark.parametrize("shape", WRONG_SHAPES, ids=repr)
def test_wrong_image_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"Expected image_shape=\(height, width, channels\).*Received: image_shape="):
        pixels.check_image_shape(shape)


@pytest.mark.parametrize("images", [BYTES, BYTES[:0], BYTES / 255.0, np.zeros((1, 8, 9, 3), "float16"), BYTES.tolist()])
def test_images_are_bytes_or_floats_from_zero_to_one(images):
    if not isinstance(images, list):
        pixels.check_images(images, (8, 9, 3))
        pixels.check_images(tf.constant(images))
    else:  # a list of integers has no dtype of one byte
        with pytest.raises(ValueError, match="Expected images as uint8.*Received: dtype int64"):
            pixels.check_images(images)


@pytest.mark.parametrize(
    "images, received",
    [
        (BYTES.astype("float32"), "values from 0 to 255"),
        (BYTES / 127.5 - 1.0, "values from -1 to 1"),
        (np.full((1, 8, 9, 3), np.nan), "values from nan to nan"),
        (np.full((1, 8, 9, 3), np.inf, "float32"), "values from inf to inf"),
        (BYTES.astype("int32"), "dtype int32"),
        (BYTES > 3, "dtype bool"),
        (BYTES[0], r"shape \(8, 9, 3\)"),
        (BYTES[..., :2], r"shape \(2, 8, 9, 2\)"),
        (BYTES[:, :7], r"shape \(2, 7, 9, 3\)"),
        (BYTES[..., :1], r"shape \(2, 8, 9, 1\)"),
    ],
)
def test_wrong_images_are_refused(images, received):
    with pytest.raises(ValueError, match=f"Expected.*Received: {received}"):
        pixels.check_images(images, (8, 9, 3))


def test_a_shape_that_is_known_in_part_may_fit():
    pixels.check_spec((None, None, None, None), "uint8", (8, 9, 3))
    pixels.check_spec((None, 8, None, 3), "float32", (8, 9, 3))
    with pytest.raises(ValueError, match=r"Expected images of shape \(batch, 8, 9, 3\). Received"):
        pixels.check_spec((None, 9, None, None), "uint8", (8, 9, 3))


def test_unit_images_are_float32_from_zero_to_one():
    unit = pixels.to_unit(BYTES)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, BYTES / 255.0, rtol=1e-6)
    np.testing.assert_array_equal(pixels.to_unit(unit.astype("float64")), unit)


def test_all_256_levels_survive_a_round_trip():
    levels = np.arange(256, dtype="uint8").reshape(1, 16, 16, 1)
    for dtype in ("float32", "float64", "float16"):
        np.testing.assert_array_equal(pixels.to_uint8(pixels.to_unit(levels).astype(dtype)), levels)


def test_bytes_are_rounded_to_the_nearest_level_and_clipped():
    np.testing.assert_array_equal(pixels.to_uint8([-0.5, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.5]), [0, 0, 1, 255, 255])
