"""The examples run as they stand, where they say that they run."""

import importlib.metadata
import re
import subprocess
import venv
from pathlib import Path

import numpy as np
import pytest
from exports import shaken
from PIL import Image

import keras_genzoo
from keras_genzoo.export.runners import litert_runner

EXAMPLE = Path(__file__).parents[2] / "examples" / "raspberry_pi.py"
BLOCKED = ("tensorflow", "keras", "keras_genzoo", "PIL", "scipy", "matplotlib")


def requirements(name, found=None):
    """A distribution and all that it requires on this machine."""
    found = {} if found is None else found
    key = name.lower().replace("_", "-")
    if key not in found:
        found[key] = importlib.metadata.distribution(name)
        for requirement in found[key].requires or []:
            if "extra ==" not in requirement:
                try:
                    requirements(re.match(r"[\w.-]+", requirement).group(), found)
                except importlib.metadata.PackageNotFoundError:
                    assert ";" in requirement, requirement  # for another Python or system
    return found


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """Python of a virtual environment that has NumPy, LiteRT and what they require, and nothing else."""
    folder = tmp_path_factory.mktemp("board")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for distribution in requirements("ai-edge-litert", requirements("numpy")).values():
        for top in {Path(file).parts[0] for file in distribution.files if Path(file).parts[0] not in ("..", "bin")}:
            source = Path(distribution.locate_file(top))
            if source.exists() and not (packages / top).exists():
                (packages / top).symlink_to(source)
    return folder / "bin" / "python"


def run(python, *arguments, cwd):
    return subprocess.run([python, "-I", EXAMPLE, *map(str, arguments)], cwd=cwd, capture_output=True, text=True)


def test_virtual_environment_has_numpy_and_litert_alone(board, tmp_path):
    for name in BLOCKED:
        done = subprocess.run([board, "-I", "-c", f"import {name}"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 1 and "ModuleNotFoundError" in done.stderr, name


@pytest.mark.parametrize(
    "options", [{}, dict(quantization="int8", io_dtype="int8"), dict(image_dtype="uint8")], ids=str
)
def test_pictures_on_the_board_are_those_of_the_file(board, tmp_path, options):
    model = shaken(keras_genzoo.build("dcgan", image_shape=(8, 8, 3), latent_dim=4, base_filters=4))
    model.export(tmp_path / "a.tflite", format="litert", batch_size=4, measure=False, **options)
    done = run(board, "a.tflite", "--num", 10, "--columns", 5, "--seed", 7, "--threads", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "10 images" in done.stderr
    z = np.random.default_rng(7).standard_normal((10, 4)).astype("float32")
    images = litert_runner(tmp_path / "a.tflite", "serving_default")({"z": z})["image"]
    images = images if images.dtype == np.uint8 else np.rint(255 * np.clip(images, 0, 1)).astype("uint8")
    with Image.open(tmp_path / "grid.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), keras_genzoo.plots.image_grid(images, columns=5, gap=0))


def test_board_draws_from_the_mixture_of_the_file(board, tmp_path):
    model = shaken(keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4))
    model.fit_sampler("mixture", np.random.default_rng(0).random((40, 8, 8, 1), "float32"), size=3)
    model.export(tmp_path / "a.tflite", format="litert", signature="sample", measure=False)
    done = run(board, "a.tflite", "--num", 4, "--columns", 4, "--seed", 7, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    noise = np.random.default_rng(7).standard_normal((4, model.mixture_sampler.noise_dim)).astype("float32")
    images = np.rint(255 * np.asarray(model.decode(model.mixture_sampler.from_normal(noise)))).astype("uint8")
    with Image.open(tmp_path / "grid.png") as picture:
        expected = keras_genzoo.plots.image_grid(images, columns=4, gap=0)[..., 0]
        np.testing.assert_allclose(np.asarray(picture).astype(int), expected.astype(int), atol=1)


def test_board_chooses_the_class(board, tmp_path):
    model = shaken(keras_genzoo.build("cgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4, num_classes=3))
    model.export(tmp_path / "a.tflite", format="litert", measure=False)
    options = ["--num", 3, "--classes", 3, "--columns", 3]
    for out, extra in (("all.png", []), ("two.png", ["--label", 2])):
        done = run(board, "a.tflite", *options, "--out", out, *extra, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    pictures = [np.asarray(Image.open(tmp_path / name)) for name in ("all.png", "two.png")]
    np.testing.assert_array_equal(pictures[0][:, 16:], pictures[1][:, 16:])  # the third is of class 2 in both
    assert (pictures[0][:, :16] != pictures[1][:, :16]).any()


def test_file_that_is_no_generator_is_refused_in_one_sentence(board, tmp_path):
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4)
    model.export(tmp_path / "a.tflite", format="litert", signature="encode", measure=False)
    done = run(board, "a.tflite", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("Expected a file from codes to images. Received: 'a.tflite'")
