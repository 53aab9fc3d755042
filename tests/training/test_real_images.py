"""Which data a preset was trained on, as commands without --data take it."""

import pytest

from keras_genzoo import training


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
