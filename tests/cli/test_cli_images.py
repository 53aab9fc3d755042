"""Commands that make images of a model: what they write, under which names, and what a training takes from pictures."""

import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
import yaml
from PIL import Image

import keras_genzoo
from keras_genzoo import latent, presets, registry
from keras_genzoo.cli.names import warner
from keras_genzoo.data.named import load_named_images
from keras_genzoo.recipes import Recipe
from keras_genzoo.recipes.shapes import with_image_shape
from keras_genzoo.version import __version__


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    args = dict(image_shape=(8, 8, 3), base_filters=2, num_blocks=0, seed=0)
    return presets.save_preset(keras_genzoo.build("cyclegan", **args), tmp_path_factory.mktemp("translator") / "preset")


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    args = dict(image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=3, num_classes=3, seed=0)
    names = dict(class_names=("cat", "dog", "elk"))
    return presets.save_preset(keras_genzoo.build("cvae", **args, **names), tmp_path_factory.mktemp("cvae") / "preset")


@pytest.fixture(scope="module")
def with_codes(tmp_path_factory):
    args = dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=2, code_sizes=[3, 3], num_factors=0, seed=0)
    return presets.save_preset(keras_genzoo.build("infogan", **args), tmp_path_factory.mktemp("infogan") / "preset")


def picture(path, size=(12, 9), mode="RGB", seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    Image.fromarray(noise).convert(mode).save(path)
    return path


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


# -- translate --------------------------------------------------------------------------------------------------------


def test_translate_takes_a_picture_of_any_kind(command, translator, here):
    model = keras_genzoo.build("cyclegan", weights=translator)
    for name in ("photo.webp", "photo.jpg", "PHOTO.PNG"):
        arguments = ("translate", translator, "--input", picture(here / name), "--out", "painted.png")
        code, out, err = command(*arguments)
        assert (code, err) == (0, "") and "1 image, a_to_b" in out
        np.testing.assert_array_equal(pixels(here / "painted.png"), model.translate(here / name)[0])
        code, out, err = command(*arguments, "--model-size")
        assert (code, err) == (0, "") and "1 image, scaled and cropped to 8x8, a_to_b" in out
        np.testing.assert_array_equal(pixels(here / "painted.png"), model.translate(here / name, keep_size=False)[0])


def test_translate_keeps_the_names_of_a_folder_and_writes_before_and_after(command, translator, here):
    for name in ("a.jpg", "b/a.png", "b/c.d.webp", "twin.jpg", "twin.png"):
        picture(here / "in" / name, seed=len(name))
    arguments = ("translate", translator, "--input", here / "in" / "b")
    code, _, err = command(*arguments, "--out", here / "nested", "--model-size")
    assert (code, err) == (0, "")
    assert sorted(path.name for path in (here / "nested").iterdir()) == ["a.png", "before_after.png", "c.d.png"]
    images, _, names = load_named_images(here / "in" / "b", image_size=(8, 8), channels=3)
    assert names == ["a", "c.d"]
    made = keras_genzoo.build("cyclegan", weights=translator).translate(images)
    np.testing.assert_array_equal(pixels(here / "nested" / "c.d.png"), made[1])
    grid = pixels(here / "nested" / "before_after.png")[::2, ::2]  # two pixels a side, two between images
    np.testing.assert_array_equal(grid[1:9, 1:9], images[0])
    np.testing.assert_array_equal(grid[1:9, 10:18], made[0])


def test_names_that_would_be_equal_keep_their_suffix(here):
    for name in ("twin.jpg", "twin.png", "TWIN.webp"):
        picture(here / "in" / name)
    _, _, names = load_named_images(here / "in", image_size=(8, 8), channels=3)
    assert sorted(names) == sorted({"TWIN.webp", "twin.jpg", "twin"})  # the file that is written again keeps its name


def test_picture_that_cannot_be_read_is_refused(command, translator, here):
    (here / "photo.jpg").write_bytes(b"no image")
    code, _, err = command("translate", translator, "--input", "photo.jpg", "--out", "painted.png")
    assert code == 2 and err.startswith("Error: Expected images that can be read") and err.count("\n") == 1
    assert not (here / "painted.png").exists()


# -- reconstruct and interpolate --------------------------------------------------------------------------------------


def test_reconstruct_writes_originals_beside_reconstructions(command, preset, here):
    code, out, err = command("reconstruct", preset, "--input", "digits", "--limit", 3, "--out", here / "out")
    assert (code, err) == (0, "") and "3 images" in out
    images, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8), limit=3)
    made = keras_genzoo.build("vae", weights=preset).reconstruct(images)
    np.testing.assert_array_equal(pixels(here / "out" / "000002.png"), made[2, ..., 0])
    assert (here / "out" / "before_after.png").is_file()


