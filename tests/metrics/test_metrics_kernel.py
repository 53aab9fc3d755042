"""Kernel distance against a double loop, and at the edges."""

import numpy as np
import pytest

from keras_genzoo.metrics import kernel_distance


def double_loop(real, fake):
    """Unbiased MMD^2 of 1801.01401, pair by pair."""

    def kernel(x, y):
        return (float(np.dot(x, y)) / len(x) + 1.0) ** 3

    n, m = len(real), len(fake)
    within_real = sum(kernel(real[i], real[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    within_fake = sum(kernel(fake[i], fake[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    across = sum(kernel(x, y) for x in real for y in fake) / (n * m)
    return within_real + within_fake - 2 * across


def test_whole_set_equals_double_loop():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(12, 5)), rng.normal(0.5, 1, size=(12, 5))
    result = kernel_distance(real, fake, num_subsets=7, subset_size=12)
    assert result.value == pytest.approx(double_loop(real, fake), rel=1e-10)
    assert np.isnan(result.standard_error)  # every subset is the same


def test_mean_and_standard_error_over_subsets_equal_double_loops():
    rng = np.random.default_rng(1)
    real, fake = rng.normal(size=(20, 3)), rng.normal(size=(15, 3)) + 1
    result = kernel_distance(real, fake, num_subsets=5, subset_size=6, seed=9)
    draw = np.random.default_rng(9)
    values = []
    for _ in range(5):
        rows = draw.choice(20, 6, replace=False)
        values.append(double_loop(real[rows], fake[draw.choice(15, 6, replace=False)]))
    assert result.value == pytest.approx(np.mean(values), rel=1e-10)
    assert result.standard_error == pytest.approx(np.std(values, ddof=1) / np.sqrt(5), rel=1e-10)


def test_seed_repeats_the_subsets_and_another_changes_them():
    features = np.random.default_rng(2).normal(size=(30, 4))
    first = kernel_distance(features, features + 1, 10, 8, seed=3)
    assert first == kernel_distance(features, features + 1, 10, 8, seed=3)
    assert first != kernel_distance(features, features + 1, 10, 8, seed=4)


def test_two_samples_of_one_distribution_scatter_around_zero():
    rng = np.random.default_rng(3)
    values = np.array([kernel_distance(*rng.normal(size=(2, 40, 4)), 1, 40).value for _ in range(200)])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(200)
    assert values.min() < 0.0 < values.max()


def test_default_subsets_of_small_sets_are_half_of_the_smaller_one():
    rng = np.random.default_rng(4)
    real, fake = rng.normal(size=(30, 4)), rng.normal(size=(20, 4))
    assert kernel_distance(real, fake) == kernel_distance(real, fake, 100, 10)


def test_identical_sets_are_zero_within_a_few_standard_errors_of_independent_subsets():
    features = np.random.default_rng(5).normal(size=(400, 4))
    assert abs(kernel_distance(features, features).value) < 0.05
    assert kernel_distance(features, features + 1).value > 1.0


def test_single_subset_has_no_standard_error():
    features = np.random.default_rng(6).normal(size=(10, 4))
    assert np.isnan(kernel_distance(features, features, num_subsets=1).standard_error)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"subset_size": 11}, "at most the smaller set, 10"),
        ({"subset_size": 1}, "at least 2"),
        ({"num_subsets": 0}, "num_subsets"),
        ({"real_features": np.zeros((1, 3))}, "at least 2 row"),
        ({"real_features": np.zeros((4, 2))}, "2 and 3"),
        ({"real_features": np.full((4, 3), np.nan)}, "NaN"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    arguments = {"real_features": np.zeros((10, 3)), "fake_features": np.ones((12, 3))} | arguments
    with pytest.raises(ValueError, match=message):
        kernel_distance(**arguments)
