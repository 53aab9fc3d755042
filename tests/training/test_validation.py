"""Validation of a training: its losses in log and TensorBoard, and which splits are refused."""

import importlib
import signal

import numpy as np
import pytest
from at_step import At
from cases import moved, state, values

import keras_genzoo
from keras_genzoo import building, callbacks, training
from keras_genzoo.callbacks.epoch_log import read_log
from keras_genzoo.data.disjoint import check_disjoint
from keras_genzoo.recipes import Recipe

RECIPE = Recipe.from_dict(
    {
        "model": "vae",
        "args": {"image_shape": [8, 8, 1], "network": "mlp", "hidden_units": [4], "latent_dim": 2},
        "data": {"source": "digits", "limit": 48, "batch_size": 16, "validation_split": "test"},
        "epochs": 2,
        "name": "tiny",
    }
)
PAIRS = {"model": "cyclegan", "args": {"image_shape": [8, 8, 1], "base_filters": 2, "num_blocks": 0}, "epochs": 1}


def train(recipe, out, **kwargs):
    return training.train(recipe, out, **{"evaluate": False, "verbose": 0, **kwargs})


def validated(folder):
    return [{key: row[key] for key in row if key.startswith("val_")} for row in read_log(folder / "log.csv")]


def test_validation_losses_are_in_log_and_tensorboard_also_after_a_resume(tmp_path, monkeypatch, capsys):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    steps = importlib.import_module("keras_genzoo.training.train")
    whole, _ = train(RECIPE, tmp_path / "whole", verbose=2)
    assert "validated on 48 images (test)" in capsys.readouterr().out
    make = steps.make_callbacks
    stop = At(4, lambda model: signal.raise_signal(signal.SIGINT))
    with monkeypatch.context() as patch, pytest.raises(callbacks.TrainingInterrupted):
        patch.setattr(steps, "make_callbacks", lambda *args: [stop, *make(*args)])
        train(RECIPE, tmp_path / "parts")
    parts, _ = train(RECIPE, tmp_path / "parts", resume=True)
    for part, row in zip(validated(tmp_path / "parts"), validated(tmp_path / "whole"), strict=True):
        assert part == pytest.approx(row, rel=1e-6)  # the sum of the terms may round in another way
    assert moved(state(whole), state(parts)) == []
    alone, _ = train(RECIPE.override({"data.validation_split": None}), tmp_path / "alone")
    assert moved(values(whole.weights), values(alone.weights)) == []
    rows = read_log(tmp_path / "whole" / "log.csv")
    assert len(rows) == 2 and all(row["val_loss"] != row["loss"] for row in rows)
    events = EventAccumulator(str(tmp_path / "parts" / "tensorboard" / "validation"), size_guidance={"tensors": 0})
    events.Reload()
    drawn = [float(make_ndarray(event.tensor_proto)) for event in events.Tensors("epoch_loss")]
    assert drawn == pytest.approx([row["val_loss"] for row in rows], rel=1e-5)


def test_validation_loss_is_that_of_evaluate_on_the_split(tmp_path):
    recipe = RECIPE.override({"epochs": 1, "data.validation_split": "train[90%:]", "data.split": "train[:90%]"})
    recipe = recipe.override({"args.binarize": False, "args.likelihood": "gaussian", "data.drop_remainder": True})
    model, _ = train(recipe.override({"data.limit": 40}), tmp_path / "run")
    held = keras_genzoo.data.load("digits", split="train[90%:]", limit=40, image_size=(8, 8), batch_size=16)
    assert held.num_images == 40 and len(held) == 3  # the last batch is not full
    found = model.evaluate(held, verbose=0, return_dict=True)["reconstruction_loss"]
    assert validated(tmp_path / "run")[0]["val_reconstruction_loss"] == pytest.approx(found, rel=0.02)  # noise of z


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"validation_split": "train"}, "validation split without training images.* images of digits in both: 64"),
        ({"split": "train[:60%]", "validation_split": "training[50%:]"}, "in both: 150"),
        ({"limit": None, "validation_split": "train[-1:]"}, "in both: 1$"),
        ({"validation_split": "validation"}, "Expected a split of digits, which has 'train', 'test'"),
        ({"validation_split": "test[5%"}, r"Received: data.validation_split='test\[5%'"),
        ({"validation_split": 5}, "Expected data.validation_split as text"),
        (
            {"validation_split": "test", "validation_split_b": "test"},
            "Expected no second domain .* Received: data.validation_split_b='test'$",
        ),
    ],
    ids=str,
)
def test_validation_split_that_cannot_be_is_refused_before_the_run_folder(data, message, tmp_path):
    data = {"limit": 64, **data} if "split" not in data else {"limit": None, **data}
    with pytest.raises(ValueError, match=message):
        train(RECIPE.override({f"data.{key}": value for key, value in data.items()}), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_splits_of_one_name_may_share_no_image():
    check_disjoint("digits", "train[:90%]", "train[90%:]")
    check_disjoint("digits", "train", "train[64:]", limit=64)
    check_disjoint("digits", "train", "testing")


def test_domains_have_validation_splits_of_their_own():
    data = {"split": "train[:4]", "split_b": "train[4:9]", "batch_size": 2, "validation_split": "test[:2]"}
    with pytest.raises(ValueError, match="Expected data.validation_split_b"):
        Recipe.from_dict({**PAIRS, "data": data})
    with pytest.raises(ValueError, match="Expected data.validation_split with data.validation_split_b"):
        Recipe.from_dict({**PAIRS, "data": {"validation_split_b": "test"}})
    recipe = Recipe.from_dict({**PAIRS, "data": {**data, "validation_split_b": "test[2:5]"}})
    model = building.build("cyclegan", **recipe.args)
    steps = importlib.import_module("keras_genzoo.training.train")
    b = np.concatenate([batch.numpy() for _, batch in steps.load_validation(recipe, model)])
    wanted, _ = keras_genzoo.data.load_arrays("digits", split="test[2:5]", image_size=(8, 8))
    np.testing.assert_array_equal(b, wanted)
    for shared, what in (({"validation_split": "train[3:5]"}, "1$"), ({"validation_split_b": "train[5:]"}, "4$")):
        with pytest.raises(ValueError, match=f"without training images.* in both: {what}"):
            steps.load_validation(recipe.override({f"data.{key}": value for key, value in shared.items()}), model)
