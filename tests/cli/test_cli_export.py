"""The command `export`: from a name, run or file to a file that was measured."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo import training
from keras_genzoo.cli import names as cli_names
from keras_genzoo.export.runners import litert_runner
from keras_genzoo.recipes import load_recipe

RECIPE = """
model: dcgan
args: {image_shape: [8, 8, 1], latent_dim: 4, base_filters: 4}
data: {source: digits, limit: 32, batch_size: 8}
epochs: 1
evaluation: {metrics: [classifier_fid], num_images: 20, features: mnist}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished run of a tiny DCGAN."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "tiny.yaml").write_text(RECIPE, encoding="utf-8")
    training.train(load_recipe(folder / "tiny.yaml"), folder / "tiny", verbose=0, evaluate=False)
    return folder / "tiny"


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*"))


def test_report_of_all_kinds_of_files_is_printed_and_written(run, command, here):
    options = ["--quantization", "auto", "--data", "digits", "--report", "report.json"]
    code, printed, err = command("export", run, "--out", "a.tflite", *options)
    assert code == 0, err
    for text in ("serving_default", "PSNR", "2 threads", "float32", "float16", "dynamic", "int8", "features mnist"):
        assert text in printed
    assert re.search(r"(float32|float16|dynamic|int8) \*", printed)  # the one that was written
    report = json.loads(Path("report.json").read_text())
    assert [variant["quantization"] for variant in report["variants"]] == ["float32", "float16", "dynamic", "int8"]
    quality = report["quality"]
    assert quality["features"] == "mnist" and quality["num_images"] == 2000 and quality["num_real"] > 0
    assert f"{quality['fid_after']:.2f} after" in " ".join(printed.split())
    assert files(here) == ["a.tflite", "report.json"]


def test_no_measure_leaves_the_measuring_out(run, command, here):
    code, printed, err = command("export", run, "--out", "a.tflite", "--no-measure")
    assert code == 0, err
    assert "serving_default" in printed and "2 threads" not in printed and "features" not in printed


def test_run_that_has_not_ended_and_file_are_exported_too(run, command, here):
    model = keras_genzoo.load(training.last_checkpoint(run))
    model.save("a.keras")
    (here / "begun").mkdir()
    (here / "begun" / "recipe.yaml").write_text(RECIPE)
    (here / "begun" / "checkpoints").symlink_to(run / "checkpoints")
    images = []
    for name in ("a.keras", "begun", run):
        code, _, err = command("export", name, "--out", "a.tflite", "--no-measure", "--overwrite")
        assert code == 0, err
        images.append(litert_runner("a.tflite", "serving_default")({"z": np.ones((1, 4), "float32")})["image"])
    np.testing.assert_allclose(images[1], images[0], atol=1e-6)
    np.testing.assert_allclose(images[2], images[0], atol=1e-6)


def test_images_of_a_folder_calibrate_the_encoder_of_a_file(command, here):
    """A folder has no test split, and a file no card."""
    keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4).save("a.keras")
    (here / "pictures").mkdir()
    for index in range(12):
        Image.fromarray(np.full((8, 8), 20 * index, "uint8")).save(f"pictures/{index}.png")
    options = ["--signature", "encode", "--quantization", "int8", "--data", "folder:pictures", "--no-measure"]
    code, _, err = command("export", "a.keras", "--out", "a.tflite", *options)
    assert code == 0, err
    (here / "a.tflite").unlink()
    code, _, err = command("export", "a.keras", "--out", "a.tflite", "--data", "digits", "--report", "r.json")
    assert code == 0, err
    code, _, err = command("export", "a.keras", "--out", "b.tflite", "--report", "r.json")
    assert code == 2 and "Expected a new path for the report" in err and not Path("b.tflite").exists()


def test_page_of_a_classifier_is_calibrated_on_images(command, here):
    keras_genzoo.build("classifier", image_shape=(8, 8, 1), base_filters=4).save("a.keras")
    options = ["--format", "web", "--quantization", "int8"]
    assert "Expected images to calibrate" in command("export", "a.keras", "--out", "page", *options)[2]
    code, _, err = command("export", "a.keras", "--out", "page", *options, "--data", "digits")
    assert code == 0, err


def test_batch_size_and_types_reach_the_file(run, command, here):
    options = ["--batch-size", 3, "--quantization", "int8", "--io-dtype", "int8", "--no-measure"]
    assert command("export", run, "--out", "a.tflite", *options, "--report", "r.json")[0] == 0
    report = json.loads(Path("r.json").read_text())
    assert report["signatures"]["serving_default"]["inputs"] == {"z": ["int8", [3, 4]]}
    assert sorted(report["scales"]) == ["image", "z"]


@pytest.mark.parametrize(
    ("out", "options", "message"),
    [
        ("a.tflite", ["--report", "r.txt"], "Expected the path of a report to end in .json"),
        ("a", ["--data", "digits"], "Expected --data with the format litert or web"),
        ("a", ["--quantization", "int8"], "Expected options that format 'saved_model' takes"),
        ("a.tflite", ["--quantization", "int7"], "'dynamic', 'int8', 'auto'"),
        ("a.tflite", ["--precision", "bfloat16"], "Expected options that format 'litert' takes"),
        ("a.tflite", ["--max-loss", "-1", "--quantization", "auto"], "Expected max_loss above 0"),
        ("a.tflite", ["--data", "npz:none.npz"], "none.npz"),
        ("a.tflite", ["--features", "mnst"], "did you mean 'mnist'"),
        ("a", ["--features", "mnist"], "Expected --features with the format litert"),
        ("a.tflte", [], "Expected --out as a folder or as a path that ends in .tflite, .onnx, .xml"),
    ],
)
def test_bad_option_is_one_sentence_and_writes_nothing(run, command, here, out, options, message):
    code, _, err = command("export", run, "--out", out, *options)
    assert code == 2
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1 and lines[0].startswith("Error: ") and message in lines[0]
    assert files(here) == []


def test_run_without_preset_and_checkpoint_says_so(command, here):
    (here / "empty").mkdir()
    (here / "empty" / "recipe.yaml").write_text(RECIPE)
    code, _, err = command("export", "empty", "--out", "a.tflite")
    assert code == 2 and "Expected a run with a preset or a checkpoint. Received: 'empty'" in err


def test_preset_behind_a_run_is_its_own(run):
    assert cli_names.preset_of(str(run)) == str(run / "preset")
    assert cli_names.preset_of("dcgan", str(run / "preset" / "model.weights.h5")) is None
    assert np.size(keras_genzoo.list_presets()) > 0
