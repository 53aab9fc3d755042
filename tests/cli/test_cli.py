"""The command line: what it prints and writes, and how it refuses."""

import importlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml
from PIL import Image

import keras_genzoo
from keras_genzoo import building, presets, registry, training
from keras_genzoo.callbacks.epoch_log import read_log
from keras_genzoo.cli import demo
from keras_genzoo.cli import names as cli_names
from keras_genzoo.presets import bundled
from keras_genzoo.presets import files as preset_files
from keras_genzoo.recipes import precision
from keras_genzoo.utils.quiet import quiet_stderr

TINY_RECIPE = """
model: vae
args: {image_shape: [8, 8, 1], network: mlp, hidden_units: [4], latent_dim: 2}
data: {source: digits, limit: 32, batch_size: 8}
epochs: 2
evaluation: {metrics: [reconstruction_mse], num_images: 20}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY_RECIPE, encoding="utf-8")
    return path


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*"))


# -- what costs nothing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["show", "dcgan"], ["show", "vae_mnist"], ["train", "--help"]], ids=" ".join
)
def test_looking_around_imports_no_tensorflow(arguments, here):
    code = f"""
import sys
sys.argv = ["keras-genzoo", *{arguments!r}]
from keras_genzoo import cli
try:
    code = cli.main()
except SystemExit as stop:
    code = stop.code
