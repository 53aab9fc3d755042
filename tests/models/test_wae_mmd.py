"""The discrepancy of codes and prior against loops over all pairs."""

import numpy as np
import pytest
from cases import CASES

from keras_genzoo.models.wae_mmd import mmd

CASE = next(case for case in CASES if case.name == "wae_mmd")


def pairwise(x, y):
    scales = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    sizes = [2 * x.shape[1] * scale for scale in scales]
    return np.array([[sum(size / (size + ((a - b) ** 2).sum()) for size in sizes) for b in y] for a in x])


def test_discrepancy_is_the_unbiased_estimate():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 5, 3))
    y = 2.0 * y + 1.0
    others = ~np.eye(5, dtype=bool)
    expected = pairwise(x, x)[others].sum() / 20 + pairwise(y, y)[others].sum() / 20 - 2 * pairwise(x, y).mean()
    assert float(mmd(np.float32(x), np.float32(y))) == pytest.approx(expected, rel=1e-4)


def test_discrepancy_of_equal_distributions_is_zero_on_average():
    rng = np.random.default_rng(0)
    values = [float(mmd(*rng.standard_normal((2, 20, 2)).astype("float32"))) for _ in range(200)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(200)


def test_a_batch_of_one_image_has_no_discrepancy():
    logs = CASE.build().train_step(CASE.data(1))
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert float(logs["mmd_loss"]) == 0.0


def test_loss_is_squared_error_and_weighted_discrepancy():
    logs = {key: float(value) for key, value in CASE.build().train_step(CASE.data(6)).items()}
    assert logs["loss"] == pytest.approx(logs["reconstruction_loss"] + 5.0 * logs["mmd_loss"], rel=1e-5)
