"""Coverage of modes: values by hand, and the evaluation of a model of points with its protocol."""

import math

import numpy as np
import pytest

import keras_genzoo
from keras_genzoo.data import draw_points, modes_of
from keras_genzoo.metrics import mode_coverage

LINE = ([[0.0], [1.0], [2.0], [3.0]], 0.05)


def test_coverage_by_hand():
    # Nearest modes 0, 0, 0, 1, 1, 3, 3, 3; good within 0.15: 0.0, 0.1, 0.9 and 3.1, none at mode 2.
    points = np.array([0.0, 0.1, 0.4, 0.9, 0.7, 3.1, 7.0, 2.8])[:, None]
    found = mode_coverage(points, LINE)
    assert found["modes"] == 3
    assert found["good_share"] == 4 / 8
    expected = 2 * 3 / 8 * math.log(3 / 8 * 4) + 2 / 8 * math.log(2 / 8 * 4)
    assert found["reverse_kl"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("distance", "good"), [(0.149, 1.0), (0.151, 0.0)])
def test_good_is_within_three_standard_deviations_in_the_plane(distance, good):
    means, std = modes_of("points:grid25")
    angle = np.linspace(0.0, 2.0 * np.pi, 7)
    points = means[3] + distance * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert mode_coverage(points, (means, std))["good_share"] == good


def test_one_mode_gives_the_logarithm_of_their_number_and_all_evenly_zero():
    means, std = modes_of("points:ring8")
    assert mode_coverage(np.repeat(means[:1], 9, axis=0), (means, std))["reverse_kl"] == pytest.approx(math.log(8))
    assert mode_coverage(np.repeat(means, 9, axis=0), (means, std)) == {
        "modes": 8,
        "good_share": 1.0,
        "reverse_kl": 0.0,
    }


def test_points_far_from_every_mode_cover_none():
    assert mode_coverage([[50.0], [60.0]], LINE)["modes"] == 0


def test_real_points_are_good_as_often_as_a_gaussian_says():
    points, _ = draw_points("points:grid25", 20_000, seed=9)
    found = mode_coverage(points, modes_of("points:grid25"))
    assert found["modes"] == 25
    assert found["good_share"] == pytest.approx(1.0 - math.exp(-4.5), abs=0.003)  # Rayleigh, 3 standard deviations


@pytest.mark.parametrize("points", [np.zeros((3, 2)), np.zeros((0, 1)), np.zeros(3), np.full((3, 1), np.nan)])
def test_wrong_points_are_refused(points):
    with pytest.raises(ValueError, match=r"Expected .*points.*Received"):
        mode_coverage(points, LINE)


class Generator:
    """Gives the points of the grid themselves, evenly, all but those of the last mode."""

    image_shape = (2,)

    def generate(self, num, seed=None, start=0, batch_size=64):
        means, _ = modes_of("points:grid25")
        return means[np.arange(start, start + num) % 24].astype("float32")


def test_evaluate_gives_coverage_with_its_protocol():
    results = keras_genzoo.evaluate(Generator(), "points:grid25", num_images=240, seed=4, floor=True)
    assert {name: result["value"] for name, result in results.items()} == {
        "modes": 24,
        "good_share": 1.0,
        "reverse_kl": pytest.approx(math.log(25 / 24)),
    }
    protocol = results["modes"]["protocol"]
    assert (protocol["n_fake"], protocol["data"], protocol["seed"]) == (240, "points:grid25", 4)
    assert protocol["good"] == "within 3 standard deviations, 0.15, of the nearest of 25 modes"
    assert results["good_share"]["floor"]["value"] > 0.95
    assert list(keras_genzoo.evaluate(Generator(), "points:grid25", "modes", num_images=9)) == ["modes"]


def test_evaluate_refuses_what_coverage_does_not_read():
    points, _ = draw_points("points:grid25", 9)
    for data, options in (
        (points, {}),
        ("digits", {}),
        ("points:grid25", {"features": "mnist"}),
        ("points:grid25", {"metrics": ["precision"]}),
        ("points:grid25", {"num_images": 10_001, "floor": True}),
    ):
        with pytest.raises(ValueError, match=r"Expected .*Received"):
            keras_genzoo.evaluate(Generator(), data, **options)
