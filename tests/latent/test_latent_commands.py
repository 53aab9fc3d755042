"""Options of `edit`, `directions` and `invert` that have no effect, and the words of their last lines."""

import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo import presets


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folders of a generator and a classifier, and an image file."""
    folder = tmp_path_factory.mktemp("saved")
    small = dict(image_shape=(8, 8, 1), base_filters=4, seed=0)
    presets.save_preset(keras_genzoo.build("dcgan", **small, latent_dim=4), folder / "gan")
    presets.save_preset(keras_genzoo.build("classifier", **small), folder / "classifier")
    Image.fromarray(np.arange(64, dtype="uint8").reshape(8, 8)).save(folder / "one.png")
    return folder


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("invert", "gan", "--input", "one.png", "--limit", 3), "Expected no --limit: --input is one image"),
        (("invert", "gan", "--input", "one.png", "--split", "test"), "Expected no --split: --input is one image"),
        (("directions", "gan", "--distance", 0), "Expected --distance other than 0"),
        (
            ("edit", "gan", "--classifier", "classifier", "--target", 3, "--hold", "", "--hold-weight", 5),
            "Expected no --hold-weight: --hold names nothing. Received: --hold-weight 5",
        ),
        (("edit", "gan", "--classifier", "gan", "--target", 3), "Expected a classifier of images. Received: a dcgan"),
    ],
)
def test_options_without_effect_are_refused(command, saved, here, arguments, sentence):
    placed = [saved / word if word in ("gan", "classifier", "one.png") else word for word in arguments]
    code, _, err = command(*placed)
    assert code == 2 and sentence in err and not [*here.iterdir()]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("invert", "gan", "--input", "one.png", "--steps", 1), "1 image, mean squared error"),
        (("directions", "gan", "--num", 1, "--steps", 2), "1 direction; changes"),
        (("edit", "gan", "--classifier", "classifier", "--target", 3, "--num", 1, "--steps", 1), "of 1 image show"),
    ],
)
def test_one_is_not_several(command, saved, arguments, words):
    placed = [saved / word if word in ("gan", "classifier", "one.png") else word for word in arguments]
    code, out, err = command(*placed)
    assert (code, err) == (0, "") and words in out