print("imported:", [name for name in ("tensorflow", "keras") if name in sys.modules], code or 0)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "imported: [] 0", result.stderr
    assert result.stderr == ""
    assert files(here) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["vae", "--out", "used"], "which is not empty"),
        (["vae", "--out", "used", "--resume"], "a folder without a run"),
        (["vae", "--set", "image_shape=[4,4,1]"], "Expected image_shape"),
        (["vae", "--set", "latent_dim=0"], "Expected latent_dim"),
        (["vae", "--set", "evaluation.metrics=ssmi"], "did you mean 'ssim'"),
        (["vae", "--batch-size", "4", "--set", "data={source: digits}"], "Received: data and data.batch_size"),
        (["vae", "--data", "npz:none.npz"], "Received: 'npz:none.npz'"),
        (["vae", "--weights", "used"], "Expected the file config.json in the preset folder used"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_training_is_told_without_tensorflow(arguments, message, command, here, monkeypatch):
    (here / "used").mkdir()
    (here / "used" / "notes.txt").touch()
    app = importlib.import_module("keras_genzoo.cli.app")  # the package gives the typer app of this name
    monkeypatch.setattr(app, "start_tensorflow", lambda: pytest.fail("started"))
    assert message in refused(command, "train", *arguments)


def test_check_of_a_training_imports_no_tensorflow(here):
    code = """
import sys
from keras_genzoo import training
from keras_genzoo.recipes import load_recipe
training.check(training.Run("new", load_recipe("dcgan_mnist")))
print([name for name in ("tensorflow", "keras") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stderr


def test_help_names_every_command(command):
    code, out, err = command("--help")
    assert (code, err) == (0, "")
    for name in ("list", "show", "train", "sample", "evaluate", "export", "demo"):
        assert re.search(rf"\b{name}\b", out)


def test_no_command_shows_the_help(command):
    code, out, err = command()
    assert "demo" in out + err and "Error" not in out + err
    assert code == 2


def test_list_names_models_presets_and_recipes(command):
    code, out, err = command("list")
    assert (code, err) == (0, "")
    for name in keras_genzoo.list_models() + presets.list_presets() + keras_genzoo.list_recipes():
        assert name in out


def test_show_model_describes_every_argument(command):
    for name in keras_genzoo.list_models():
        code, out, _ = command("show", name)
        assert code == 0
        for argument in registry.describe(name).arguments.values():
            assert argument.name in out and argument.description, argument.name


def test_show_recipe_prints_what_can_be_read_back(command, here):
    code, out, _ = command("show", "vae_mnist")
    assert code == 0
    text = out[out.index("model: vae") :]
    (here / "copy.yaml").write_text(text, encoding="utf-8")
    assert keras_genzoo.load_recipe(here / "copy.yaml") == keras_genzoo.load_recipe("vae_mnist")


def test_show_preset_prints_its_card(command, preset):
    code, out, _ = command("show", preset)
    assert code == 0
    for text in ("Tiny VAE.", "Digits, CC BY 4.0", "epochs 3, seed 7", "0.5123 +- 0.01", "0.9", "n_real 10"):
        assert text in out


def test_bare_words_are_no_markup(command, tmp_path):
    code, _, err = command("show", "[red]x[/red]")
    assert code == 2
    assert "[red]x[/red]" in err


# -- the commands -----------------------------------------------------------------------------------------------------


def test_train_leaves_a_run_folder_and_says_how_to_use_it(command, recipe, here):
    settings = ["--set", "latent_dim=3", "--set", "data.batch_size=16"]
    code, out, err = command("train", recipe, "--epochs", "1", *settings, "--out", "run")
    assert code == 0, err
    assert files(here)[:2] == ["run", "run/checkpoints"]
    run = training.Run("run")
    assert (run.recipe.epochs, run.recipe.args["latent_dim"], run.recipe.data.batch_size) == (1, 3, 16)
    assert "reconstruction_mse" in out and "n_real 20" in out
    line = next(line for line in out.splitlines() if line.startswith("Use it: "))
    assert eval(line.removeprefix("Use it: "), {"keras_genzoo": keras_genzoo}).latent_dim == 3


def test_train_takes_a_model_and_a_data_source(command, here, digits):
    np.savez("mine.npz", images=digits[0][:16])
    settings = ["image_shape=[8,8,1]", "network=mlp", "hidden_units=[4]", "latent_dim=2", "data.batch_size=8"]
    options = [item for setting in settings for item in ("--set", setting)]
    code, _, err = command("train", "vae", "--data", "npz:mine.npz", "--epochs", 1, *options, "--no-evaluate")
    assert code == 0, err
    assert training.Run(Path("runs") / "vae").recipe.data.source == "npz:mine.npz"
    assert presets.card("runs/vae/preset")["metrics"] == {}


def test_resume_goes_on_with_the_settings_of_the_run(command, recipe, here):
    options = ["--set", "latent_dim=3", "--no-evaluate"]
    assert command("train", recipe, "--epochs", 1, *options)[0] == 0
    code, _, err = command("train", recipe, "--no-evaluate")
    assert code == 2 and "--resume" in err
    code, _, err = command("train", recipe, "--epochs", 2, "--resume", "--no-evaluate")
    assert code == 0, err
    assert [row["epoch"] for row in read_log("runs/tiny/log.csv")] == [1, 2]
    assert training.Run("runs/tiny").recipe.args["latent_dim"] == 3


def test_epochs_stretch_the_schedules_of_a_new_run_by_either_option(recipe):
    rate = {"schedule": "cosine_decay", "initial_learning_rate": 0.1, "decay_steps": 8}
    text = yaml.safe_dump({"optimizers": {"optimizer": {"name": "adam", "learning_rate": rate}}})
    recipe.write_text(TINY_RECIPE + text, encoding="utf-8")

    def decay_steps(epochs, *settings):
        made, _ = cli_names.recipe_for(str(recipe), {}, epochs, settings, None, False)
        assert made.epochs == 6
        return made.optimizers["optimizer"]["learning_rate"]["decay_steps"]

    assert decay_steps(6) == decay_steps(None, "epochs=6") == 24
    path = "optimizers.optimizer.learning_rate"
    assert decay_steps(6, f"{path}.initial_learning_rate=0.2") == 24
    assert decay_steps(6, f"{path}.decay_steps=11") == 11
    assert decay_steps(6, f"{path}={yaml.safe_dump({**rate, 'decay_steps': 12}, default_flow_style=True)}") == 12


def test_boundaries_that_cannot_be_stretched_can_be_given(recipe):
    rate = {"schedule": "piecewise_constant_decay", "boundaries": [1, 2], "values": [0.3, 0.2, 0.1]}
    text = yaml.safe_dump({"optimizers": {"optimizer": {"name": "adam", "learning_rate": rate}}})
    recipe.write_text(TINY_RECIPE + text, encoding="utf-8")
    with pytest.raises(ValueError, match="boundaries that stay apart with another number of epochs: set them as well"):
        cli_names.recipe_for(str(recipe), {}, 1, [], None, False)
    given = "optimizers.optimizer.learning_rate.boundaries=[1, 3]"
    made, _ = cli_names.recipe_for(str(recipe), {}, 1, [given], None, False)
    assert made.optimizers["optimizer"]["learning_rate"] == {**rate, "boundaries": [1, 3]}


def test_dtype_is_an_option_and_the_run_keeps_what_auto_stands_for(command, recipe, here, monkeypatch):
    monkeypatch.setattr(precision, "fastest_dtype", lambda *kind: precision.Choice("float32", "Both times."))
    code, out, err = command("train", recipe, "--dtype", "auto", "--epochs", 1, "--out", "run", "--no-evaluate")
    assert code == 0, err
    assert out.startswith(
        "dtype: float32. Both times.\nvae on digits (train): 32 images of 8x8, 1 channel, batches of 8"
    )
    assert training.Run("run").recipe.dtype == "float32"


def test_run_is_resumed_by_its_own_recipe_or_model_only(command, recipe, here):
    assert command("train", recipe, "--epochs", 1, "--no-evaluate")[0] == 0
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    for name in ("cvae", "vae_mnist", "dcgan_mnist"):
        sentence = refused(command, "train", name, "--out", "runs/tiny", "--resume")
        assert "Expected the recipe or the model of the run in 'runs/tiny', 'tiny' (model vae), to resume" in sentence
        assert f"Received: '{name}'" in sentence
    assert "seed=0, as the run" in refused(command, "train", recipe, "--set", "seed=3", "--resume")
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before
    assert command("train", "vae", "--out", "runs/tiny", "--resume", "--no-evaluate")[0] == 0


def test_sample_writes_a_grid(command, preset, here):
    code, out, _ = command("sample", preset, "--num", 6, "--seed", 3, "--out", "grid.png")
    assert code == 0 and "grid.png" in out
    assert files(here) == ["grid.png"]
    images = keras_genzoo.build("vae", weights=preset).generate(6, seed=3)
    with Image.open("grid.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture)[..., None], keras_genzoo.plots.image_grid(images, scale=2))


def test_bundled_preset_is_found_by_its_name(command, preset, here, monkeypatch, tmp_path):
    name = "vae_tiny"
    shutil.copytree(preset, tmp_path / "weights" / name)
    monkeypatch.setattr(bundled, "_BUNDLED", tmp_path / "weights")
    assert command("sample", name, "--num", 2, "--out", "grid.png")[0] == 0
    assert command("show", name)[0] == 0
    assert command("export", name, "--out", "model.tflite")[0] == 0
    assert files(here) == ["grid.png", "model.tflite"]


def test_sample_writes_a_folder_of_any_part_of_a_collection(command, preset, here):
    assert command("sample", preset, "--num", 3, "--start", 70, "--out", "many")[0] == 0
    assert files(here) == ["many", "many/000070.png", "many/000071.png", "many/000072.png"]
    images = keras_genzoo.build("vae", weights=preset).generate(100, seed=0)
    for index in (70, 71, 72):
        with Image.open(f"many/{index:06d}.png") as picture:
            np.testing.assert_array_equal(np.asarray(picture), images[index, ..., 0])


def test_sample_of_random_weights_says_so(command, monkeypatch):
    build = building.build
    monkeypatch.setattr(building, "build", lambda name, weights: build(name, image_shape=(8, 8, 1), base_filters=4))
    code, _, err = command("sample", "dcgan", "--num", 1)
    assert code == 0
    assert "dcgan has random weights" in err


def test_sample_takes_a_model_and_weights(command, preset, here):
    assert command("sample", "vae", "--weights", preset, "--num", 1)[0] == 0
    assert files(here) == ["samples.png"]


def test_evaluate_prints_numbers_with_their_protocol(command, preset, here):
    code, out, err = command(
        "evaluate", preset, "--metrics", "reconstruction_mse,ssim", "--num-images", 30, "--split", "train"
    )
    assert code == 0, err
    for text in ("reconstruction_mse", "ssim", "n_real 30", "split train", "data digits"):
        assert text in out
    assert files(here) == []


def test_evaluate_writes_into_the_card(command, preset, here):
    shutil.copytree(preset, "tiny")
    options = ["--metrics", "reconstruction_mse", "--num-images", 30, "--write-card"]
    assert command("evaluate", "tiny", *options)[0] == 0
    preset_files.verify("tiny")
    metrics = presets.card("tiny")["metrics"]
    assert sorted(metrics) == ["reconstruction_mse", "ssim"]
    assert metrics["reconstruction_mse"]["protocol"]["n_real"] == 30


@pytest.mark.parametrize(("out", "options"), [("saved", []), ("tiny.tflite", []), ("x", ["--format", "litert"])])
def test_export_writes_and_reports(out, options, command, preset, here):
    code, printed, err = command("export", preset, "--out", out, *options)
    if options:  # a LiteRT file is to be called one
        assert code == 2 and ".tflite" in err and files(here) == []
        return
    assert code == 0, err
    assert "serving_default" in printed and "MB" in printed
    assert Path(out, "1", "saved_model.pb").is_file() if out == "saved" else Path(out).is_file()
    if out == "saved":  # a further version, or the newest one anew
        for options, versions in ((["--no-warmup"], ["1", "2"]), (["--overwrite", "--no-warmup"], ["1", "2"])):
            assert command("export", preset, "--out", out, *options)[0] == 0
            assert sorted(os.listdir(out)) == versions
        out = "saved/2"
    code, _, err = command("export", preset, "--out", out)
    assert code == 2 and "or --overwrite" in err


@pytest.mark.parametrize(("out", "package"), [("tiny.onnx", "tf2onnx"), ("tiny.xml", "openvino")])
def test_export_takes_the_format_from_the_name(out, package, command, preset, here):
    if importlib.util.find_spec(package) is None:
        code, _, err = command("export", preset, "--out", out)
        assert code == 2 and "pip install 'keras-genzoo[" in err and files(here) == []
        return
    code, printed, err = command("export", preset, "--out", out, "--signature", "encode", "--image-dtype", "uint8")
    assert code == 0, err
    assert "encode" in printed and Path(out).is_file()


def test_export_options_of_servers_reach_the_file(command, preset, here):
    options = ["--precision", "bfloat16", "--image-dtype", "uint8", "--no-warmup"]
    code, printed, err = command("export", preset, "--out", "saved", *options)
    assert code == 0, err
    assert "saved/1" in printed
    card = json.loads(Path("saved/1/genzoo.json").read_text(encoding="utf-8"))
    assert (card["precision"], card["image_dtype"]) == ("bfloat16", "uint8")
    assert card["name"] == "tiny" and card["data"] == {"title": "Digits", "license": "CC BY 4.0"}
    assert not Path("saved/1/assets.extra").exists()
    code, _, err = command("export", preset, "--out", "saved/tiny.onnx", "--format", "saved_model")
    assert code == 2 and "path of a folder" in err
    code, _, err = command("export", preset, "--out", "other", "--precision", "bfloat61")
    assert code == 2 and "one of 'float32', 'bfloat16'" in err and not Path("other").exists()


def test_export_to_a_page_takes_title_and_licence_from_the_card(command, preset, here):
    code, printed, err = command("export", preset, "--out", "page", "--format", "web")
    assert code == 0, err
    assert "encode" in printed and "python -m http.server --directory page" in printed
    manifest = json.loads(Path("page/model.json").read_text())
    assert manifest["title"] == "tiny" and manifest["data"] == {"title": "Digits", "license": "CC BY 4.0"}
    code, _, err = command("export", preset, "--out", "page", "--format", "web", "--overwrite", "--runtime", "none")
    assert code == 2 and "Expected runtime as a folder" in err


@pytest.mark.parametrize(
    ("name", "weights", "expected"),
    [
        ("dcgan_mnist", None, "dcgan_mnist"),
        ("dcgan", "mnist", "dcgan_mnist"),
        ("DCGAN", "mnist", "dcgan_mnist"),
        ("dcgan", "dcgan_mnist", "dcgan_mnist"),
        ("dcgan", None, None),
    ],
)
def test_preset_behind_a_model_is_found_by_both_of_its_names(name, weights, expected):
    found = cli_names.preset_of(name, weights)
    assert found == (None if expected is None else str(presets.bundled_folder(expected)))


# -- models of users --------------------------------------------------------------------------------------------------


@pytest.fixture
def own(monkeypatch):
    """A model that a user has registered, for the time of a test."""
    from keras_genzoo.models.vae import VAE

    monkeypatch.setattr(registry, "_registered", {})
    cls = type("Own", (VAE,), {"__doc__": "Own: a model of a user.", "__module__": __name__})
    yield registry.register("own_vae", cls)
    registry.describe.cache_clear()


def test_registered_model_is_listed_shown_trained_and_sampled(command, own, recipe, here):
    assert "a model of a user" in command("list")[1]
    code, out, _ = command("show", "own_vae")
    assert code == 0 and "Own: a model of a user." in out and "latent_dim" in out
    assert "presets: none" in out and "recipes: none" in out
    recipe.write_text(TINY_RECIPE.replace("model: vae", "model: own_vae"), encoding="utf-8")
    code, out, err = command("train", recipe, "--epochs", 1, "--out", "run")
    assert code == 0, err
    assert "keras_genzoo.build('own_vae', weights='run/preset')" in out
    assert type(keras_genzoo.build("own_vae", weights="run/preset")) is own
    assert command("sample", "run/preset", "--num", 2, "--out", "grid.png")[0] == 0
    assert command("train", "own_vae", "--set", "latentdim=3")[0] == 2


def test_model_of_a_package_that_cannot_be_imported_does_not_hide_the_others(command, monkeypatch):
    point = importlib.metadata.EntryPoint("broken_gan", "no_such_package:Broken", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "_entry_points", lambda: {"broken_gan": point})
    code, out, _ = command("list")
    assert code == 0
    assert "broken_gan" in out and "No module named 'no_such_package'" in out and "dcgan_mnist" in out


# -- bad input --------------------------------------------------------------------------------------------------------


def refused(command, *arguments):
    """Runs what is to fail; returns the one sentence, having checked that there is nothing else."""
    before = files(".")
    code, out, err = command(*arguments)
    assert code == 2, (out, err)
    lines = [line for line in err.splitlines() if line.strip() and "has random weights" not in line]
    assert len(lines) == 1 and lines[0].startswith("Error: "), err
    assert "Traceback" not in out + err
    assert files(".") == before
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shwo", "dcgan"], "No such command 'shwo'"),
        (["show"], "Missing argument"),
        (["show", "dcgn"], "did you mean 'dcgan'"),
        (["show", "vae_mnst"], "did you mean 'vae_mnist'"),
        (["train", "dcgan_mnst"], "did you mean 'dcgan_mnist'"),
        (["train", "none.yaml"], "Expected a recipe's name or a .yaml file"),
        (["train", "vae", "--epochs", "0"], "--epochs"),
        (["train", "vae", "--epochs", "many"], "--epochs"),
        (["train", "vae", "--set", "epochs"], "key=value"),
        (["train", "vae", "--set", "latent_dim=0"], "Expected latent_dim to be an integer of at least 1"),
        (["train", "vae", "--set", "image_shape=[28, 28]"], "Expected image_shape=[height,width,channels]"),
        (["train", "vae", "--set", "image_shape=28"], "Expected image_shape=[height,width,channels]"),
        (["train", "vae", "--set", "latentdim=3"], "did you mean 'latent_dim'"),
        (["train", "vae", "--set", "data.bach_size=3"], "did you mean 'batch_size'"),
        (["train", "vae", "--set", "data.batch_size=many"], "batch_size"),
        (["train", "vae", "--set", "optimizers=5"], "optimizers as keys and values"),
        (["train", "vae", "--set", "optimizers.optimizer=5"], "Expected an optimizer"),
        (["train", "vae", "--set", "evaluation.metrics=ssmi"], "did you mean 'ssim'"),
        (["train", "vae", "--data", "digts"], "digts"),
        (["train", "vae", "--data", "npz:none.npz"], "none.npz"),
        (["train", "vae", "--data", "folder:none"], "none"),
        (["train", "vae", "--weights", "mnst"], "Expected weights as"),
        (["train", "vae", "--resume"], "Expected a run to resume. Received: 'runs/vae', a folder without a run"),
        (["train", "vae", "--dtype", "float64"], "Expected dtype to be one of"),
        (["train", "vae", "--epochs", "2", "--set", "epochs=3"], "Expected each setting once. Received: epochs twice"),
        (["train", "vae", "--set", "latent_dim=3", "--set", "args.latent_dim=4"], "latent_dim twice"),
        (["train", "vae", "--data", "digits", "--set", "data.source=digits"], "data.source twice"),
        (["train", "vae", "--set", "name=../../x"], "Expected name as a plain name"),
        (["train", "vae", "--set", "evaluation.features=mnits"], "did you mean 'mnist'"),
        (["sample", "dcgn"], "did you mean 'dcgan'"),
        (["sample", "dcgan", "--num", "0"], "--num"),
        (["sample", "dcgan", "--weights", "none.weights.h5"], "Expected weights as"),
        (["sample", "classifier"], "Expected a model that generates images"),
        (["evaluate", "https://example.org/x"], "an address is the value of --weights. Received: 'https"),
        (["evaluate", "vae_mnst"], "Expected a preset, a model, a run folder or a .keras file; did you mean"),
        (["evaluate", "vae", "--metrics", "ssmi"], "did you mean 'ssim'"),
        (["export", "vae"], "--out"),
        (["export", "vae", "--out", "a", "--format", "onyx"], "Expected the name of an export format"),
        (["export", "vae", "--out", "a.tflite", "--quantization", "int7"], "int7"),
        (["demo", "--seconds", "0"], "--seconds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_argument_is_one_sentence_and_writes_nothing(arguments, message, command, here):
    assert message in refused(command, *arguments)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: vae\nepoch: 3\n", "did you mean 'epochs'"),
        ("model: vae\ndata: {bach_size: 3}\n", "did you mean 'batch_size'"),
        ("model: [vae\n", "Expected YAML"),
        ("", "as keys and values"),
        ("model: vae\noptimizers: {optimizer: {name: adam, bta_1: 0.5}}\n", "did you mean 'beta_1'"),
    ],
)
def test_bad_recipe_file_is_one_sentence_and_writes_nothing(text, message, command, here, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    assert message in refused(command, "train", path)


def spoil_cut(folder):
    weights = folder / "model.weights.h5"
    weights.write_bytes(weights.read_bytes()[:500])
    preset_files.write_metadata(folder)


def spoil_checksum(folder):
    with open(folder / "model.weights.h5", "ab") as file:
        file.write(b"x")


def spoil_version(folder):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "format_version": 99}), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_cut, "to be a whole weight file"),
        (spoil_checksum, "with sha256"),
        (spoil_version, "update keras_genzoo"),
        (lambda folder: (folder / "model.weights.h5").unlink(), "Received: no such file"),
    ],
    ids=["cut", "checksum", "version", "missing"],
)
def test_bad_preset_is_one_sentence_and_writes_nothing(spoil, message, command, preset, here, tmp_path):
    folder = Path(shutil.copytree(preset, tmp_path / "bad"))
    spoil(folder)
    for arguments in (["sample", folder], ["evaluate", folder], ["export", folder, "--out", "a.tflite"]):
        assert message in refused(command, *arguments)


def test_bad_data_is_one_sentence_and_writes_nothing(command, recipe, here, tmp_path, digits):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "empty" in refused(command, "train", recipe, "--data", f"folder:{empty}")
    np.savez(tmp_path / "flat.npz", images=np.zeros((4, 8), "uint8"))
    assert "Expected" in refused(command, "train", recipe, "--data", f"npz:{tmp_path / 'flat.npz'}")
    np.savez(tmp_path / "labels.npz", images=digits[0][:16], labels=np.arange(16))
    settings = ["--set", "image_shape=[8,8,1]", "--set", "base_filters=4", "--set", "num_classes=10"]
    settings += ["--data", f"npz:{tmp_path / 'labels.npz'}", "--out", "run", "--no-evaluate"]
    sentence = refused(command, "train", "classifier", *settings)
    assert "Expected labels in 0..9" in sentence


def test_full_disk_is_one_sentence(command, recipe, here, monkeypatch):
    def no_space(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", no_space)
    code, out, err = command("train", recipe, "--out", "run")
    assert code == 2 and "Traceback" not in out + err
    assert "could not be written ([Errno 28] No space left on device); older ones are unchanged" in err
    assert files("run/checkpoints") == []


def test_nan_loss_is_one_sentence_with_the_checkpoint(command, recipe, here, monkeypatch):
    from keras_genzoo.models.vae import VAE

    terms = VAE.loss_terms

    def nan_from_the_sixth_step(self, batch, training=True):
        done = keras.ops.cast(self.optimizer.iterations >= 5, "float32")
        found = terms(self, batch, training)
        return {**found, "kl_loss": found["kl_loss"] + keras.ops.where(done > 0, float("nan"), 0.0)}

    monkeypatch.setattr(VAE, "loss_terms", nan_from_the_sixth_step)
    code, out, err = command("train", recipe, "--out", "run")
    assert code == 2 and "Traceback" not in out + err
    assert (
        "kl_loss = nan" in err and "at step 6. The last good checkpoint is run/checkpoints/step_00000004.keras." in err
    )


@pytest.mark.filterwarnings("ignore:All .* are equal")  # the pictures stand for any
def test_folder_of_mixed_sizes_is_fitted_to_the_model(command, recipe, here, tmp_path):
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for side in (8, 9, 20):
        Image.new("L", (side, side + 1), 200).save(mixed / f"{side}.png")
    options = ["--data", f"folder:{mixed}", "--epochs", 1, "--no-evaluate", "--out", "run"]
    code, _, err = command("train", recipe, *options)
    assert code == 0, err


def test_interrupt_outside_a_training_is_said_too(command, monkeypatch):
    def press(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "describe", press)
    code, out, err = command("show", "dcgan")
    assert (code, out, err) == (130, "", "Error: Interrupted.\n")


def test_quiet_in_two_threads_gives_the_stream_back(capfd):
    """The one that ends first must not take what the other one has silenced for the error stream."""
    inside, left = threading.Event(), threading.Event()

    def first():
        with quiet_stderr():
            inside.set()
            left.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(10)
    with quiet_stderr(), quiet_stderr():
        left.set()
        thread.join()
        os.write(2, b"chatter")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_quiet_drops_what_native_code_writes_and_gives_the_stream_back(capfd):
    with pytest.raises(ValueError, match="told"), quiet_stderr():
        os.write(2, b"chatter")
        raise ValueError("told")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_bug_keeps_its_traceback(command, monkeypatch):
    def bug(*args):
        raise RuntimeError("a bug")

    monkeypatch.setattr(registry, "describe", bug)
    with pytest.raises(RuntimeError, match="a bug"):
        command("show", "dcgan")


# -- as a process of its own ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "word", "exit_code"), [(signal.SIGINT, "Interrupted", 130), (signal.SIGTERM, "Terminated", 143)]
)
def test_stopped_training_says_how_to_resume_and_resumes(number, word, exit_code, command, recipe, here):
    executable = shutil.which("keras-genzoo", path=os.path.dirname(sys.executable))
    quiet = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    out = here / "a run"
    start = [executable, "train", str(recipe), "--epochs", "100000", "--out", str(out), "--no-evaluate"]
    process = subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quiet)
    while not (out / "log.csv").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(number)
    printed, err = process.communicate()
    assert process.returncode == exit_code, (printed, err)
    assert "Traceback" not in printed + err
    assert err.startswith(f"Error: {word} after")  # and nothing of TensorFlow before it
    assert re.search(rf"{word} after step \d+; checkpoint: .*step_\d+\.keras", err)
    hint = err.split("Continue with: ")[1].strip()
    assert hint == f"keras-genzoo train {recipe} --out '{out}' --resume"
    assert not (out / "preset").exists()
    rows = read_log(out / "log.csv")
    code, _, err = command(*shlex.split(hint)[1:], "--epochs", len(rows) + 2, "--no-evaluate")
    assert (code, err) == (0, "")
    assert [row["epoch"] for row in read_log(out / "log.csv")] == list(range(1, len(rows) + 3))
    preset_files.verify(out / "preset")


# -- the demo ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_demo(monkeypatch, tmp_path):
    """The demo with a tiny generator, and features that need no bundled classifier."""
    from keras_genzoo.metrics import features

    model = keras_genzoo.build("dcgan", image_shape=(28, 28, 1), latent_dim=4, base_filters=4, seed=0)
    monkeypatch.setattr(demo, "NUM_IMAGES", 50)
    monkeypatch.setattr(demo, "PRESET", ("dcgan", str(presets.save_preset(model, tmp_path / "tiny"))))
    layers = [keras.Input((28, 28, 1)), keras.layers.AveragePooling2D(7), keras.layers.Flatten()]

    class Pooled(features.ModelFeatures):
        prefix = "classifier"

    monkeypatch.setattr(features, "ClassifierFeatures", lambda name: Pooled(keras.Sequential(layers), name))


def test_demo_goes_the_whole_way(small_demo, command, here, monkeypatch):
    results = []
    run = demo.run_demo
    monkeypatch.setattr(demo, "run_demo", lambda *args: results.append(run(*args)))
    code, out, err = command("demo", "--out", "shown", "--seconds", 1)
    assert code == 0, err
    (result,) = results
    assert np.isfinite([result["before"], result["after"]]).all() and result["before"] != result["after"]
    saved, lite = result["exports"]
    assert Path(saved["file"], "saved_model.pb").is_file() and Path(lite["file"]).suffix == ".tflite"
    for row in (saved, lite):
        assert row["size"] > 0 and row["latency_ms"] > 0 and 0 <= row["max_error"] < 1e-3
        assert Path(row["file"]).name in out
    for name in ("samples_before.png", "samples_after.png"):
        with Image.open(Path("shown", name)) as picture:
            assert picture.size == (8 * (2 * 28 + 2) + 2,) * 2
    assert Path("shown", "samples_before.png").read_bytes() != Path("shown", "samples_after.png").read_bytes()
    assert re.search(r"\d+ steps; classifier FID to these digits: [\d.]+ before, [\d.]+ after", out)
    assert set(os.listdir("shown")) == {"samples_before.png", "samples_after.png", "saved_model", "dcgan.tflite"}


# -- translate ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    args = dict(image_shape=(8, 8, 1), base_filters=2, num_blocks=0, seed=0)
    return presets.save_preset(keras_genzoo.build("cyclegan", **args), tmp_path_factory.mktemp("translator") / "preset")


def test_translate_writes_one_file_an_image_or_a_grid(command, translator, here):
    code, output, _ = command(
        "translate", translator, "--input", "digits", "--limit", 5, "--out", here / "out", "--model-size"
    )
    assert code == 0 and "5 images, scaled and cropped to 8x8, a_to_b" in output
    names = [*(f"{index:06d}.png" for index in range(5)), "before_after.png"]
    assert sorted(path.name for path in (here / "out").iterdir()) == names
    model = keras_genzoo.build("cyclegan", weights=translator)
    digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8), limit=5)
    for direction, name in (("a_to_b", "out/000003.png"), ("b_to_a", "other/000003.png")):
        where = here / Path(name).parent
        part = ("--limit", 5, "--model-size", "--direction", direction)
        command("translate", translator, "--input", "digits", "--out", where, *part)
        with Image.open(here / name) as picture:
            np.testing.assert_array_equal(np.asarray(picture), model.translate(digits, direction)[3, ..., 0])
    command("translate", translator, "--input", "digits", "--limit", 5, "--out", here / "grid.png")
    assert (here / "grid.png").is_file()


def test_translate_refuses_what_it_cannot_do(command, translator, preset, here):
    for arguments, message in (
        ((preset, "--input", "digits", "--out", here / "a"), "Expected a model that translates images. Received"),
        ((translator, "--input", "digits", "--out", here / "a.jpg"), "Expected --out as a .png file or a folder"),
        ((translator, "--input", here / "none", "--out", here / "a"), "Received: "),
        (
            (translator, "--input", "digits", "--out", here / "a", "--direction", "left"),
            "Expected direction to be one of 'a_to_b', 'b_to_a'. Received: direction='left'",
        ),
    ):
        code, _, error = command("translate", *arguments)
        assert code == 2 and message in error
        assert not (here / "a").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--seed", 1, "--seed=2"), "Expected --seed at most once. Received: it 2 times"),
        (("--metrics", "ssim", "--features", "mnist"), "Expected no --features: none of the metrics depends on it."),
        (("--metrics", "ssim", "--num-samples", 9), "Expected no --num-samples: none of the metrics depends on it."),
        (("--metrics", "ssim,elbo", "--floor"), "Expected no --floor: none of the metrics depends on it."),
        (("--metrics", "ssim", "--sampler", "prior"), "Expected no --sampler: none of the metrics depends on it."),
        (("--metrics", ""), "Expected the name of a metric; "),
    ],
    ids=str,
)
def test_options_without_effect_are_refused(arguments, message, command, preset):
    code, _, err = command("evaluate", preset, "--data", "digits", *arguments)
    assert code == 2 and err.startswith(f"Error: {message}") and err.count("\n") == 1, err
