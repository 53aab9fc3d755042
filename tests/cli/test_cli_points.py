"""A model of points on the command line: training, its pictures and card, samples as a picture or a file."""

import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo import callbacks, plots, presets


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    recipe = keras_genzoo.recipes.Recipe.from_dict(
        {
            "model": "gan",
            "args": {"latent_dim": 2, "hidden_units": [8]},
            "data": {"source": "points:ring8", "limit": 64, "batch_size": 32},
            "epochs": 1,
            "evaluation": {"metrics": ["modes", "reverse_kl"], "num_images": 100, "floor": True},
        }
    )
    folder = tmp_path_factory.mktemp("runs") / "ring"
    keras_genzoo.training.train(recipe, folder, verbose=0)
    return folder


def test_a_run_takes_the_coordinates_of_its_points_and_measures_modes(run):
    card = presets.card(str(run / "preset"))
    assert card["recipe"]["args"]["image_shape"] == [2]
    assert set(card["metrics"]) == {"modes", "reverse_kl"}
    assert card["metrics"]["modes"]["protocol"]["n_fake"] == 100
    assert card["metrics"]["modes"]["floor"]["value"] == 8


def test_pictures_of_a_run_show_the_modes(run):
    for path in (run / "samples" / "epoch_0001.png", run / "preset" / "samples.png"):
        assert plots.is_own(path)
        picture = np.asarray(Image.open(path).convert("RGB")).astype(int)
        assert (picture[..., 0] > picture[..., 2] + 60).sum() > 50  # red


def test_sample_writes_a_picture_or_the_points(command, run, here):
    code, out, err = command("sample", run, "--out", "points.png")
    assert (code, err) == (0, "") and "2500 points of seed 0" in out
    assert plots.is_own(here / "points.png")
    code, out, err = command("sample", run, "--out", "points.npy", "--num", "7", "--start", "2", "--seed", "3")
    assert (code, err) == (0, "") and "7 points of seed 3" in out
    expected = keras_genzoo.build("gan", weights=run / "preset").generate(7, seed=3, start=2)
    np.testing.assert_allclose(np.load(here / "points.npy"), expected, atol=1e-5)
    code, _, err = command("sample", run, "--out", "points.npy")
    assert code == 2 and "Expected --out as a new .npy file" in err


def test_evaluate_prints_the_coverage_of_modes(command, run, here):
    code, out, _ = command("evaluate", run, "--num-images", "50")
    assert code == 0
    for text in ("modes", "good_share", "reverse_kl", "of the nearest of 8 modes"):
        assert text in " ".join(out.split())


def test_commands_of_images_refuse_a_model_of_points(command, run, here):
    for arguments in (
        ("sample", run, "--out", "folder"),
        ("interpolate", run, "--out", "a.png"),
        ("export", run, "--out", "a.tflite", "--data", "digits"),
        ("evaluate", run, "--metrics", "precision"),
    ):
        code, _, err = command(*arguments)
        assert code == 2 and "Expected" in err and "Received" in err, arguments
    assert not [*here.iterdir()]


def test_sample_writes_npy_files_of_points_alone(command, here):
    keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[4]).save_to_preset(here / "images")
    code, _, err = command("sample", here / "images", "--out", "a.npy")
    assert code == 2 and "Expected --out as a .png file or a folder" in err


@pytest.mark.filterwarnings("ignore:All .* are equal")  # the pictures stand for any
def test_sample_grid_takes_modes_for_points_alone(tmp_path):
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[4])
    grid = callbacks.SampleGrid(tmp_path, modes=keras_genzoo.data.modes_of("points:ring8"))
    with pytest.raises(ValueError, match=r"Expected a model of points for modes\. Received: a model of images"):
        model.fit(np.zeros((4, 8, 8, 1), "float32"), verbose=0, callbacks=[grid])
