"""Mutual information gap and FactorVAE score, on codes of which the right value is known."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats

import keras_genzoo
from keras_genzoo import data
from keras_genzoo.data import Factors
from keras_genzoo.metrics import evaluate, factor_vae_score, mutual_information_gap

SIZES = (3, 4, 5)
GRID = np.stack([axis.ravel() for axis in np.indices((*SIZES, 12))], axis=1)[:, :3]  # each combination 12 times
FACTORS = Factors(("a", "b", "c"), GRID)


def entropy(sizes):
    return np.log(np.asarray(sizes, float))


# -- mutual information gap ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("log_var", [None, -12.0])
def test_factors_as_codes_have_a_gap_of_one(log_var):
    codes = np.column_stack([GRID[:, 2], -3.0 * GRID[:, 0], GRID[:, 1] ** 2, np.zeros(len(GRID))])
    result = mutual_information_gap(codes, FACTORS, None if log_var is None else np.full(codes.shape, log_var))
    assert result["value"] == pytest.approx(1.0, abs=1e-6)
    assert result["gaps"] == pytest.approx({"a": 1.0, "b": 1.0, "c": 1.0}, abs=1e-6)


@pytest.mark.parametrize("log_var", [None, 0.0])
def test_random_codes_have_a_gap_near_zero(log_var):
    codes = np.random.default_rng(0).normal(size=(len(GRID), 6))
    result = mutual_information_gap(codes, FACTORS, None if log_var is None else np.full(codes.shape, log_var))
    assert abs(result["value"]) < 0.03


def test_a_factor_in_two_components_and_one_in_none_have_no_gap():
    result = mutual_information_gap(np.column_stack([GRID[:, 0], GRID[:, 0], GRID[:, 1]]), FACTORS)
    assert result["gaps"] == pytest.approx({"a": 0.0, "b": 1.0, "c": 0.0}, abs=1e-9)
    assert result["value"] == pytest.approx(1 / 3)


def test_information_of_bins_is_that_of_the_joint_counts():
    """The first component joins pairs of values of c: (0, 1), (2, 3), (4)."""
    codes = np.column_stack([GRID[:, 2] // 2, GRID[:, 0]])
    shares = np.array([2, 2, 1]) / 5
    expected = -(shares * np.log(shares)).sum() / entropy(5)
    assert mutual_information_gap(codes, FACTORS, num_bins=7)["gaps"]["c"] == pytest.approx(expected)


def information(means, deviations):
    """I(z; v) in nats where z given one of the equally likely values v is normal: by numerical integration."""

    def integrand(z):
        each = scipy.stats.norm.pdf(z, means, deviations)
        return np.mean(each * np.log(np.maximum(each, 1e-300) / each.mean()))

    return scipy.integrate.quad(integrand, -10.0, 15.0, limit=200)[0]


def test_information_of_posteriors_is_that_of_numerical_integration():
    values = np.repeat(np.indices((3, 4)).reshape(2, -1).T, 400, axis=0)
    values = np.random.default_rng(1).permutation(values)
    means = np.array([-1.0, 0.5, 1.0]), np.array([0.0, 2.0, 3.0, 5.0])
    deviations = np.array([0.8, 0.3, 1.0]), np.array([1.5, 0.5, 1.0, 0.7])
    codes = np.column_stack([each[values[:, i]] for i, each in enumerate(means)])
    log_var = np.column_stack([2.0 * np.log(each)[values[:, i]] for i, each in enumerate(deviations)])
    gaps = mutual_information_gap(codes, Factors(("a", "b"), values), log_var, seed=3)["gaps"]
    for name, size, *normals in zip("ab", (3, 4), means, deviations, strict=True):
        assert gaps[name] == pytest.approx(information(*normals) / np.log(size), abs=0.015)


# -- FactorVAE score ----------------------------------------------------------------------------------------------


def test_factors_as_codes_have_a_score_of_one_whatever_their_scale_and_order():
    codes = np.column_stack([1000.0 * GRID[:, 2], -3.0 * GRID[:, 0], GRID[:, 1]])
    result = factor_vae_score(codes, FACTORS)
    assert (result["value"], result["active"]) == (1.0, 3)


def test_random_codes_have_the_score_of_guessing():
    many = Factors(FACTORS.names, np.tile(GRID, (10, 1)))
    codes = np.random.default_rng(0).normal(size=(len(many), 6))
    assert factor_vae_score(codes, many, num_votes=3000)["value"] == pytest.approx(1 / 3, abs=0.04)


def test_codes_that_know_one_factor_of_three_have_a_score_of_one_half():
    """Of the votes for b and c, a half goes to the component of noise, which stands for one of the two."""
    many = Factors(FACTORS.names, np.tile(GRID, (10, 1)))
    codes = np.column_stack([many.values[:, 0], np.random.default_rng(0).choice(3, len(many))])
    assert factor_vae_score(codes, many, num_votes=3000)["value"] == pytest.approx(1 / 2, abs=0.04)


def test_collapsed_components_are_left_out():
    noise = 0.01 * np.random.default_rng(0).normal(size=len(GRID))
    codes = np.column_stack([GRID, noise])
    assert factor_vae_score(codes, FACTORS)["active"] == 3
    assert factor_vae_score(codes, FACTORS, threshold=0.0)["active"] == 4
    nothing = factor_vae_score(0.01 * codes / codes.std(axis=0), FACTORS)
    assert (nothing["value"], nothing["active"]) == (0.0, 0)
    assert factor_vae_score(np.ones((len(GRID), 2)), FACTORS, threshold=0.0)["active"] == 0


def test_scores_repeat_by_seed():
    codes = np.random.default_rng(0).normal(size=(len(GRID), 4))
    for measure in (
        factor_vae_score,
        lambda codes, factors, seed: mutual_information_gap(codes, factors, codes, seed=seed),
    ):
        one, again, other = (measure(codes, FACTORS, seed=seed)["value"] for seed in (1, 1, 2))
        assert one == again != other


@pytest.mark.parametrize("measure", [mutual_information_gap, factor_vae_score])
@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (GRID[:, 0], FACTORS, r"Expected codes as an array of shape \(n, d\)"),
        (np.full(GRID.shape, np.nan), FACTORS, "Expected finite codes"),
        (GRID[1:], FACTORS, "Expected the factors of 719 codes. Received: those of 720"),
        (GRID, GRID, "Expected factors as keras_genzoo.data.Factors. Received: ndarray"),
        (GRID, Factors(("a",), 0 * GRID[:, :1]), "Expected at least 2 values of the factor 'a'.*Received: 1 value"),
        (GRID, Factors(("a",), np.arange(720)[:, None] // 719), "and 10 images of each. Received: 2 .*1 image.* of 1"),
    ],
)
def test_codes_and_factors_that_do_not_fit_are_refused(measure, codes, factors, message):
    with pytest.raises(ValueError, match=message):
        measure(codes, factors)


def test_wrong_settings_are_refused():
    for call, message in (
        (lambda: mutual_information_gap(GRID[:, :1], FACTORS), "Expected codes of at least 2 components"),
        (lambda: mutual_information_gap(GRID, FACTORS, num_bins=1), "Expected num_bins to be an integer of at least 2"),
        (lambda: mutual_information_gap(GRID, FACTORS, GRID, num_bins=9), "Expected no num_bins: z_log_var is given"),
        (lambda: mutual_information_gap(GRID, FACTORS, GRID - 2000), "Expected z_log_var from -80 to 80. Received: -2"),
        (lambda: mutual_information_gap(GRID, FACTORS, seed=-1), "Expected seed to be an integer of at least 0"),
        (lambda: mutual_information_gap(GRID, FACTORS, GRID[:, :2]), "Expected z_log_var of the shape of z_mean"),
        (lambda: factor_vae_score(GRID, FACTORS, num_votes=0), "Expected num_votes to be an integer of at least 1"),
        (lambda: factor_vae_score(GRID, FACTORS, batch_size=1), "Expected batch_size to be an integer of at least 2"),
        (lambda: factor_vae_score(GRID, FACTORS, threshold=-1), "Expected threshold as a number of at least 0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


# -- models -------------------------------------------------------------------------------------------------------

METRICS = ["mutual_information_gap", "factor_vae_score"]


class Knows:
    """A model whose codes are what an image shows: its centre and its mass."""

    image_shape = (32, 32, 1)

    def encode(self, images):
        weights = images[..., 0] / images[..., 0].sum(axis=(1, 2), keepdims=True)
        y, x = np.mgrid[:32, :32]
        return np.stack(
            [(weights * x).sum(axis=(1, 2)), (weights * y).sum(axis=(1, 2)), images.mean(axis=(1, 2, 3))], 1
        )


def test_metrics_of_a_model_take_the_factors_of_the_source():
    result = evaluate(Knows(), "shapes", METRICS, split="train", num_images=2000, progress=False)
    gap, score = (result[name] for name in METRICS)
    assert gap["gaps"]["x"] > 0.6 and gap["gaps"]["y"] > 0.6 and gap["gaps"]["orientation"] < 0.1
    assert gap["protocol"] == {
        "n_real": 2000,
        "data": "shapes",
        "split": "train",
        "seed": 0,
        "estimator": "histogram of codes",
        "num_bins": 20,
    }
    assert 0.5 < score["value"] < 0.9 and score["active"] == 3
    factors = data.load_factors("shapes")
    given = evaluate(Knows(), (data.load_arrays("shapes")[0], factors), METRICS, num_images=2000, progress=False)
    assert [given[name]["value"] for name in METRICS] == [result[name]["value"] for name in METRICS]


def test_posteriors_of_a_vae_are_what_the_gap_is_of():
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=(4,), latent_dim=2, seed=1)
    result = evaluate(model, "shapes", METRICS, split="train", num_images=500, progress=False)
    assert result[METRICS[0]]["protocol"]["estimator"] == "posteriors"
    images, _ = data.load_arrays("shapes", image_size=(8, 8))
    rows = np.sort(np.random.default_rng(0).choice(4608, 500, replace=False))
    z_mean, z_log_var = model.encode(images[rows])
    factors = Factors(data.load_factors().names, data.load_factors().values[rows])
    assert result[METRICS[0]]["gaps"] == pytest.approx(mutual_information_gap(z_mean, factors, z_log_var)["gaps"])


def test_images_without_factors_are_refused():
    for images in (np.zeros((4, 32, 32, 1), "uint8"), "digits"):
        with pytest.raises(
            ValueError, match="Expected images whose factors are known.*'shapes'.*Received: images with"
        ):
            evaluate(Knows(), images, METRICS[0], progress=False)
    with pytest.raises(ValueError, match="Expected the factors of 4 images. Received: those of 720"):
        evaluate(Knows(), (np.zeros((4, 32, 32, 1), "uint8"), FACTORS), METRICS[0], progress=False)
