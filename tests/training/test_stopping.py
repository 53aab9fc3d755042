"""Early stopping by a metric: what is measured, which weights are kept, and that a resumed run does the same."""

import contextlib
import dataclasses
import importlib
import io
import signal

import numpy as np
import pytest
from at_step import At

import keras_genzoo
from keras_genzoo import callbacks, training
from keras_genzoo.callbacks.epoch_log import read_log
from keras_genzoo.recipes import Recipe, StoppingConfig
from keras_genzoo.training import stopping

RECIPE = Recipe.from_dict(
    {
        "model": "vae",
        "args": {"image_shape": [8, 8, 1], "network": "mlp", "hidden_units": [4], "latent_dim": 2},
        "data": {"source": "digits", "limit": 32, "batch_size": 16},
        "stopping": {"metric": "auto", "every": 2, "patience": 2, "num_images": 20},
        "epochs": 9,
    }
)


def train(out, **kwargs):
    return training.train(RECIPE, out, **{"evaluate": False, "verbose": 0, **kwargs})[0]


def values_of(folder):
    """Measured values by epoch."""
    found = {row["epoch"]: row.get("stopping_elbo") for row in read_log(folder / "log.csv")}
    return {epoch: value for epoch, value in found.items() if value is not None}


@pytest.fixture(scope="module")
def falling():
    """A bound that is best in the fourth epoch: it falls from there on."""
    real = stopping.measure_of

    def measure_of(model, recipe, name):
        measure = real(model, recipe, name)

        def falls(model):
            steps = int(model.optimizer.iterations)
            return measure(model) + 1000.0 * min(steps, 16 - steps)

        falls.sample = measure.sample
        return falls

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stopping, "measure_of", measure_of)
        yield


@pytest.fixture(scope="module")
def whole(falling, tmp_path_factory):
    """The folder of a run, its model, and what it printed."""
    folder, told = tmp_path_factory.mktemp("whole") / "run", io.StringIO()
    with contextlib.redirect_stdout(told):
        return folder, train(folder, verbose=2), told.getvalue()


def test_a_run_keeps_its_best_weights_and_stops(whole, tmp_path):
    folder, model, told = whole
    found = values_of(folder)
    assert list(found) == [2, 4, 6, 8] and max(found, key=found.get) == 4
    assert "Stopped after epoch 8 of 9; kept the weights of epoch 4, of the best elbo" in told
    assert "(the highest of 4). Measured on 20 images of the split 'test'." in told
    four = dataclasses.replace(RECIPE, epochs=4, stopping=StoppingConfig())
    shorter, _ = training.train(four, tmp_path / "four", evaluate=False, verbose=0)
    preset = keras_genzoo.build("vae", weights=folder / "preset")
    for kept, wanted, stored in zip(model.weights, shorter.weights, preset.weights, strict=True):
        np.testing.assert_array_equal(kept, wanted)  # measuring leaves training as it is
        np.testing.assert_allclose(stored, wanted, rtol=1e-3, atol=1e-5)  # of half precision


@pytest.mark.parametrize("step", [9, 16])  # in an epoch, and in the last step before the stop
def test_a_resumed_run_stops_at_the_same_epoch_with_the_same_weights(step, whole, tmp_path, monkeypatch):
    module = importlib.import_module("keras_genzoo.training.train")
    made, press = module.make_callbacks, At(step, lambda _: signal.raise_signal(signal.SIGINT))
    with monkeypatch.context() as patched:
        patched.setattr(module, "make_callbacks", lambda *args: [*made(*args), press])
        with pytest.raises(callbacks.TrainingInterrupted):
            train(tmp_path / "run")
    resumed = train(tmp_path / "run", resume=True)
    assert values_of(tmp_path / "run") == values_of(whole[0])
    for one, other in zip(resumed.weights, whole[1].weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "name, args, metric",
    [
        ("dcgan", dict(image_shape=(8, 8, 1), base_filters=2), "kernel_distance"),
        ("dcgan", dict(image_shape=(8, 8, 3), base_filters=2), "sliced_wasserstein"),
        ("cvae", dict(image_shape=(8, 8, 1), base_filters=2), "elbo"),
        ("aae", dict(image_shape=(8, 8, 1), base_filters=2), "reconstruction_mse"),
        ("classifier", dict(image_shape=(8, 8, 1), base_filters=2), "accuracy"),
        ("gan", dict(image_shape=(2,), network="mlp"), "reverse_kl"),
        ("cyclegan", dict(image_shape=(8, 8, 1), base_filters=2), None),
        ("pix2pix", dict(image_shape=(8, 8, 1), base_filters=2), "translation_l1"),
        ("pix2pix", dict(image_shape=(32, 1), base_filters=2), "snr"),
        ("vae", dict(image_shape=(32, 1), base_filters=2, likelihood="gaussian"), "reconstruction_snr"),
        ("wgan_gp", dict(image_shape=(32, 1), base_filters=2), "spectrum_error"),
    ],
)
def test_a_metric_is_chosen_that_fits_the_model(name, args, metric):
    assert stopping.default_metric(keras_genzoo.build(name, **args)) == metric


def test_measures_are_of_a_fixed_sample_of_the_evaluation(tmp_path):
    recipe = RECIPE.override({"stopping.metric": "kernel_distance", "evaluation.seed": 3})
    model = keras_genzoo.build("vae", **recipe.args, seed=0)
    value = stopping.measure_of(model, recipe, "kernel_distance")(model)
    settings = dict(num_images=20, split="test", seed=3, features="mnist", progress=False)
    assert value == keras_genzoo.evaluate(model, "digits", "kernel_distance", **settings)["kernel_distance"]["value"]


@pytest.mark.parametrize(
    "section, sentence",
    [
        ({"patience": 3}, "Expected stopping.metric next to stopping.patience"),
        ({"metric": "elbo", "every": 0}, "Expected stopping.every to be an integer of at least 1"),
        ({"metrics": "elbo"}, "Unknown key in the section 'stopping' of a recipe; did you mean 'metric'?"),
    ],
)
def test_wrong_sections_are_refused(section, sentence):
    with pytest.raises(ValueError, match=sentence):
        Recipe.from_dict({"model": "vae", "stopping": section})


def test_a_metric_that_does_not_fit_is_refused_before_a_folder_is_made(tmp_path):
    for metric, sentence in (
        ("elbow", "did you mean 'elbo'"),
        ("accuracy", "'predict_labels' for the metric 'accuracy'"),
    ):
        with pytest.raises(ValueError, match=sentence):
            training.train(RECIPE.override({"stopping.metric": metric}), tmp_path / "run", evaluate=False, verbose=0)
        assert not (tmp_path / "run").exists()


def test_values_that_are_not_finite_are_never_the_best(tmp_path):
    stop = callbacks.StopOnMetric(None, tmp_path, "distance", values=[(1, np.nan)])
    assert stop.best is None and not stop.is_over
    assert stop.restore(None) == "Kept the last weights: no distance that is finite was measured."
    stop.values += [(2, 5.0), (3, np.inf), (4, 5.0)]
    assert stop.best == (2, 5.0)
    with pytest.raises(FileNotFoundError, match="Expected the best weights in"):
        stop.restore(None)
