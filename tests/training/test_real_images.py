"""Which data a preset was trained on, as commands without --data take it."""

import pytest

import keras_genzoo
from keras_genzoo import presets, training
from keras_genzoo.cli import names
from keras_genzoo.metrics.features import extractor
from keras_genzoo.recipes import load_recipe


@pytest.mark.parametrize(
    ("preset", "data", "expected", "features"),
    [
        ("dcgan_mnist", None, "tfds:mnist", "mnist"),  # that of the recipe, which can be loaded; the card has a file
        ("dcgan_mnist", "tfds:mnist", "tfds:mnist", "mnist"),
        ("dcgan_mnist", "npz:/data/mnist.npz", "npz:/data/mnist.npz", "mnist"),
        ("dcgan_mnist", "tfds:kmnist", "tfds:kmnist", None),
        ("classifier_emoji", None, "labelled:npz:emoji.npz", None),
    ],
)
def test_data_of_bundled_presets(preset, data, expected, features):
    assert training.data_of(preset, data)[0] == expected
    assert training.features_of(preset, data) == features


def test_options_follow_all_names_of_the_data_and_no_others():
    options = training.data_of("classifier_emoji")[1]
    assert options
    assert training.data_of("classifier_emoji", "labelled:npz:/data/emoji.npz") == (
        "labelled:npz:/data/emoji.npz",
        options,
    )
    assert training.data_of("classifier_emoji", "labelled:npz:/data/others.npz")[1] == {}


# -- names that are here and in the package ----------------------------------------------------------------------------


def here(folder, monkeypatch, *files):
    """Makes a folder with empty files of these names in the working directory."""
    monkeypatch.chdir(folder.parent)
    folder.mkdir()
    for name in files:
        (folder / name).write_text("", encoding="utf-8")


def test_a_bundled_preset_is_not_that_of_the_run_around_it(tmp_path, monkeypatch):
    recipe = load_recipe("cgan_mnist").override({"data.source": "keras:cifar10", "evaluation.features": None})
    (tmp_path / "recipe.yaml").write_text(recipe.to_yaml(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert training.data_of("dcgan_mnist")[0] == "tfds:mnist"
    assert training.features_of("dcgan_mnist") == "mnist"


@pytest.mark.parametrize("file", ["config.json", "recipe.yaml"])
def test_a_name_of_two_presets_is_refused_wherever_it_is_read(tmp_path, monkeypatch, file):
    here(tmp_path / "dcgan_mnist", monkeypatch, file)
    sentence = (
        r"Expected '\./dcgan_mnist' for the folder of this name, or the model 'dcgan' and the weights 'mnist' for the "
        "bundled preset. Received: 'dcgan_mnist', which names both"
    )
    uses = (presets.card, presets.find, training.data_of, names.load_named, names.preset_of, keras_genzoo.build)
    for use in uses:
        with pytest.raises(ValueError, match=sentence):
            use("dcgan_mnist")
    assert names.preset_of("dcgan", "mnist") == str(presets.bundled_folder("dcgan_mnist"))
    assert training.data_of(names.preset_of("dcgan", "mnist"))[0] == "tfds:mnist"
    assert not presets.is_bundled("./dcgan_mnist")


def test_short_name_of_weights_that_is_a_preset_here_is_refused(tmp_path, monkeypatch):
    here(tmp_path / "mnist", monkeypatch, "images.txt")  # a folder of data of this name is no preset
    assert presets.locate("dcgan", "mnist") == presets.bundled_folder("dcgan_mnist")
    (tmp_path / "mnist" / "config.json").write_text("{}", encoding="utf-8")
    assert extractor("mnist").protocol()["classifier_accuracy"] > 0.99  # of features, which are bundled ones alone
    with pytest.raises(ValueError, match=r"Expected '\./mnist' .* or 'dcgan_mnist' for the bundled preset"):
        presets.locate("dcgan", "mnist")