def test_reconstruct_takes_labels_from_the_folder_or_as_asked(command, conditional, here):
    for index, name in enumerate(("cat", "dog", "elk")):
        picture(here / "in" / name / "1.png", (8, 8), "L", seed=index)
    model = keras_genzoo.build("cvae", weights=conditional)
    images, labels = keras_genzoo.data.load_arrays(here / "in")
    for asked, wanted in (((), labels), (("--labels", "elk"), [2, 2, 2])):
        code, _, err = command("reconstruct", conditional, "--input", here / "in", "--out", here / "out", *asked)
        assert (code, err) == (0, "")
        made = model.reconstruct(images, labels=wanted)
        np.testing.assert_array_equal(pixels(here / "out" / "cat" / "1.png"), made[0, ..., 0])
    code, _, err = command("reconstruct", conditional, "--input", here / "in" / "cat" / "1.png", "--out", "x.png")
    assert code == 2 and "Expected --labels" in err


def test_interpolations_begin_and_end_at_generated_images(command, conditional, here):
    model = keras_genzoo.build("cvae", weights=conditional)
    images = latent.interpolate(model, 2, 5, seed=3, start=1, labels=[0, 2])
    assert images.shape == (2, 5, 8, 8, 1)
    for pair, label in enumerate((0, 2)):
        ends = model.generate(2, seed=3, start=1 + pair, labels=label)
        np.testing.assert_array_equal(images[pair, [0, -1]], ends)
    arguments = ("--num", 2, "--steps", 5, "--seed", 3, "--start", 1, "--labels", "elk,cat")
    code, _, err = command("interpolate", conditional, "--out", "grid.png", *arguments)
    assert (code, err) == (0, "")
    grid = pixels(here / "grid.png")[::2, ::2]
    np.testing.assert_array_equal(grid[10:18, 37:45], images[1, 4, ..., 0])


@pytest.mark.parametrize("num", [1, 2])
@pytest.mark.parametrize(
    ("kind", "asked", "of_sample"),
    [
        ("conditional", ("--labels", "elk,cat"), ()),
        ("with_codes", ("--condition", "code2s=1,2", "--through", "codes=2,0"), ("--condition", "codes=2")),
    ],
    ids=["pairs", "through classes"],
)
def test_interpolations_begin_at_the_images_of_sample(kind, num, asked, of_sample, command, here, request):
    model, given = request.getfixturevalue(kind), ("--num", num, "--start", 1, "--seed", 3)
    assert command("sample", model, "--out", "all", *given, *asked[:2], *of_sample)[0] == 0
    code, _, err = command("interpolate", model, "--steps", 2, "--out", "grid.png", *given, *asked)
    assert (code, err) == (0, "")
    grid = pixels(here / "grid.png")[::2, ::2]  # two pixels a side, two between images
    for row in range(num):
        first = grid[1 + 9 * row :, 1:][:8, :8]
        np.testing.assert_array_equal(first, pixels(here / "all" / f"{1 + row:06d}.png"))


@pytest.mark.parametrize("name", ["a.jpg", "a.mov", "a"])
def test_interpolations_are_written_as_pictures_or_clips(name, command, conditional, here):
    for through in ((), ("--through", "cat,elk")):
        code, _, err = command("interpolate", conditional, "--out", name, *through)
        assert code == 2 and f"Expected --out as a .png, .gif or .mp4 file. Received: '{name}'" in err
    assert list(here.iterdir()) == []


def test_suffixes_are_understood_in_any_case(command, conditional, here):
    for name in ("a.PNG", "a.Gif"):
        code, out, err = command("interpolate", conditional, "--num", 2, "--steps", 3, "--out", name)
        assert (code, err) == (0, "") and (here / name).is_file()


def test_steps_of_a_clip_have_both_ends_as_in_a_picture(command, conditional, here):
    for given, told in (
        (("--num", 3), "6 frames through 3 images"),
        (("--num", 1, "--through", "cat,dog,elk"), "6 frames of 1 code through cat, dog, elk"),
    ):
        code, out, err = command("interpolate", conditional, "--steps", 3, "--out", f"{given[1]}.gif", *given)
        assert (code, err) == (0, "") and told in out


