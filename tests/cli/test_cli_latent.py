"""`keras-genzoo edit`, `directions`, `invert`, and clips of `interpolate`."""

import keras
import numpy as np
import pytest
from PIL import Image, ImageSequence

import keras_genzoo
from keras_genzoo import latent, presets


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Presets of a generator and a classifier, and a file of a Keras classifier that gives probabilities."""
    folder = tmp_path_factory.mktemp("saved")
    small = dict(image_shape=(8, 8, 1), base_filters=4, seed=0)
    inputs = keras.Input((8, 8, 1))
    outputs = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(inputs))
    keras.Model(inputs, outputs).save(folder / "own.keras")
    return {
        "gan": presets.save_preset(keras_genzoo.build("dcgan", **small, latent_dim=4), folder / "gan"),
        "classifier": presets.save_preset(keras_genzoo.build("classifier", **small), folder / "classifier"),
        "own": folder / "own.keras",
    }


def size(path):
    with Image.open(path) as image:
        return image.size


def test_edit_draws_before_and_after_and_tells_what_moved(command, saved, here):
    common = ("--num", 4, "--steps", 2, "--out", "e.png")
    code, out, err = command("edit", saved["gan"], "--classifier", saved["classifier"], "--target", 3, *common)
    assert (code, err) == (0, "") and "brightness" in out and "of 4 images show 3: e.png" in out
    assert size(here / "e.png") == (4 * 18 + 2, 2 * 18 + 2)
    own = ("--classifier", saved["own"], "--probabilities", "--target", 2, "--hold", "")
    code, out, err = command("edit", saved["gan"], *own, *common)
    assert (code, err) == (0, "") and "brightness" not in out
    code, _, err = command("edit", saved["gan"], "--classifier", here / "no.keras", "--target", 3, *common)
    assert code == 2 and "Expected a .keras file of a classifier" in err


def test_directions_are_drawn_measured_and_written(command, saved, here):
    methods = {"jacobian": (), "sefa": (), "ganspace": ()}
    for method in methods:
        arguments = ("--method", method, "--num", 2, "--steps", 3, "--out", "d.png", "--vectors", f"{method}.NPY")
        code, out, err = command("directions", saved["gan"], *arguments)
        assert (code, err) == (0, "") and "entanglement" in out and "2 directions" in out
        assert size(here / "d.png") == (3 * 18 + 2, 2 * 18 + 2)
    code, out, err = command("directions", saved["gan"], "--method", "named", "--num", 2, "--out", "n.png")
    assert (code, err) == (0, "") and "2 of 4 named directions" in out and (here / "n.png").exists()
    model = keras_genzoo.build("dcgan", weights=saved["gan"])
    np.testing.assert_array_equal(np.load("sefa.NPY"), latent.first_layer_directions(model, 2).vectors)


def test_directions_are_written_with_names_for_this_model_alone(command, saved, here):
    common = ("--num", 2, "--steps", 2, "--out", "d.png")
    for method, further in {"sefa": (), "jacobian": ("--names", "width, slant")}.items():
        code, _, err = command(
            "directions", saved["gan"], "--method", method, "--vectors", f"{method}.NPZ", *further, *common
        )
        assert (code, err) == (0, "")
    model = keras_genzoo.build("dcgan", weights=saved["gan"])
    found = latent.load_directions("sefa.NPZ", model) | latent.load_directions("jacobian.NPZ", model)
    assert list(found) == ["sefa 1", "sefa 2", "width", "slant"]
    np.testing.assert_array_equal([*found.values()][:2], latent.first_layer_directions(model, 2).vectors)


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("--names", "a,b"), "Expected --vectors FILE.npz with --names"),
        (("--names", "a,a", "--num", 2, "--vectors", "d.npz"), "Expected --names as 2 different names"),
        (("--names", "a,b,c,d,e", "--num", 5, "--vectors", "d.npz"), "Expected 4 --names"),
        (("--target", 3), "Expected no --target: only --method classifier has one"),
        (("--method", "classifier", "--target", 3), "Expected --classifier and --target with --method classifier"),
        (("--method", "classifier"), "with --method classifier. Received: neither"),
        (("--method", "named", "--distance", 2), "Expected no --distance: --method named goes over the range"),
        (("--vectors", "a.txt"), "Expected a .npz or .npy file. Received: 'a.txt'"),
        (("--vectors", "there.npy"), "Expected a .npy file that is not there yet"),
    ],
)
def test_options_of_directions_that_do_not_fit_are_refused(command, saved, here, arguments, sentence):
    (here / "there.npy").touch()
    code, _, err = command("directions", saved["gan"], *arguments)
    assert code == 2 and sentence in err and [path.name for path in here.iterdir()] == ["there.npy"]


def test_invert_draws_pairs_and_writes_codes(command, saved, here):
    arguments = ("--input", "digits", "--limit", 3, "--steps", 2, "--out", "i.png", "--codes", "z.npy")
    code, out, err = command("invert", saved["gan"], *arguments)
    assert (code, err) == (0, "") and "3 images, mean squared error" in out
    assert np.load(here / "z.npy").shape == (3, 4) and size(here / "i.png")[0] == 4 * 18 + 2


def test_interpolate_makes_a_clip_that_repeats(command, saved, here):
    code, out, err = command("interpolate", saved["gan"], "--num", 3, "--steps", 4, "--out", "w.gif", "--scale", 2)
    assert (code, err) == (0, "") and "9 frames through 3 images" in out
    with Image.open(here / "w.gif") as clip:
        frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(clip)]
    assert frames[0].shape == (16, 16)
    model = keras_genzoo.build("dcgan", weights=saved["gan"])
    first = model.generate(1, seed=0)[0, ..., 0].repeat(2, axis=0).repeat(2, axis=1)
    assert np.abs(frames[0].astype(int) - first).max() <= 4  # of a palette
    code, _, err = command("interpolate", saved["gan"], "--num", 1, "--out", "one.gif")
    assert code == 2 and "Expected --num of at least 2 for a walk" in err
    code, _, err = command("interpolate", saved["gan"], "--frame-ms", 20)
    assert code == 2 and "Expected no --frame-ms: --out is a PNG file" in err


def test_interpolate_goes_through_classes_in_a_strip_or_a_clip(command, tmp_path, here):
    model = keras_genzoo.build("cgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4, num_classes=3, seed=0)
    folder = presets.save_preset(model, tmp_path / "cgan")
    code, out, err = command("interpolate", folder, "--through", "0,2", "--num", 2, "--steps", 3, "--out", "s.png")
    assert (code, err) == (0, "") and "2 codes from 0 to 2, 3 images each: s.png" in out
    assert size(here / "s.png") == (3 * 18 + 2, 2 * 18 + 2)
    arguments = ("--through", "labels=0,1,2", "--num", 2, "--steps", 3, "--out", "s.gif", "--scale", 1)
    code, out, err = command("interpolate", folder, *arguments)
    assert (code, err) == (0, "") and "6 frames of 2 codes through 0, 1, 2" in out and size(here / "s.gif") == (22, 12)
    for wrong, sentence in (
        (("--through", "0,2", "--labels", "1"), "Expected no labels: each row goes through classes"),
        (("--through", "0"), "Expected at least two labels"),
        (("--through", "0,2", "--scale", 2), "Expected no --scale: --out is a PNG file"),
    ):
        code, _, err = command("interpolate", folder, *wrong)
        assert code == 2 and sentence in err and not (here / "interpolation.png").exists()
