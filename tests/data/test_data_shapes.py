"""The source `shapes`: which images it has, and their factors."""

import hashlib

import numpy as np
import pytest

from keras_genzoo import data
from keras_genzoo.data.shapes import Factors, inside


@pytest.fixture(scope="module")
def everything():
    images, labels = data.load_arrays("shapes")
    return images, labels, data.load_factors("shapes")


def test_images_are_the_same_on_every_machine(everything):
    images, _, _ = everything
    assert images.shape == (4608, 32, 32, 1) and images.dtype == np.uint8
    digest = "96da050e1cf54020367f641b87125932478b8e1bfa04ce129723f3dc4185f052"
    assert hashlib.sha256(images.tobytes()).hexdigest() == digest


def test_each_combination_of_factors_is_there_once_and_looks_like_no_other(everything):
    images, labels, factors = everything
    assert factors.names == ("shape", "scale", "orientation", "x", "y")
    assert factors.sizes == (3, 4, 6, 8, 8)
    assert len(np.unique(factors.values, axis=0)) == len(np.unique(images.reshape(4608, -1), axis=0)) == 4608
    np.testing.assert_array_equal(labels, factors.values[:, 0])


def moments(image):
    """Mass, centre, angle of the long axis and half axes of an ellipse in an image, from its moments."""
    y, x = np.mgrid[:32, :32] + 0.5
    mass = image.sum()
    center = (x * image).sum() / mass, (y * image).sum() / mass
    dx, dy = x - center[0], y - center[1]
    xx, yy, xy = ((a * b * image).sum() / mass for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    xx, yy = xx - 1 / 12, yy - 1 / 12  # the width of a pixel
    return (
        mass,
        center,
        np.degrees(0.5 * np.arctan2(2 * xy, xx - yy)),
        4.0 * np.sqrt(np.linalg.eigvalsh([[xx, xy], [xy, yy]])),
    )


def test_factors_are_what_the_images_show(everything):
    """The moments of an ellipse of half axes a and a / 2 with its centre at 9 pixels from the borders of its place."""
    images, _, factors = everything
    rng = np.random.default_rng(0)
    for row in rng.choice(np.flatnonzero(factors.values[:, 0] == 1), 20, replace=False):
        _, scale, orientation, x, y = factors.values[row]
        mass, center, angle, axes = moments(images[row, ..., 0] / 255.0)
        half = 5 + scale
        assert mass == pytest.approx(np.pi * half**2 / 2, rel=0.01)
        assert center == pytest.approx((2 * x + 9, 2 * y + 9), abs=1e-9)
        assert axes == pytest.approx([half, 2 * half], rel=0.02)
        assert abs((angle - 18 * orientation + 90) % 180 - 90) < 1.0


def test_shapes_have_their_corners():
    for shape, corners in {
        "rectangle": [(0.85, 0.4), (-0.85, 0.4), (-0.85, -0.4), (0.85, -0.4)],
        "triangle": [(1.0, 0.0), (-0.7, 0.7), (-0.7, -0.7)],
    }.items():
        x, y = 6.0 * np.array(corners).T
        c, s = np.cos(np.pi / 5), np.sin(np.pi / 5)
        for factor, sign in ((0.99, 1), (1.01, -1)):
            around = inside(shape, 6, 36, factor * (c * x - s * y), factor * (s * x + c * y))
            assert (np.sign(around) == sign).all()


def test_factors_follow_splits_limits_and_sizes(everything):
    images, _, factors = everything
    for options in (dict(split="train[20%:25%]"), dict(limit=7), dict(split="train[:100]", limit=9)):
        part, _ = data.load_arrays("shapes", **options)
        found = data.load_factors("shapes", **options).values
        rows = [np.flatnonzero((factors.values == value).all(axis=1))[0] for value in found]
        np.testing.assert_array_equal(part, images[rows])
    assert data.load_arrays("shapes", image_size=(16, 12), channels=3, limit=2)[0].shape == (2, 16, 12, 3)
    batch = next(iter(data.load("shapes", batch_size=4, labels=True)))
    assert tuple(batch[0].shape) == (4, 32, 32, 1) and tuple(batch[1].shape) == (4,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: data.load_factors("digits"),
            "Expected a source whose factors are known: 'shapes'. Received: 'digits'",
        ),
        (lambda: data.load_factors(np.zeros((2, 8, 8, 1), "uint8")), "Received: 'the given array'"),
        (lambda: data.load_factors("shapes", split="test"), "Expected a split of shapes, which has 'train'"),
        (lambda: data.load_factors("shapes", limit=0), "Expected limit to be an integer of at least 1"),
        (lambda: data.load_arrays("shapes", split="test"), "Expected a split of shapes, which has 'train'"),
        (lambda: data.load_arrays("shapes", image_key="x"), "Expected image_key and label_key for npz files"),
        (lambda: data.load("shapes:3"), "Expected a source that begins with .* or is 'digits' or 'shapes'"),
        (lambda: Factors(("a", "b"), np.zeros((3, 1), int)), r"Expected factors of shape \(n, 2\)"),
        (lambda: Factors(("a", "a"), np.zeros((3, 2), int)), "as many different names"),
        (lambda: Factors(("a",), [[0.5]]), "Expected factors as integers of 32 bits of at least 0"),
        (lambda: Factors(("a",), [[-1]]), "Expected factors as integers of 32 bits of at least 0.*from -1"),
    ],
)
def test_other_sources_splits_and_values_are_refused(call, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        call()
