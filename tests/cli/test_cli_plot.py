"""`keras-genzoo plot`: files that are written, and what is refused before."""

import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo import plots, presets, training
from keras_genzoo.recipes import Recipe

TINY = dict(image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=2)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    model = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=4, seed=0)
    return presets.save_preset(model, tmp_path_factory.mktemp("rbm") / "preset")


@pytest.mark.parametrize("kind", ["latent-map", "traversals", "imputation", "chain"])
def test_pictures_of_a_preset(kind, command, preset, machine, here):
    few = {"latent-map": ("--num", 20), "traversals": ("--steps", 3)}.get(kind, ("--steps", "1,2", "--num", 2))
    shown = machine if kind == "chain" else preset
    code, out, err = command("plot", kind, shown, "--data", "digits", "--out", "new/a.png", *few)
    assert code == 0, err
    assert plots.is_own(here / "new" / "a.png") and "new/a.png" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("imputation", "--steps", "1,x"), "Expected --steps as numbers separated by commas, such as 1,5,20."),
        (("imputation", "--steps", "0"), "Expected steps to be an integer of at least 1. Received: steps=0"),
        (("traversals", "--out", "a.jpg"), "Expected --out as a .png file"),
        (("chain",), "Expected a model with a method gibbs. Received: VAE"),
        (("latent-map", "--method", "pca"), "Expected no --method: codes of two components are drawn as they are."),
        (("imputation", "--missing", "half"), "'half' is not one of"),
    ],
    ids=str,
)
def test_wrong_options_write_nothing(arguments, message, command, preset, here):
    kind, *options = arguments
    code, _, err = command("plot", kind, preset, "--data", "digits", *options)
    assert code == 2 and message in err and err.count("\n") == 1, err
    assert list(here.iterdir()) == []


def test_run_folders_and_files_are_drawn(command, here):
    args = {**TINY, "image_shape": [8, 8, 1]}
    recipe = Recipe("vae", args=args, epochs=1).override({"data.limit": 1, "data.batch_size": 1})  # of one image, too
    model, _ = training.train(recipe, here / "run", verbose=2, evaluate=False)
    model.save(here / "a.keras")
    assert command("plot", "latent-map", "run", "--num", 20)[0] == 0
    assert command("plot", "latent-map", "a.keras", "--num", 20, "--data", "digits")[0] == 0
    assert command("evaluate", "a.keras", "--data", "digits", "--metrics", "ssim", "--num-images", 8)[0] == 0
    code, _, err = command("plot", "latent-map", "a.keras")
    assert code == 2 and "Expected --data: a .keras file has no card that names its data." in err


def test_neighbours_are_those_of_the_training(command, preset, here):
    code, out, err = command(
        "plot", "neighbours", preset, "--data", "digits", "--num", 20, "--rows", 2, "--out", "n.png"
    )
    assert (code, err) == (0, "") and plots.is_own(here / "n.png")
    assert (
        "of 20 samples are nearly copies of one of 1500 training images" in out
        and "20 images that were held out" in out
    )
    images = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))[0]
    np.savez(here / "all.npz", images[:30])  # of one split
    code, out, err = command("plot", "neighbours", preset, "--data", "npz:all.npz", "--num", 5)
    assert (code, err) == (0, "") and "of 15 training images, among the others" in out
    code, _, err = command("plot", "neighbours", preset, "--data", "digits", "--split", "train[:5]", "--out", "m.png")
    assert code == 2 and "images of digits in both: 5" in err and not (here / "m.png").exists()


@pytest.mark.parametrize("names", [["dog", "cat"], None], ids=str)
@pytest.mark.parametrize("kind", ["plot", "reconstruct"])
def test_labels_of_a_folder_with_other_classes_are_refused(kind, names, command, here):
    for label in ("cat", "dog"):
        (here / "data" / label).mkdir(parents=True)
        Image.fromarray(np.zeros((8, 8), "uint8")).save(here / "data" / label / "a.png")
    model = keras_genzoo.build("cvae", **TINY, num_classes=len(names or "abc"), class_names=names)
    presets.save_preset(model, here / "preset")
    given = {
        "plot": ("plot", "imputation", "preset", "--data", "folder:data", "--split", "train", "--steps", 1),
        "reconstruct": ("reconstruct", "preset", "--input", "folder:data"),
    }[kind]
    code, _, err = command(*given, "--out", "a.png")
    wanted = "class_names in the order of" if names else "num_classes=2"
    assert code == 2 and f"Expected {wanted}" in err and not (here / "a.png").exists()


def test_classes_have_their_names_in_a_map(command, preset, here, monkeypatch):
    for index, label in enumerate(("cat", "dog")):
        (here / "data" / label).mkdir(parents=True)
        Image.fromarray(np.full((8, 8), 99 * index, "uint8")).save(here / "data" / label / "a.png")
    given = {}
    monkeypatch.setattr(plots, "save_latent_map", lambda *args, **named: given.update(named))
    assert command("plot", "latent-map", preset, "--data", "folder:data", "--split", "train")[0] == 0
    assert list(given["labels"]) == [0, 1] and list(given["class_names"]) == ["cat", "dog"]


@pytest.mark.parametrize("name", ["cvae", "vae", "bigan"])
def test_codes_of_any_length_have_a_map(name, command, here):
    small = dict(network="mlp", hidden_units=[4]) if name != "bigan" else dict(base_filters=2)
    model = keras_genzoo.build(name, image_shape=(8, 8, 1), latent_dim=3, **small, seed=0)
    presets.save_preset(model, here / "preset")
    for method in ((), ("--method", "tsne")):
        code, out, err = command("plot", "latent-map", "preset", "--data", "digits", "--num", 20, *method)
        assert (code, err) == (0, "") and out == "Latent map: latent_map.png\n"
        assert plots.is_own(here / "latent_map.png")


def test_number_of_images_is_less_for_tsne(command, here, monkeypatch):
    presets.save_preset(keras_genzoo.build("vae", **TINY | {"latent_dim": 3}), here / "preset")
    np.savez(here / "blank.npz", np.zeros((5001, 8, 8), "uint8"))  # without labels
    given = []
    monkeypatch.setattr(plots, "save_code_map", lambda *args, **named: given.append((len(args[1]), named)))
    for method in ((), ("--method", "tsne")):
        command("plot", "latent-map", "preset", "--data", "npz:blank.npz", "--split", "train", *method)
    none = dict(labels=None, class_names=None)
    assert given == [(5000, none | {"method": None}), (2000, none | {"method": "tsne"})]


def test_help_tells_which_models_each_picture_takes(command):
    _, out, _ = command("plot", "--help")
    assert out.count("Takes ") == 5
