"""Training runs: what a run folder holds, and that no stop, crash or full disk costs more than the step it came in."""

import csv
import dataclasses
import errno
import importlib
import io
import json
import math
import os
import resource
import shutil
import signal

import numpy as np
import pytest
import yaml
from at_step import At
from cases import moved, state, values
from keras import ops
from PIL import Image

import keras_genzoo
from keras_genzoo import callbacks, presets, training
from keras_genzoo.callbacks.checkpoint import checkpoint_step, list_checkpoints
from keras_genzoo.callbacks.epoch_log import read_log
from keras_genzoo.callbacks.health_signs import MEASURES
from keras_genzoo.presets import cards, files, saving
from keras_genzoo.recipes import Recipe

steps = importlib.import_module("keras_genzoo.training.train")  # the package gives the function of this name

STEPS = 4  # an epoch: 64 images in batches of 16
DATA = {"source": "digits", "limit": 64, "batch_size": 16, "title": "Digits", "license": "CC BY 4.0"}
EVALUATION = {"metrics": ["sliced_wasserstein"], "num_images": 40}

DCGAN = Recipe.from_dict(
    {
        "model": "dcgan",
        "args": {"image_shape": [8, 8, 1], "latent_dim": 3, "base_filters": 4},
        "optimizers": {
            "d_optimizer": {"name": "sgd", "learning_rate": 0.01, "momentum": 0.9},
            "g_optimizer": {
                "name": "adam",
                "learning_rate": {"schedule": "cosine_decay", "initial_learning_rate": 1e-3, "decay_steps": 12},
            },
        },
        "data": DATA,
        "epochs": 3,
        "seed": 5,
        "evaluation": EVALUATION,
        "description": "Tiny.",
        "name": "tiny_dcgan",
    }
)
# The model that is quickest to trace, for what does not depend on the model.
VAE = Recipe.from_dict(
    {
        "model": "vae",
        "args": {"image_shape": [8, 8, 1], "network": "mlp", "hidden_units": [4], "latent_dim": 2},
        "data": DATA,
        "epochs": 3,
        "evaluation": EVALUATION,
        "name": "tiny_vae",
    }
)
CLASSIFIER = Recipe.from_dict(
    {
        "model": "classifier",
        "args": {"image_shape": [8, 8, 1], "base_filters": 4, "feature_dim": 4, "max_shift": 1, "flip": True},
        "data": DATA,
        "epochs": 2,
        "evaluation": {"metrics": ["accuracy"], "num_images": 40},
        "name": "tiny_classifier",
    }
)


