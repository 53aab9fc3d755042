"""What commands that write images may replace, and what they refuse before they write."""

import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo import presets


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    args = dict(image_shape=(8, 8, 3), base_filters=2, num_blocks=0, seed=0)
    return presets.save_preset(keras_genzoo.build("cyclegan", **args), tmp_path_factory.mktemp("translator") / "preset")


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    args = dict(image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=3, num_classes=3, seed=0)
    return presets.save_preset(keras_genzoo.build("cvae", **args), tmp_path_factory.mktemp("cvae") / "preset")


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)


def refused(command, here, message, *arguments):
    """Runs a command that is to fail in one sentence and to leave all files as they are."""
    before = {path: path.is_file() and path.read_bytes() for path in here.rglob("*")}
    code, _, err = command(*arguments)
    assert code == 2 and err.startswith("Error: Expected") and err.count("\n") == 1, err
    assert message in err
    assert {path: path.is_file() and path.read_bytes() for path in here.rglob("*")} == before


def test_results_never_replace_or_join_the_images_they_are_made_of(command, translator, here):
    for name in ("one.png", "photos/1.png", "photos/2.png"):
        picture(here / name)
    translate = ("translate", translator, "--input")
    assert command("sample", "vae_mnist", "--num", 1, "--out", "made.png")[0] == 0
    for source, out in (("one.png", "one.png"), ("one.png", "."), ("made.png", "photos/../made.png")):
        refused(command, here, "apart from --input, which it would replace", *translate, source, "--out", out)
    for source, out in (("photos", "photos"), ("folder:photos", "photos/new"), ("photos", "photos/pairs.png")):
        refused(command, here, "outside of the folder of --input", *translate, source, "--out", out)


def test_only_images_of_ours_are_replaced(command, preset, here):
    for name in ("photo.png", "photos/000001.png"):
        picture(here / name)
    (here / "text.png").write_text("no image", encoding="utf-8")
    for out in ("photo.png", "photos", "text.png"):
        refused(command, here, "only images that keras-genzoo has made", "sample", preset, "--num", 2, "--out", out)
    refused(command, here, "only images that", "interpolate", preset, "--num", 1, "--steps", 2, "--out", "photo.png")
    for _ in range(2):
        assert command("sample", preset, "--num", 2, "--out", "made.png")[0] == 0
        assert command("sample", preset, "--num", 2, "--out", "made")[0] == 0


def test_grid_of_before_and_after_takes_no_image_its_name(command, translator, here):
    for name in ("a", "Before_After"):
        picture(here / "in" / f"{name}.png")
    refused(command, here, "called before_after", "translate", translator, "--input", "in", "--out", "out")
    assert command("translate", translator, "--input", "in", "--out", "out.png")[0] == 0


@pytest.mark.parametrize("out", ["notes", "notes/deep/x.png", "notes/deep", "notes.txt"])
def test_file_in_place_of_a_folder_is_told_before_tensorflow(out, command, here):
    for name in ("notes", "notes.txt"):
        (here / name).touch()
    refused(command, here, "--out as a .png file or a folder", "sample", "no such model", "--out", out)


def test_class_that_no_image_takes_is_refused(command, conditional, here):
    for name in ("sample", "interpolate"):
        refused(command, here, "at most 2 of labels", name, conditional, "--num", 2, "--labels", "0,1,2")
    part = ("--num", 1, "--start", 2, "--labels", "0,1,2")  # of a collection in which each class has its images
    assert command("sample", conditional, *part)[0] == 0


def test_names_of_the_user_are_neither_emoji_nor_markup(command, preset, here):
    _, _, err = command("train", "cgan", "--data", "folder:one:")
    assert "folder:one:" in err
    code, out, _ = command("sample", preset, "--num", 1, "--out", "a:one:[red].png")
    assert code == 0 and "a:one:[red].png" in out


@pytest.mark.parametrize("option", [("--split", "test"), ("--limit", 3)], ids=str)
def test_options_of_a_data_set_are_refused_beside_one_image(option, command, translator, here):
    picture(here / "one.png")
    arguments = ("translate", translator, "--input", "one.png", "--out", "out.png")
    refused(command, here, f"Expected no {option[0]}: --input is one image", *arguments, *option)
