"""Conditions on the command line: what is read, what is refused, and that the images are those of `generate`."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo import plots, presets
from keras_genzoo.cli.conditions import columns_of, read_conditions, rows_of
from keras_genzoo.families.conditions import ClassCondition, RealCondition

NAMES = ("cat", "dog", "a, b")
MODEL = SimpleNamespace(
    model_name="some_gan", conditions=(ClassCondition("labels", 3, NAMES), RealCondition("codes", 2, -1.0, 1.0))
)
PLAIN = SimpleNamespace(model_name="plain_gan", conditions=())


@pytest.mark.parametrize(
    ("text", "labels"),
    [("1", [1]), ("dog", [1]), ("dog,cat", [1, 0]), ("2, 0,dog", [2, 0, 1]), ("a, b", [2]), ("1,1", [1, 1])],
)
def test_classes_are_read_by_number_and_by_name(text, labels):
    for found in (read_conditions(MODEL, text), read_conditions(MODEL, None, [f"labels={text}"])):
        assert list(found) == ["labels"]
        assert found["labels"].dtype == np.int32 and found["labels"].tolist() == labels


@pytest.mark.parametrize(("text", "codes"), [("0.5,-1", [0.5, -1.0]), ("0.25", [0.25, 0.25]), ("1e-1, 0", [0.1, 0.0])])
def test_real_numbers_are_those_of_each_image(text, codes):
    found = read_conditions(MODEL, settings=[f"codes={text}"])
    np.testing.assert_array_equal(found["codes"], np.float32([codes]))
    np.testing.assert_array_equal(rows_of(found, 5, 3)["codes"], np.float32([codes] * 3))


def test_values_are_dealt_out_in_turn_by_the_number_of_the_image():
    found = read_conditions(MODEL, "dog,cat,cat", ["codes=0"])
    assert rows_of(found, 0, 5)["labels"].tolist() == [1, 0, 0, 1, 0]
    assert rows_of(found, 4, 3)["labels"].tolist() == [0, 0, 1]


def test_nothing_asked_is_nothing_given():
    assert read_conditions(MODEL) == read_conditions(PLAIN, None, []) == {}
    assert rows_of({}, 3, 4) == {}


@pytest.mark.parametrize(
    ("model", "labels", "settings", "message"),
    [
        (MODEL, "cta", [], r"Expected labels in 0..2; did you mean 'cat'\? Received: 'cta'"),
        (MODEL, "3", [], "Expected labels in 0..2. Received: 1 outside, such as 3"),
        (MODEL, "", [], "Expected labels in 0..2; valid are cat, dog, a, b. Received: ''"),
        (MODEL, "1.5", [], "Expected labels in 0..2; .* Received: '1.5'"),
        (MODEL, None, ["lables=1"], r"Expected a condition of some_gan; did you mean 'labels'\? Received: lables=1"),
        (MODEL, None, ["labels"], "Expected a condition as name=value. Received: 'labels'"),
        (MODEL, None, ["=1"], "Expected a condition as name=value. Received: '=1'"),
        (MODEL, "1", ["labels=2"], "Expected each condition once. Received: labels twice"),
        (MODEL, None, ["codes=2"], r"Expected codes in \[-1, 1\]. Received: values from 2 to 2"),
        (MODEL, None, ["codes=0,0,0"], r"Expected codes of shape \(1, 2\). Received: shape \(3,\)"),
        (MODEL, None, ["codes=much"], "Expected numbers for codes, separated by commas. Received: 'much'"),
        (PLAIN, "1", [], "Expected a condition of plain_gan; it takes none. Received: labels=1"),
    ],
)
def test_wrong_condition_is_refused_in_one_sentence(model, labels, settings, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        read_conditions(model, labels, settings)


@pytest.mark.parametrize(("number", "columns"), [(1, 8), (2, 8), (3, 6), (5, 5), (10, 10), (20, 20), (21, None)])
def test_classes_stand_in_columns(number, columns):
    assert columns_of({"labels": np.zeros(number, "int32")}) == columns
    assert columns_of({"codes": np.zeros((number, 2))}) is None


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A preset of a GAN that knows its classes by name."""
    args = dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=2, num_classes=3, class_names=["cat", "dog", "elk"])
    model = keras_genzoo.build("cgan", **args, seed=0)
    return presets.save_preset(model, tmp_path_factory.mktemp("named") / "named")


def test_sample_draws_the_classes_that_are_asked_for(command, named, here):
    code, _, err = command("sample", named, "--num", 5, "--start", 1, "--labels", "elk,0", "--out", "many")
    assert code == 0, err
    model = keras_genzoo.build("cgan", weights=named)
    images = model.generate(5, seed=0, start=1, labels=[0, 2, 0, 2, 0])
    for index, image in enumerate(images, 1):
        with Image.open(f"many/{index:06d}.png") as picture:
            np.testing.assert_array_equal(np.asarray(picture), image[..., 0])


def test_sample_draws_a_grid_in_columns_of_classes(command, named, here, tmp_path):
    assert command("sample", named, "--num", 12, "--condition", "labels=dog,elk,cat", "--out", "grid.png")[0] == 0
    model = keras_genzoo.build("cgan", weights=named)
    images = model.generate(12, seed=0, labels=[1, 2, 0] * 4)
    assert (here / "grid.png").read_bytes() == plots.save_grid(images, tmp_path / "a.png", columns=6).read_bytes()


def test_sample_of_a_class_that_is_not_there_writes_nothing(command, named, preset, here):
    code, _, err = command("sample", named, "--labels", "dgo")
    assert code == 2 and "did you mean 'dog'" in err
    code, _, err = command("sample", preset, "--labels", "dog")
    assert code == 2 and "Expected a condition of vae; it takes none. Received: labels=dog" in err
    assert list(here.iterdir()) == []
