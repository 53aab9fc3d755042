"""The Parzen window against SciPy's densities, its choice of a width, and what it refuses."""

import numpy as np
import pytest
from scipy import stats

import keras_genzoo
from keras_genzoo.metrics import parzen_log_density

RNG = np.random.default_rng(0)


def test_density_is_that_of_a_mixture_of_gaussians():
    real, fake = RNG.normal(size=(300, 3)), RNG.normal(size=(7, 3))
    result = parzen_log_density(real, fake, bandwidths=[0.4], num_chosen=299)
    row = real[np.random.default_rng(0).permutation(300)[299]]
    densities = [stats.multivariate_normal.pdf(row, mean, 0.4**2 * np.eye(3)) for mean in fake]
    assert result["value"] == pytest.approx(np.log(np.mean(densities)), rel=1e-9)
    assert result["n"] == 1 and result["bandwidth"] == 0.4


def test_width_that_fits_is_chosen_and_gives_the_entropy():
    real, fake = 0.3 * RNG.normal(size=(4000, 2)), np.zeros((1, 2))
    result = parzen_log_density(real, fake, bandwidths=[0.1, 0.2, 0.3, 0.5], num_chosen=2000)
    assert result["bandwidth"] == 0.3
    entropy = stats.multivariate_normal.entropy(np.zeros(2), 0.3**2 * np.eye(2))
    assert abs(result["value"] + entropy) < 4 * result["standard_error"]


def test_warning_says_that_no_width_fits():
    pixels = 255.0 * RNG.random((40, 64))
    with pytest.warns(UserWarning, match="best of the bandwidths is 1, at their end"):
        parzen_log_density(pixels, 255.0 * RNG.random((40, 64)), num_chosen=4)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(num_chosen=10), "num_chosen below the number of real rows, 10. Received: 10"),
        (dict(num_chosen=0), "num_chosen"),
        (dict(bandwidths=[]), r"bandwidths as numbers above 0, at least one. Received: \[\]"),
        (dict(bandwidths=[0.1, 0.0]), r"bandwidths as numbers above 0"),
        (dict(bandwidths=[np.nan]), r"bandwidths as numbers above 0"),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(wrong, message):
    with pytest.raises(ValueError, match=f"Expected {message}"):
        parzen_log_density(RNG.normal(size=(10, 2)), RNG.normal(size=(4, 2)), **{"num_chosen": 5, **wrong})


def test_one_row_is_not_enough_to_choose_and_to_measure():
    with pytest.raises(ValueError, match="Expected at least two real rows, .* Received: 1"):
        parzen_log_density(np.zeros((1, 2)), np.zeros((1, 2)))


def test_evaluate_takes_pixels_in_the_unit_range(digits):
    model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4, seed=0)
    found = keras_genzoo.evaluate(model, digits[0], "parzen_log_density", 50)["parzen_log_density"]
    real, fake = digits[0][:50], model.generate(50, seed=0)
    rows = [np.asarray(images, "float64").reshape(50, -1) for images in (real, fake)]
    rows = [each / 255.0 if each.max() > 1.0 else each for each in rows]
    assert found["value"] == pytest.approx(parzen_log_density(*rows, num_chosen=5)["value"], rel=0.05)
    assert found["bandwidth"] > 0 and found["n"] == 45
