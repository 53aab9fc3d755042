"""Two images side by side in one: `left:` and `right:` of a folder or an npz file."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_genzoo import training
from keras_genzoo.data import class_names, load_arrays, load_pairs
from keras_genzoo.data.views import public_source
from keras_genzoo.recipes import DataConfig, Recipe


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(4):
        (tmp_path / "pictures" / "train").mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (12, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / "train" / f"{number}.png")
    return tmp_path / "pictures"


def whole(folder):
    return load_arrays(folder)[0]


def test_halves_of_a_folder_are_the_two_sides_in_order(folder):
    left, _ = load_arrays(f"left:folder:{folder}")
    right, _ = load_arrays(f"right:{folder}")
    np.testing.assert_array_equal(left, whole(folder)[:, :, :10])
    np.testing.assert_array_equal(right, whole(folder)[:, :, 10:])
    scaled, _ = load_arrays(f"left:folder:{folder}", image_size=(8, 8), channels=1)
    assert scaled.shape == (4, 8, 8, 1)


@pytest.mark.parametrize("order", [("left", "right"), ("right", "left")])
def test_pairs_come_from_one_folder_in_either_order(folder, order):
    sources = [f"{side}:folder:{folder}" for side in order]
    a, b = next(iter(load_pairs(*sources, paired=True, shuffle=False, batch_size=4)))
    halves = dict(left=whole(folder)[:, :, :10], right=whole(folder)[:, :, 10:])
    np.testing.assert_array_equal(a, halves[order[0]])
    np.testing.assert_array_equal(b, halves[order[1]])


def test_halves_of_an_npz_file(folder, tmp_path):
    np.savez(tmp_path / "a.npz", x_train=whole(folder))
    right, _ = load_arrays(f"right:npz:{tmp_path / 'a.npz'}")
    np.testing.assert_array_equal(right, whole(folder)[:, :, 10:])


def test_a_turned_photo_is_turned_before_it_is_halved(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 12, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    left, _ = load_arrays(f"left:{tmp_path}")
    np.testing.assert_array_equal(left[0], np.rot90(pixels, -1)[:, :10])


def test_a_recipe_trains_on_halves(folder, tmp_path):
    args = dict(image_shape=[8, 8, 3], base_filters=2, d_base_filters=2)
    data = dict(source=f"left:folder:{folder}", source_b=f"right:folder:{folder}", batch_size=2)
    recipe = Recipe("pix2pix", args=args, data=DataConfig(**data), epochs=1)
    training.train(recipe, tmp_path / "run", evaluate=False, verbose=0)
    card = json.loads((tmp_path / "run" / "preset" / "card.json").read_text(encoding="utf-8"))
    assert card["recipe"]["data"]["source_b"] == "right:folder:pictures"


def test_halves_of_the_same_side_are_the_same_images(folder):
    with pytest.raises(ValueError, match="Expected a second domain"):
        load_pairs(f"left:folder:{folder}", f"left:{folder}/", paired=True)


def test_classes_of_halves_have_names(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (20, 12)).save(tmp_path / name / "1.png")
    assert class_names(f"left:folder:{tmp_path}") == ("cat", "dog")


def test_points_have_no_halves(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.zeros((4, 2), "float32"))
    with pytest.raises(ValueError, match="Expected images side by side for left:. Received: .*which has none"):
        load_arrays(f"left:npz:{tmp_path / 'a.npz'}")


def test_cards_name_halves_without_the_folder():
    assert public_source("left:folder:/home/me/facades") == "left:folder:facades"


@pytest.mark.parametrize(
    "source, sentence",
    [
        ("left:digits", "Expected a folder or an npz file of images side by side after left:. Received: 'digits'"),
        ("right:", "Expected a name or path after 'right:'. Received: nothing"),
    ],
)
def test_halves_of_other_sources_are_refused(source, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_arrays(source)


def test_an_odd_width_is_refused(tmp_path):
    Image.new("RGB", (21, 12)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="Expected two images side by side, of an even width. Received: a width of 21"):
        load_arrays(f"left:{tmp_path}")
