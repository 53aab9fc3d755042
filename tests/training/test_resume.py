"""What a run is: which changes between stop and resume are refused, and what a checkpoint keeps of the run."""

import dataclasses
import importlib
import shutil
import signal
import zipfile

import numpy as np
import pytest
import yaml
from at_step import At
from cases import moved, state
from PIL import Image

import keras_genzoo
from keras_genzoo import building, callbacks, presets, training
from keras_genzoo.callbacks.epoch_log import read_log
from keras_genzoo.cli import names
from keras_genzoo.recipes import DataConfig, Recipe, precision
from keras_genzoo.utils.checkpoint_files import checkpoint_step, list_checkpoints, read_note

RECIPE = Recipe.from_dict(
    {
        "model": "vae",
        "args": {"image_shape": [8, 8, 1], "network": "mlp", "hidden_units": [4], "latent_dim": 2},
        "data": {"source": "digits", "limit": 64, "batch_size": 16},
        "epochs": 2,
        "name": "tiny",
    }
)


def train(recipe, out, **kwargs):
    return training.train(recipe, out, **{"evaluate": False, "verbose": 0, **kwargs})


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A finished run of 2 epochs of 4 steps."""
    folder = tmp_path_factory.mktemp("done") / "run"
    train(RECIPE, folder)
    return folder


@pytest.fixture
def run(done, tmp_path):
    """A copy of the finished run."""
    return training.Run(shutil.copytree(done, tmp_path / "run"))


def edit(run, **changes):
    """Changes recipe.yaml as an editor would."""
    values = yaml.safe_load(run.recipe_path.read_text(encoding="utf-8"))
    for key, value in changes.items():
        section, _, name = key.rpartition("__")
        (values[section] if section else values)[name] = value
    run.recipe_path.write_text(yaml.safe_dump(values), encoding="utf-8")


def snapshot(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(recipe, folder, message):
    before = snapshot(folder)
    with pytest.raises(ValueError, match=message) as caught:
        train(recipe, folder, resume=True)
    assert "\n" not in str(caught.value)
    assert snapshot(folder) == before


def test_checkpoint_keeps_recipe_and_steps_of_its_run(done):
    for path in list_checkpoints(done / "checkpoints"):
        note = read_note(path)
        assert Recipe.from_dict(note["recipe"]) == RECIPE
        assert (note["steps_per_epoch"], note["epoch_seconds"]) == (4, 0.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"args__hidden_units": [8]}, r"args.hidden_units=\[4\], as the run .* Received: args.hidden_units=\[8\]"),
        ({"args__reconstruction_weight": 3.0}, "args.reconstruction_weight=1.0, as the run .* Received: args.recon"),
        ({"args": {"image_shape": [8, 8, 1]}}, "args.latent_dim=2.* Received: args.latent_dim=32"),
        ({"model": "cvae", "args": {}}, "model='vae'.* Received: model='cvae'"),
        ({"data__cache": False}, "data.cache=True.* Received: data.cache=False"),  # the order depends on it
        ({"data__batch_size": 64}, "data.batch_size=16.* Received: data.batch_size=64"),
        ({"data__source": "tfds:mnist"}, "data.source='digits'.* Received: data.source='mnist'"),
        ({"seed": 3}, "seed=0.* Received: seed=3"),
        ({"dtype": "mixed_bfloat16"}, "dtype='float32'"),
        ({"optimizers": {"optimizer": {"name": "sgd"}}}, "optimizers.optimizer='not given'"),
    ],
    ids=str,
)
def test_edited_recipe_of_a_run_is_refused(changes, message, run):
    edit(run, **changes)
    refused(training.Run(run.folder).recipe, run.folder, f"Expected {message}")


def test_what_weights_do_not_depend_on_may_be_edited(run):
    edit(run, epochs=3, description="Better.", data__title="Digits", evaluation={"num_images": 9})
    _, preset = train(training.Run(run.folder).recipe, run.folder, resume=True)
    card = presets.card(preset)
    assert (card["epochs"], card["description"], card["data"]["title"]) == (3, "Better.", "Digits")
    assert [row["epoch"] for row in read_log(run.log)] == [1, 2, 3]


def test_several_steps_in_one_call_train_the_same_weights_and_may_change_on_resume(done, tmp_path):
    three = dataclasses.replace(RECIPE, steps_per_execution=3)
    model, _ = train(three, tmp_path / "run")
    once = building.load(training.last_checkpoint(done))
    assert model.steps_per_execution == 3 and once.steps_per_execution == 1
    for weight, same in zip(model.weights, once.weights, strict=True):
        np.testing.assert_allclose(weight.numpy(), same.numpy(), rtol=1e-5, atol=1e-6)
    again, _ = train(dataclasses.replace(three, steps_per_execution=2, epochs=3), tmp_path / "run", resume=True)
    assert again.steps_per_execution == 2 and int(again.optimizer.iterations) == 12


def test_fewer_epochs_than_trained_are_refused(run):
    refused(
        dataclasses.replace(RECIPE, epochs=1), run.folder, "Expected epochs of at least 2, which the run .* epochs=1"
    )


def test_data_may_move_and_has_the_same_steps(tmp_path, digits):
    for folder, count in (("a", 64), ("b", 64), ("c", 32)):
        (tmp_path / folder).mkdir()
        np.savez(tmp_path / folder / "mine.npz", images=digits[0][:count])
    recipe = RECIPE.override({"data.limit": None, "data.source": f"npz:{tmp_path}/a/mine.npz", "epochs": 1})
    train(recipe, tmp_path / "run")
    moved_data = recipe.override({"data.source": f"{tmp_path}/b/mine.npz", "epochs": 2})
    train(moved_data, tmp_path / "run", resume=True)
    fewer = recipe.override({"data.source": f"npz:{tmp_path}/c/mine.npz", "epochs": 3})
    refused(fewer, tmp_path / "run", "Expected data of 4 steps per epoch, as the run .* Received: 2 steps per epoch")


def test_other_data_of_as_many_steps_are_told(tmp_path, digits):
    def train_on(images, epochs):
        np.savez(tmp_path / "mine.npz", images=images)
        recipe = RECIPE.override({"data.limit": None, "data.source": f"npz:{tmp_path}/mine.npz", "epochs": epochs})
        train(recipe, tmp_path / "run", resume=True)

    images = digits[0]
    train_on(images[:64], 1)
    train_on(images[:64], 2)  # warns of nothing: a warning is an error here
    with pytest.warns(UserWarning, match=r"not those that the run in .* began with .other contents."):
        train_on(images[64:128], 3)
    with pytest.warns(UserWarning, match=r"began with .64 and 63 images."):
        train_on(images[64:127], 4)
    train_on(images[:64], 5)  # compared with those of the first training


def test_an_optimizer_without_a_name_is_kept_whole_and_resumed(tmp_path):
    recipe = RECIPE.override(["optimizers.optimizer.learning_rate=0.01", "epochs=1"])
    train(recipe, tmp_path / "run")
    stored = training.Run(tmp_path / "run").recipe.optimizers["optimizer"]
    assert stored["name"] == "adam" and stored["learning_rate"] == 0.01
    train(dataclasses.replace(recipe, epochs=2), tmp_path / "run", resume=True)
    refused(recipe.override(["optimizers.optimizer.learning_rate=0.02"]), tmp_path / "run", "learning_rate.: 0.01")


def test_domains_in_the_splits_of_one_folder_are_trained_on_and_shown(tmp_path, digits):
    for name in ("trainA", "trainB", "testA", "testB"):
        (tmp_path / "horses" / name).mkdir(parents=True)
        for number, image in enumerate(digits[0][:4]):
            pixels = image[..., 0] if name.endswith("A") else 255 - image[..., 0]
            Image.fromarray(pixels).save(tmp_path / "horses" / name / f"{number}.png")
    recipe = Recipe(
        "cyclegan", args=dict(base_filters=2, num_blocks=0), data=DataConfig(f"folder:{tmp_path}/horses", batch_size=2)
    )
    recipe = recipe.override({"image_shape": [8, 8, 1], "epochs": 1})
    train(recipe, tmp_path / "run")
    begun = training.Run(tmp_path / "run").recipe
    assert begun.data.source_b == recipe.data.source
    model, _ = train(dataclasses.replace(recipe, epochs=2), tmp_path / "run", resume=True)
    shown = training.real_images.images_to_translate(begun, model, 4)
    means = {direction.source: images.mean() for direction, images in shown.items()}
    assert means["b"] == pytest.approx(255.0 - means["a"], abs=1.0)
    held = recipe.override({"data.split": "test", "data.validation_split": "train"})
    train(held, tmp_path / "other")
    for name in ("A", "B"):
        (tmp_path / "horses" / f"test{name}").rename(tmp_path / "horses" / f"val{name}")
    moved_data = shutil.move(tmp_path / "horses", tmp_path / "animals")
    again = training.Run(tmp_path / "run").recipe.override({"data.source": f"folder:{moved_data}", "epochs": 3})
    assert again.data.source_b == again.data.source
    shown = training.real_images.images_to_translate(again, model, 4)
    assert [len(images) for images in shown.values()] == [4, 4]
    assert training.real_images.with_existing_split(again).evaluation.split == "validation"


def test_data_that_have_moved_keep_what_is_said_of_them(run):
    edit(run, description="Mine.", data__title="Digits", data__license="CC0", data__source="folder:here/pictures")
    recipe, _ = names.recipe_for("vae", {"data.source": "folder:there/pictures"}, None, [], run.folder, True)
    assert recipe.data.source == "folder:there/pictures"
    assert (recipe.description, recipe.data.title, recipe.data.license) == ("Mine.", "Digits", "CC0")


def test_a_split_that_was_found_is_found_again(tmp_path, digits):
    np.savez(tmp_path / "a.npz", images=digits[0][:32])
    recipe = RECIPE.override({"data.source": f"npz:{tmp_path}/a.npz", "epochs": 1, "evaluation.metrics": ["elbo"]})
    recipe = recipe.override({"stopping.metric": "elbo", "stopping.num_images": 8, "data.limit": None})
    with pytest.warns(UserWarning, match="Evaluation uses the split 'train'"):
        train(recipe, tmp_path / "run", evaluate=True)
    train(dataclasses.replace(recipe, epochs=2), tmp_path / "run", evaluate=True, resume=True)
    assert training.Run(tmp_path / "run").recipe.evaluation.split == "train"


# -- checkpoints that cannot be restored ------------------------------------------------------------------------------


def test_checkpoint_that_cannot_be_loaded_gives_way_to_the_one_before(run, monkeypatch):
    load, newest = building.load, list_checkpoints(run.checkpoints)[-1]

    def fails_for_the_newest(path):
        if path == newest:
            raise TypeError("Could not locate class 'Own'")
        return load(path)

    monkeypatch.setattr(building, "load", fails_for_the_newest)
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged and is skipped: Could not locate class"):
        model, _ = train(RECIPE, run.folder, resume=True)
    monkeypatch.undo()
    assert moved(state(load(newest)), state(model)) == []


def test_run_without_a_good_checkpoint_is_not_begun_again(run):
    for path in list_checkpoints(run.checkpoints):
        path.write_bytes(b"no archive")
    with pytest.warns(UserWarning, match="is damaged and is skipped"):
        refused(RECIPE, run.folder, "Expected a checkpoint in .* that can be loaded.*step_00000008.*step_00000004")


@pytest.mark.parametrize("lost", ["preset", "log.csv"])
def test_run_whose_checkpoints_were_deleted_is_not_begun_again(lost, run):
    shutil.rmtree(run.checkpoints)
    shutil.rmtree(run.preset) if lost == "preset" else run.log.unlink()
    refused(RECIPE, run.folder, "Expected a checkpoint in .* that can be loaded, to resume the run. Received: none")


def test_recipe_of_a_run_is_in_its_checkpoints_too(run):
    run.recipe_path.unlink()
    other = training.Run(run.folder, RECIPE.override({"latent_dim": 9}))
    assert other.stored_recipe() == RECIPE
    refused(other.recipe, run.folder, "Expected args.latent_dim=2, as the run .* Received: args.latent_dim=9")


def test_run_that_was_killed_before_its_first_checkpoint_begins_again(run, done):
    for folder in (run.checkpoints, run.preset):
        shutil.rmtree(folder)
    run.log.unlink()
    refused(RECIPE.override({"latent_dim": 3}), run.folder, "Expected args.latent_dim=2")
    model, _ = train(RECIPE, run.folder, resume=True)
    assert moved(state(keras_genzoo.load(list_checkpoints(done / "checkpoints")[-1])), state(model)) == []


def test_folder_of_other_files_is_not_resumed(tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    refused(RECIPE, tmp_path, "Expected a run to resume. Received: .*, a folder without a run")


def without_notes(run):
    """Makes the checkpoints those of a version that wrote none."""
    for path in list_checkpoints(run.checkpoints):
        with zipfile.ZipFile(path) as file:
            members = {name: file.read(name) for name in file.namelist() if name != "run.json"}
        with zipfile.ZipFile(path, "w") as file:
            for name, content in members.items():
                file.writestr(name, content)
        assert read_note(path) is None


def test_run_of_an_earlier_version_is_compared_with_its_recipe_and_its_model(run):
    without_notes(run)
    refused(RECIPE.override({"data.batch_size": 8}), run.folder, "Expected data.batch_size=16")
    edit(run, args__latent_dim=3)
    refused(training.Run(run.folder).recipe, run.folder, "latent_dim=2, as in the checkpoints of .* latent_dim=3")
    edit(run, args__latent_dim=2, epochs=3)
    train(training.Run(run.folder).recipe, run.folder, resume=True)
    assert read_note(list_checkpoints(run.checkpoints)[-1])["steps_per_epoch"] == 4


# -- time -------------------------------------------------------------------------------------------------------------


def test_time_before_an_interruption_is_in_log_and_card(tmp_path, monkeypatch):
    steps = importlib.import_module("keras_genzoo.training.train")  # the package gives the function of this name
    make = steps.make_callbacks
    stop = At(6, lambda _: signal.raise_signal(signal.SIGTERM))
    monkeypatch.setattr(steps, "make_callbacks", lambda *args: [stop, *make(*args)])
    with pytest.raises(callbacks.TrainingTerminated):
        train(RECIPE, tmp_path / "run")
    monkeypatch.undo()
    (path,) = [path for path in list_checkpoints(tmp_path / "run" / "checkpoints") if checkpoint_step(path) == 6]
    before = read_note(path)["epoch_seconds"]
    assert before > 0
    monkeypatch.setattr(
        steps, "make_callbacks", lambda model, run, step, count, seconds: make(model, run, step, count, seconds + 500)
    )
    _, preset = train(RECIPE, tmp_path / "run", resume=True)
    rows = read_log(tmp_path / "run" / "log.csv")
    assert rows[0]["seconds"] < 500 + before < rows[1]["seconds"]
    assert presets.card(preset)["wall_time_seconds"] == round(sum(row["seconds"] for row in rows))


# -- dtype: auto ------------------------------------------------------------------------------------------------------


def test_run_repeats_and_resumes_with_what_auto_stood_for(tmp_path, monkeypatch, capsys):
    auto = dataclasses.replace(RECIPE, dtype="auto", epochs=1)
    monkeypatch.setattr(precision, "fastest_dtype", lambda *kind: precision.Choice("mixed_bfloat16", "Both times."))
    _, preset = train(auto, tmp_path / "run", verbose=2)
    assert capsys.readouterr().out.startswith("dtype: mixed_bfloat16. Both times.\n")
    assert training.Run(tmp_path / "run").recipe.dtype == "mixed_bfloat16"
    assert presets.card(preset)["recipe"]["dtype"] == "mixed_bfloat16"
    monkeypatch.setattr(precision, "fastest_dtype", lambda *kind: pytest.fail("measured anew"))
    model, preset = train(dataclasses.replace(auto, epochs=2), tmp_path / "run", resume=True)
    assert model.dtype_policy.name == presets.card(preset)["recipe"]["dtype"] == "mixed_bfloat16"


# -- what a training says ---------------------------------------------------------------------------------------------


def test_training_says_what_it_does_before_its_first_epoch_and_how_long_it_takes(tmp_path, capsys):
    train(dataclasses.replace(RECIPE, epochs=3), tmp_path / "run", verbose=2)
    lines = capsys.readouterr().out.splitlines()
    wanted = (
        "vae on digits (train): 64 images of 8x8, 1 channel, batches of 16, 4 steps per epoch, 3 epochs, float32; time:"
    )
    assert lines[0].startswith(wanted)
    assert lines[1].startswith(
        "12 steps are few for training from random weights, which takes most models a thousand and more"
    )
    assert "epochs=252, or data.repeat=84 for longer epochs" in lines[1]
    assert lines[2] == "Epoch 1/3"
    (estimate,) = [line for line in lines if line.startswith("About ")]
    assert "for the 8 steps left" in estimate and "ms per step" in estimate


def test_resumed_training_says_from_where_and_that_schedules_stay(tmp_path, capsys):
    rate = {"schedule": "cosine_decay", "initial_learning_rate": 0.001, "decay_steps": 4}
    recipe = RECIPE.override({"epochs": 1, "optimizers": {"optimizer": {"name": "adam", "learning_rate": rate}}})
    train(recipe, tmp_path / "run")
    assert capsys.readouterr().out == ""
    train(recipe.override({"epochs": 2}), tmp_path / "run", resume=True, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "The learning rate schedules keep the step counts that were made for 1 epochs."
    assert "from step 4 of 8" in lines[1]


@pytest.mark.parametrize(
    ("evaluation", "message"),
    [
        ({"features": "mnits"}, "Expected features as one of mnist, .* did you mean 'mnist'"),
        (
            {"metrics": ["inception_fid"], "features": "mnist"},
            "Expected inception features for the metric 'inception_fid'",
        ),
        ({"metrics": ["classifier_fid", "inception_fid"]}, "Expected metrics of one kind of features"),
    ],
    ids=str,
)
def test_evaluation_that_would_fail_is_told_before_the_first_step(evaluation, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        train(RECIPE.override({"evaluation": evaluation}), tmp_path / "run", evaluate=True)
    assert list(tmp_path.iterdir()) == []