def train(recipe, out, **kwargs):
    return training.train(recipe, out, verbose=0, **{"evaluate": False, **kwargs})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Function from a recipe to its run that never stopped, made once: folder, and state of the model at the end."""
    runs = {}

    def get(recipe):
        if recipe.name not in runs:
            folder = tmp_path_factory.mktemp("whole") / recipe.name
            model, preset = train(recipe, folder, evaluate=True)
            assert preset == folder / "preset"
            runs[recipe.name] = folder, state(model)
        return runs[recipe.name]

    return get


@pytest.fixture
def at(monkeypatch):
    """Function that has the runs of a test call another one after a step."""
    make = steps.make_callbacks

    def add(step, function):
        monkeypatch.setattr(steps, "make_callbacks", lambda *args: [At(step, function), *make(*args)])

    yield add


def press_ctrl_c(model):
    signal.raise_signal(signal.SIGINT)


# -- the run folder ---------------------------------------------------------------------------------------------------


def test_run_folder_holds_everything(whole):
    folder, _ = whole(DCGAN)
    wanted = ["checkpoints", "health.png", "log.csv", "loss.png", "preset", "recipe.yaml", "samples", "tensorboard"]
    assert names(folder) == wanted
    assert names(folder / "samples") == [f"epoch_000{epoch}.png" for epoch in (1, 2, 3)]
    assert names(folder / "preset") == ["card.json", "config.json", "metadata.json", "model.weights.h5", "samples.png"]
    assert [checkpoint_step(path) for path in list_checkpoints(folder / "checkpoints")] == [8, 12]
    assert list((folder / "tensorboard").rglob("events.out.tfevents.*"))
    for picture in ("health.png", "loss.png", "samples/epoch_0001.png", "preset/samples.png"):
        with Image.open(folder / picture) as image:
            assert image.format == "PNG"
            image.verify()


def test_recipe_of_a_run_is_the_recipe_as_run(whole):
    folder, _ = whole(DCGAN)
    assert keras_genzoo.load_recipe(folder / "recipe.yaml") == DCGAN
    assert yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8"))["optimizers"] == DCGAN.optimizers


def test_log_of_a_run_has_a_row_an_epoch(whole):
    folder, _ = whole(DCGAN)
    with open(folder / "log.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    health = [f"health_{name}" for name in MEASURES]
    assert list(rows[0]) == ["epoch", "seconds", "d_loss", "g_loss", *health]
    assert all(math.isfinite(float(value)) for row in rows for value in row.values())


def test_tensorboard_has_the_losses_and_the_health_of_the_log(whole):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    folder, _ = whole(DCGAN)
    events = EventAccumulator(str(folder / "tensorboard" / "train"), size_guidance={"tensors": 0})
    events.Reload()
    for name in ("d_loss", "health_diversity"):
        drawn = [float(make_ndarray(event.tensor_proto)) for event in events.Tensors(f"epoch_{name}")]
        assert drawn == pytest.approx([row[name] for row in read_log(folder / "log.csv")], rel=1e-5)


def test_tensorboard_has_learning_rates_and_grids(whole):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    folder, _ = whole(DCGAN)
    events = EventAccumulator(str(folder / "tensorboard" / "samples"), size_guidance={"tensors": 0})
    events.Reload()
    rates = {
        name: [float(make_ndarray(event.tensor_proto)) for event in events.Tensors(f"learning_rate/{name}")]
        for name in ("d_optimizer", "g_optimizer")
    }
    assert rates["d_optimizer"] == pytest.approx([0.01] * 3)
    cosine = [1e-3 * (1 + math.cos(math.pi * step / 12)) / 2 for step in (4, 8, 12)]
    assert rates["g_optimizer"] == pytest.approx(cosine, abs=1e-9)
    pictures = [make_ndarray(event.tensor_proto) for event in events.Tensors("samples")]
    for number, (width, height, encoded) in enumerate(pictures, 1):
        with (
            Image.open(folder / "samples" / f"epoch_000{number}.png") as file,
            Image.open(io.BytesIO(encoded)) as image,
        ):
            assert (int(width), int(height)) == image.size == file.size
            assert image.convert("L").tobytes() == file.convert("L").tobytes()
    assert len(pictures) == 3


def test_preset_of_a_run_is_its_model(whole):
    folder, _ = whole(DCGAN)
    files.verify(folder / "preset")
    model = keras_genzoo.build("dcgan", weights=folder / "preset")
    last = keras_genzoo.load(list_checkpoints(folder / "checkpoints")[-1])
    last.average.replace()  # stored without the raw generator, and in half precision: 11 bits
    for stored, value in zip(model.network_variables, last.network_variables, strict=True):
        assert abs(stored.numpy() - value.numpy()).max() <= abs(value.numpy()).max() * 2**-11


def test_card_of_a_run_says_what_was_done(whole):
    folder, _ = whole(DCGAN)
    card = presets.card(folder / "preset")
    assert card["recipe"] == DCGAN.to_dict()
    assert card["data"] == {"title": "Digits", "license": "CC BY 4.0"}
    assert (card["model"], card["name"], card["seed"], card["epochs"]) == ("dcgan", "tiny_dcgan", 5, 3)
    assert card["wall_time_seconds"] == round(sum(row["seconds"] for row in read_log(folder / "log.csv")))
    assert str(os.cpu_count()) in card["hardware"]
    result = card["metrics"]["sliced_wasserstein"]
    assert math.isfinite(result["value"])
    assert {"n_real", "n_fake", "data", "split", "seed"} <= set(result["protocol"])
    assert (result["protocol"]["n_real"], result["protocol"]["data"]) == (40, "digits")


def test_card_measures_the_weights_as_they_are_stored(tmp_path, monkeypatch):
    measured = []
    monkeypatch.setattr(steps, "measure", lambda model, recipe: measured.append(model) or {})
    trained, preset = train(VAE.override({"epochs": 1}), tmp_path / "run", evaluate=True)
    stored = values(keras_genzoo.build("vae", weights=preset).network_variables)
    assert moved(values(measured[0].network_variables), stored) == []
    assert moved(values(trained.network_variables), stored) != []  # which were rounded for the file


@pytest.mark.parametrize("error", [OSError, ZeroDivisionError])
def test_evaluation_that_fails_leaves_the_preset_and_hides_no_bug(error, tmp_path, monkeypatch):
    def fail(model, recipe):
        raise error("features that cannot be had")

    monkeypatch.setattr(steps, "measure", fail)
    told = pytest.warns(UserWarning, match="was not evaluated: features that cannot be had")
    with told if error is OSError else pytest.raises(error):
        train(VAE.override({"epochs": 1}), tmp_path / "run", evaluate=True)
    files.verify(tmp_path / "run" / "preset")
    assert presets.card(tmp_path / "run" / "preset")["metrics"] == {}


def test_classifier_run_has_an_accuracy_and_no_samples(whole):
    folder, _ = whole(CLASSIFIER)
    assert names(folder) == ["checkpoints", "log.csv", "loss.png", "preset", "recipe.yaml", "tensorboard"]
    assert names(folder / "preset") == ["card.json", "config.json", "metadata.json", "model.weights.h5"]
    assert 0 <= presets.card(folder / "preset")["metrics"]["accuracy"]["value"] <= 1


@pytest.mark.parametrize("prefix", ["npz:", ""])
def test_card_names_no_folder_of_this_machine(prefix, tmp_path, digits):
    import numpy as np

    images, labels = digits
    archive = tmp_path / "secret" / "pictures.npz"
    archive.parent.mkdir()
    np.savez(archive, x_train=images[:64], y_train=labels[:64], x_test=images[64:104], y_test=labels[64:104])
    recipe = VAE.override({"data.source": f"{prefix}{archive}", "data.data_dir": str(tmp_path), "epochs": 1})
    _, preset = train(recipe, tmp_path / "run", evaluate=True)
    for file in ("card.json", "config.json", "metadata.json"):
        text = (preset / file).read_text(encoding="utf-8")
        assert "secret" not in text and str(tmp_path) not in text and os.path.expanduser("~") not in text
    assert presets.card(preset)["recipe"]["data"]["source"] == f"{prefix}pictures.npz"
    assert presets.card(preset)["metrics"]["sliced_wasserstein"]["protocol"]["data"] == f"{prefix}pictures.npz"


@pytest.mark.parametrize(
    ("source", "public"),
    [
        ("digits", "digits"),
        ("tfds:mnist", "tfds:mnist"),
        ("cats/birman:1.0.0", "cats/birman:1.0.0"),
        ("folder:/home/me/cats", "folder:cats"),
        ("npz:data/mnist.npz", "npz:mnist.npz"),
        ("/home/me/cats/", "cats"),
        ("~/cats", "cats"),
        ("../mnist.npz", "mnist.npz"),
    ],
)
def test_public_source_has_no_folders(source, public):
    assert cards.public_source(source) == public


def test_used_run_folder_is_refused_and_left_alone(whole):
    folder, _ = whole(DCGAN)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(ValueError, match="Expected a new or empty run folder.*--resume"):
        train(DCGAN, folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data.source": "npz:none.npz"}, "none.npz"),
        ({"latent_dim": 0}, "Expected latent_dim to be an integer of at least 1"),
        ({"image_shape": [28, 28]}, "Expected image_shape"),
        ({"data.batch_size": 0}, "Expected batch_size"),
        ({"data.batch_size": 99, "data.drop_remainder": True}, "^Expected batch_size of at most the number of images"),
        ({"optimizers.optimizer": "adm"}, "did you mean 'adam'"),
    ],
)
def test_wrong_recipe_leaves_no_run_folder(changes, message, tmp_path):
    with pytest.raises((ValueError, OSError), match=message):
        train(VAE.override(changes), tmp_path / "run")
    assert names(tmp_path) == []


def test_wrong_split_for_the_evaluation_is_told_before_training(tmp_path):
    with pytest.raises(ValueError, match="Expected a split of digits.* split='nope'"):
        train(VAE.override({"evaluation.split": "nope"}), tmp_path / "run", evaluate=True)
    assert names(tmp_path) == []


@pytest.mark.parametrize("metrics", [["ssmi"], ["accuracy"]])
def test_wrong_metric_is_told_before_training(metrics, tmp_path):
    with pytest.raises(ValueError, match="did you mean 'ssim'|Expected a model with a method 'predict_labels'"):
        train(VAE.override({"evaluation.metrics": metrics}), tmp_path / "run", evaluate=True)
    assert names(tmp_path) == []


def test_training_starts_from_weights(whole, tmp_path):
    folder, _ = whole(DCGAN)
    recipe = DCGAN.override({"optimizers": {"d_optimizer": {"name": "sgd", "learning_rate": 0.0}}, "epochs": 1})
    model, preset = train(recipe.override({"weights": str(folder / "preset")}), tmp_path / "run")
    start = keras_genzoo.build("dcgan", weights=folder / "preset")
    for new, old in zip(model.discriminator.trainable_variables, start.discriminator.trainable_variables, strict=True):
        assert (new.numpy() == old.numpy()).all()
    assert presets.card(preset)["recipe"]["weights"] == "preset"  # no path of this machine


def test_run_of_a_folder_without_recipe_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Expected a run folder with recipe.yaml"):
        training.Run(tmp_path)


# -- names of classes -------------------------------------------------------------------------------------------------


@pytest.fixture
def animals(tmp_path):
    """A folder of images in one subfolder per class, and the recipe of a classifier of them."""
    for name in ("dog", "cat", "elk"):
        (tmp_path / "animals" / name).mkdir(parents=True)
        for number in range(4):
            Image.new("L", (8, 8), 20 * number).save(tmp_path / "animals" / name / f"{number}.png")
    data = {"source": f"folder:{tmp_path / 'animals'}", "batch_size": 6}
    return CLASSIFIER.override({"data": data, "num_classes": 3, "epochs": 1})


def test_class_names_of_the_data_are_in_recipe_preset_and_card(animals, tmp_path):
    model, preset = train(animals, tmp_path / "run")
    assert model.class_names == ("cat", "dog", "elk")
    assert keras_genzoo.load_recipe(tmp_path / "run" / "recipe.yaml").args["class_names"] == ["cat", "dog", "elk"]
    assert keras_genzoo.build("classifier", weights=preset).class_names == ("cat", "dog", "elk")
    assert presets.card(preset)["recipe"]["args"]["class_names"] == ["cat", "dog", "elk"]
    again, _ = train(animals.override({"epochs": 2}), tmp_path / "run", resume=True)
    assert again.class_names == ("cat", "dog", "elk")


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["cat", "dog", "elk"]),
        ({"class_names": ["a", "b", "c"]}, ["a", "b", "c"]),
        ({"data.source": "digits", "num_classes": 10}, None),
    ],
)
def test_names_of_the_recipe_come_before_those_of_the_data(changes, names, animals):
    args = steps.with_classes(animals.override(changes)).args
    assert (args.get("class_names"), args["num_classes"]) == (names, 10 if names is None else 3)


def test_number_of_classes_is_that_of_the_data_if_none_is_given(animals):
    recipe = dataclasses.replace(animals, args={k: v for k, v in animals.args.items() if k != "num_classes"})
    args = steps.with_classes(recipe).args
    assert (args["num_classes"], args["class_names"]) == (3, ["cat", "dog", "elk"])


def test_number_of_classes_may_be_that_of_the_preset(animals, tmp_path):
    args = {**CLASSIFIER.args, "num_classes": 3}
    keras_genzoo.build("classifier", **args).save_to_preset(tmp_path / "preset")
    recipe = Recipe("classifier", weights=str(tmp_path / "preset"), data=animals.data)
    assert steps.with_classes(recipe).args == {"class_names": ["cat", "dog", "elk"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_classes": 10}, r"Expected num_classes=3, .* \(cat, dog, elk\). Received: num_classes=10"),
        ({"num_classes": 2}, "Received: num_classes=2"),
        ({"class_names": ["dog", "cat", "elk"]}, "Expected class_names in the order .* Received: dog, cat, elk"),
        ({"data.source": "digits", "num_classes": 12}, "Expected num_classes=10, .* by its labels. Received: num_cl"),
    ],
)
def test_other_classes_than_those_of_the_data_are_refused(changes, message, animals, tmp_path):
    with pytest.raises(ValueError, match=message):
        train(animals.override(changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_number_of_classes_is_that_of_the_data_and_a_resumed_run_keeps_it(animals, tmp_path):
    recipe = Recipe("classifier", CLASSIFIER.args, data=animals.data, epochs=1)
    model, _ = train(recipe, tmp_path / "run")
    assert (model.num_classes, model.class_names) == (3, ("cat", "dog", "elk"))
    again, _ = train(recipe.override({"epochs": 2}), tmp_path / "run", resume=True)
    assert again.num_classes == 3


@pytest.mark.parametrize("given", [None, ["a", "b", "c"]])
def test_run_is_not_resumed_on_a_folder_of_other_classes(given, animals, tmp_path):
    begun = animals.override({"class_names": given}) if given else animals
    other = shutil.copytree(tmp_path / "animals", tmp_path / "other" / "animals")
    train(begun, tmp_path / "run")
    again, _ = train(begun.override({"epochs": 2, "data.source": f"folder:{other}"}), tmp_path / "run", resume=True)
    assert again.class_names == tuple(given or ("cat", "dog", "elk"))
    (other / "elk").rename(other / "fox")
    changed = begun.override({"epochs": 3, "data.source": f"folder:{other}"})
    with pytest.raises(ValueError, match="Expected data of the classes cat, dog, elk, .* Received: cat, dog, fox"):
        train(changed, tmp_path / "run", resume=True)


def test_classes_without_a_label_are_told(animals, tmp_path):
    np.savez(tmp_path / "two.npz", x=np.full((4, 8, 8), 9, "uint8"), y=[1, 3, 1, 3])
    recipe = animals.override({"data.source": f"npz:{tmp_path / 'two.npz'}"})
    recipe = dataclasses.replace(recipe, args={k: v for k, v in recipe.args.items() if k != "num_classes"})
    with pytest.warns(UserWarning, match="Found no images of 2 of 4 classes of .*: 0, 2"):
        assert steps.with_classes(recipe).args["num_classes"] == 4


def test_size_of_the_data_set_is_that_of_the_data_and_another_one_is_refused(tmp_path):
    args = {"image_shape": [8, 8, 1], "network": "mlp", "hidden_units": [4], "latent_dim": 2}
    recipe = Recipe.from_dict(
        {"model": "beta_tc_vae", "args": args, "data": {"source": "digits", "limit": 20}, "epochs": 1}
    )
    model, _ = train(recipe, tmp_path / "run")
    assert model.dataset_size == 20
    again, _ = train(recipe.override({"epochs": 2}), tmp_path / "run", resume=True)
    assert again.dataset_size == 20
    with pytest.raises(ValueError, match="Expected dataset_size=20, .* of digits, .*Received: dataset_size=1500"):
        train(recipe.override({"dataset_size": 1500}), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_run_without_images_for_testing_is_evaluated_on_others_with_a_warning(animals, tmp_path):
    with pytest.warns(UserWarning, match="uses the split 'train' of folder.* no split 'test': these are the images of"):
        _, preset = train(animals, tmp_path / "run", evaluate=True)
    assert presets.card(preset)["metrics"]["accuracy"]["protocol"]["split"] == "train"


def test_model_without_class_names_has_its_recipe_unchanged(animals):
    recipe = VAE.override({"data.source": animals.data.source})
    assert steps.with_classes(recipe) is recipe


def test_run_that_began_without_class_names_is_resumed_without(animals, tmp_path, monkeypatch):
    with monkeypatch.context() as before:  # a run of an earlier version
        before.setattr(steps, "with_classes", lambda recipe: recipe)
        train(animals, tmp_path / "run")
    model, _ = train(animals.override({"epochs": 2}), tmp_path / "run", resume=True)
    assert model.class_names is None


# -- stopping and going on --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "stop"),  # every kind of place once, and every kind of data in the middle of an epoch
    [(VAE, 1), (VAE, STEPS), (VAE, 2 * STEPS), (DCGAN, STEPS), (DCGAN, STEPS + 2), (CLASSIFIER, STEPS + 2)],
    ids=lambda value: getattr(value, "model", f"step_{value}"),
)
def test_resumed_run_ends_bit_equal_to_the_one_that_never_stopped(recipe, stop, whole, at, tmp_path):
    folder, expected = whole(recipe)
    at(stop, press_ctrl_c)
    with pytest.raises(callbacks.TrainingInterrupted, match=f"after step {stop}; checkpoint: .*step_0000000{stop}"):
        train(recipe, tmp_path)
    assert checkpoint_step(training.last_checkpoint(tmp_path)) == stop
    at(10**6, press_ctrl_c)
    model, _ = train(recipe, tmp_path, resume=True)
    assert moved(expected, state(model)) == []
    assert [row["epoch"] for row in read_log(tmp_path / "log.csv")] == list(range(1, recipe.epochs + 1))
    if stop % STEPS == 0:  # no epoch was cut: the log is the same too, but for the times
        drop = [{**row, "seconds": 0} for row in read_log(tmp_path / "log.csv")]
        assert drop == [{**row, "seconds": 0} for row in read_log(folder / "log.csv")]
    if recipe is not CLASSIFIER:
        assert names(tmp_path / "samples") == names(folder / "samples")
        for picture in names(folder / "samples"):
            assert (tmp_path / "samples" / picture).read_bytes() == (folder / "samples" / picture).read_bytes()


def test_vae_that_stopped_twice_ends_bit_equal_too(whole, at, tmp_path):
    _, expected = whole(VAE)
    for stop, expected_step in ((3, 3), (4, 7)):
        at(stop, press_ctrl_c)
        with pytest.raises(callbacks.TrainingInterrupted, match=f"Interrupted after step {expected_step};"):
            train(VAE, tmp_path, resume=True)
    at(10**6, press_ctrl_c)
    model, _ = train(VAE, tmp_path, resume=True)
    assert moved(expected, state(model)) == []


def test_run_that_is_done_trains_no_further(whole):
    folder, expected = whole(VAE)
    before = (folder / "log.csv").read_bytes()
    model, preset = train(VAE, folder, resume=True)
    assert moved(expected, state(model)) == []
    assert (folder / "log.csv").read_bytes() == before
    files.verify(preset)


def test_run_can_be_resumed_for_more_epochs(whole, tmp_path):
    _, expected = whole(VAE)
    train(VAE.override({"epochs": 1}), tmp_path)
    model, _ = train(VAE, tmp_path, resume=True)
    assert moved(expected, state(model)) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("latent_dim", 3),
        ("seed", 9),
        ("data.batch_size", 8),
        ("dtype", "mixed_bfloat16"),
        ("optimizers", {"optimizer": "sgd"}),
    ],
)
def test_other_training_is_refused_on_resume(key, value, whole):
    folder, _ = whole(VAE)
    before = (folder / "recipe.yaml").read_bytes()
    with pytest.raises(ValueError, match="as the run in .* began, to resume it. Received"):
        train(VAE.override({key: value}), folder, resume=True)
    assert (folder / "recipe.yaml").read_bytes() == before


def test_resume_in_an_empty_folder_starts(whole, tmp_path):
    _, expected = whole(VAE)
    model, _ = train(VAE, tmp_path / "new", resume=True)
    assert moved(expected, state(model)) == []


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_damaged_checkpoint_is_named_and_the_one_before_is_used(damage, whole, at, tmp_path):
    _, expected = whole(VAE)
    at(2 * STEPS + 1, press_ctrl_c)
    with pytest.raises(callbacks.TrainingInterrupted):
        train(VAE, tmp_path)
    newest = training.last_checkpoint(tmp_path)
    content = newest.read_bytes()
    middle = content.index(b"model.weights.h5") + 2000  # inside the stored weights
    end = content[middle + 200 :] if damage == "overwritten" else b""
    newest.write_bytes(content[:middle] + bytes(200) + end)
    at(10**6, press_ctrl_c)
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged and is skipped"):
        model, _ = train(VAE, tmp_path, resume=True)
    assert moved(expected, state(model)) == []


# -- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["d_loss", "g_loss"])
def test_nan_loss_stops_and_keeps_the_last_good_checkpoint(wrong, whole, monkeypatch, tmp_path):
    from keras_genzoo.models.dcgan import DCGAN as Model

    method, optimizer = {
        "d_loss": ("discriminator_loss", "d_optimizer"),
        "g_loss": ("generator_loss", "g_optimizer"),
    }[wrong]
    original = getattr(Model, method)

    def nan_from_the_seventh_step(self, real, fake):
        done = getattr(self, optimizer).iterations
        return ops.where(done >= 6, math.nan, original(self, real, fake))

    monkeypatch.setattr(Model, method, nan_from_the_seventh_step)
    with pytest.raises(callbacks.TrainingDiverged, match=f"Received: {wrong} = nan at step 7$"):
        train(DCGAN, tmp_path)
    assert names(tmp_path / "checkpoints") == ["step_00000004.keras"]
    assert [row["epoch"] for row in read_log(tmp_path / "log.csv")] == [1]
    assert not (tmp_path / "preset").exists()
    monkeypatch.undo()
    model, _ = train(DCGAN, tmp_path, resume=True)
    assert moved(whole(DCGAN)[1], state(model)) == []


def test_nan_loss_of_a_resumed_run_counts_all_steps(whole, at, tmp_path):
    train(VAE.override({"epochs": 1}), tmp_path)
    at(2, lambda model: model.decoder.weights[0].assign(model.decoder.weights[0] * math.nan))
    with pytest.raises(callbacks.TrainingDiverged, match="loss = nan.* at step 7$"):
        train(VAE, tmp_path, resume=True)
    assert names(tmp_path / "checkpoints") == ["step_00000004.keras"]


def no_space(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("where", ["while writing", "while renaming"])
def test_full_disk_leaves_the_checkpoint_before(where, whole, at, monkeypatch, tmp_path):
    rename = os.replace

    def write_half(path):
        path.write_bytes(b"half")
        no_space()

    def fill_disk(model):
        if where == "while writing":
            object.__setattr__(model, "save", write_half)
        else:  # logs and pictures are renamed too: only the checkpoint fails
            monkeypatch.setattr(os, "replace", lambda a, b: no_space() if b.suffix == ".keras" else rename(a, b))

    at(STEPS + 1, fill_disk)
    with pytest.raises(OSError, match="The checkpoint .*step_00000008.keras could not be written.*No space left"):
        train(VAE, tmp_path)
    monkeypatch.undo()
    assert names(tmp_path / "checkpoints") == ["step_00000004.keras"]
    model, _ = train(VAE, tmp_path, resume=True)
    assert moved(whole(VAE)[1], state(model)) == []


def test_disk_that_is_really_full_leaves_the_checkpoint_before(at, tmp_path):
    """The limit of the size of a file acts like a full disk, in the code that writes, however deep it lies."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    recipe = VAE.override({"hidden_units": [64]})
    try:
        at(STEPS + 1, lambda model: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard)))
        with pytest.raises(OSError, match="The checkpoint .*step_00000008.keras could not be written"):
            train(recipe, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path / "checkpoints") == ["step_00000004.keras"]
    assert keras_genzoo.load(tmp_path / "checkpoints" / "step_00000004.keras").model_name == "vae"