def test_interpolation_of_what_has_no_code_is_refused(command, translator):
    code, _, err = command("interpolate", translator)
    assert code == 2 and re.search(r"Expected a model that has a latent code. Received: '.*' \(CycleGAN\)", err)
    with pytest.raises(ValueError, match="Expected steps"):
        latent.interpolate(keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp"), 1, 1)


# -- names, versions, warnings ----------------------------------------------------------------------------------------


def test_version_and_module_name_the_package(command):
    code, out, err = command("--version")
    assert (code, out.strip(), err) == (0, f"keras_genzoo {__version__}", "")
    done = subprocess.run([sys.executable, "-m", "keras_genzoo", "--version"], capture_output=True, text=True)
    assert done.stdout.strip() == f"keras_genzoo {__version__}", done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "dcgan_mnist", "--metrics", "fid"], "did you mean 'classifier_fid'?"),
        (["sample", "vae", "--weights", "dcgan_mnist"], "Received: 'dcgan_mnist', weights of dcgan"),
        (["train", "DCGN"], "did you mean 'dcgan'?"),
        (["train", "vae", "--batch-size", "0"], "--batch-size"),
        (["train", "vae", "--set", "batch_size=3"], "did you mean 'data.batch_size'?"),
        (["train", "vae", "--set", "image_shape=(4,4,1)"], "image_shape=[height,width,channels]"),
        (["train", "vae", "--data", "none.jpg"], "'none.jpg', which does not exist"),
        (["train", "vae", "--classes", "3"], "Expected no --classes: vae takes no labels"),
    ],
    ids=" ".join,
)
def test_suggestions_name_what_was_meant(arguments, message, command):
    code, _, err = command(*arguments)
    assert code == 2 and message in " ".join(err.split())


def test_models_and_presets_are_understood_in_any_spelling(preset):
    for name, wanted in (("DCGAN", "dcgan"), ("WGAN-GP", "wgan_gp"), ("CycleGAN", "cyclegan"), ("vae", "vae")):
        assert registry.plain_name(name) == wanted
    by_name = keras_genzoo.build("aae_mnist")
    assert by_name.model_name == "aae" and by_name.compiled
    one, two = keras_genzoo.from_preset(preset), type(keras_genzoo.from_preset(preset)).from_preset(preset)
    assert one.compiled and two.compiled
    np.testing.assert_array_equal(one.generate(2, seed=0), two.generate(2, seed=0))
    with pytest.raises(ValueError, match="Expected no weights beside the preset"):
        keras_genzoo.build("aae_mnist", weights="mnist")
    with pytest.raises(ValueError, match="Expected weights of dcgan .* Received: 'vae_mnist', weights of vae"):
        keras_genzoo.build("dcgan", weights="vae_mnist")


def test_a_warning_is_one_line_and_is_shown_once(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = warner()
        for _ in range(3):
            warnings.warn("Left out 3\n  files", stacklevel=1)
    assert capsys.readouterr().err.splitlines() == ["Warning: Left out 3 files"]


# -- what a training takes from the pictures --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "mode", "wanted", "told"),
    [
        ([(24, 16)], "RGB", [16, 24, 3], "from colour images of 16x24."),
        ([(24, 16)], "L", [16, 24, 1], "from grey images of 16x24."),
        ([(24, 16), (20, 16)], "RGB", [64, 64, 3], "several sizes. They are scaled and cropped"),
        ([(600, 400)], "L", [64, 64, 1], "400x600. They are scaled and cropped"),
    ],
    ids=["colour", "grey", "several sizes", "large"],
)
def test_size_and_channels_are_those_of_the_pictures(sizes, mode, wanted, told, here):
    for index, size in enumerate(sizes):
        picture(here / "photos" / f"{index}.png", size, mode)
    recipe, sentence = with_image_shape(_recipe("photos"))
    assert recipe.args["image_shape"] == wanted
    assert told in sentence
    given = _recipe("photos").override({"image_shape": [8, 8, 1]})
    assert with_image_shape(given) == (given, None)


def _recipe(source):
    return Recipe("dcgan", name="dcgan").override({"data.source": source})


def test_training_of_a_model_by_name_says_what_it_takes(command, here):
    for index in range(4):
        picture(here / "photos" / f"{index}.png", (8, 8), seed=index)
    small = ["--set", "base_filters=2", "--set", "latent_dim=2", "--epochs", 1, "--batch-size", 4, "--no-evaluate"]
    code, out, err = command("train", "vae", "--data", "photos", *small, "--title", "Mine", "--dtype", "float32")
    assert (code, err) == (0, "")
    assert "image_shape: [8,8,3], from colour images of 8x8." in out and "4 images of 8x8, 3 channels" in out
    stored = yaml.safe_load((here / "runs" / "vae" / "recipe.yaml").read_text(encoding="utf-8"))
    assert (stored["args"]["image_shape"], stored["data"]["title"], stored["data"]["batch_size"]) == (
        [8, 8, 3],
        "Mine",
        4,
    )
    code, out, _ = command("train", "vae", *small, "--out", "digits", "--dtype", "float32")
    assert re.search("Data: the digits of scikit-learn. --data takes others", out)