def test_failed_preset_leaves_the_checkpoints_and_can_be_made_again(at, monkeypatch, tmp_path):
    monkeypatch.setattr(saving, "write_weights", no_space)
    with pytest.raises(OSError, match="No space left"):
        train(VAE.override({"epochs": 1}), tmp_path)
    assert "preset" not in names(tmp_path)
    assert not [name for name in names(tmp_path) if name.startswith(".")]
    monkeypatch.undo()
    _, preset = train(VAE.override({"epochs": 1}), tmp_path, resume=True)
    files.verify(preset)
    assert json.loads((preset / "card.json").read_text(encoding="utf-8"))["epochs"] == 1


def test_a_run_fits_its_samplers_to_the_training_images_and_measures_each(tmp_path):
    recipe = Recipe.from_dict(
        {
            "model": "vae",
            "args": {"image_shape": [8, 8, 1], "latent_dim": 2, "base_filters": 4, "samplers": {"mixture": 3}},
            "data": {"source": "digits", "limit": 100, "batch_size": 50},
            "epochs": 1,
            "evaluation": {
                "split": "train",
                "metrics": ["sliced_wasserstein", "reconstruction_mse"],
                "num_images": 40,
                "samplers": ["prior", "mixture"],
            },
        }
    )
    with pytest.raises(ValueError, match="Expected samplers.mixture of at most 100, .* Received: 101"):
        training.train(recipe.override({"args.samplers": {"mixture": 101}}), tmp_path / "run", verbose=0)
    with pytest.raises(ValueError, match="Expected evaluation.samplers of prior, mixture, .* Received: 'two_stage'"):
        training.train(recipe.override({"evaluation.samplers": ["two_stage"]}), tmp_path / "run", verbose=0)
    stopped = {"stopping.metric": "sliced_wasserstein", "evaluation.samplers": ["mixture"]}
    with pytest.raises(ValueError, match="Expected evaluation.samplers that begin with prior, from which a training"):
        training.train(recipe.override(stopped), tmp_path / "run", verbose=0)
    model, preset = training.train(recipe, tmp_path / "run", verbose=0)
    assert model.samplers == {"mixture": 3}
    assert np.unique(model.mixture_sampler.means.numpy()).size == 6  # not those of the start, all zero
    metrics = presets.card(preset)["metrics"]
    assert list(metrics) == ["sliced_wasserstein", "reconstruction_mse", "sliced_wasserstein@mixture"]
    for name, sampler in (("sliced_wasserstein", "prior"), ("sliced_wasserstein@mixture", "mixture")):
        assert metrics[name]["protocol"].get("sampler", "prior") == sampler
        again = keras_genzoo.evaluate(model, "digits", "sliced_wasserstein", 40, split="train", sampler=sampler)
        assert metrics[name]["value"] == pytest.approx(again["sliced_wasserstein"]["value"], rel=0.05)


def test_a_preset_is_kept_if_a_sampler_has_too_few_images(tmp_path, monkeypatch):
    monkeypatch.setattr(training.samplers, "images_per_epoch", lambda *args: 10)  # as if one file could not be read
    args = {"image_shape": [8, 8, 1], "network": "mlp", "hidden_units": [4]}
    args["samplers"] = {"mixture": 5, "aggregate": 10}
    recipe = Recipe("vae", args=args, epochs=1).override({"data.limit": 9, "data.batch_size": 8})
    with pytest.warns(UserWarning, match="The preset has no fitted sampler 'aggregate': Expected at least 10 images"):
        _, preset = training.train(recipe, tmp_path / "run", verbose=0, evaluate=False)
    stored = keras_genzoo.build("vae", weights=preset)
    assert stored.mixture_sampler.is_fitted and not stored.aggregate_sampler.is_fitted
