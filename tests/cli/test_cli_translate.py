"""`keras-genzoo translate` on pictures of their own sizes, and on clips."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

import keras_genzoo
from keras_genzoo import presets
from keras_genzoo.data import clips


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    args = dict(image_shape=(8, 8, 3), base_filters=2, num_blocks=0, seed=0)
    return presets.save_preset(keras_genzoo.build("cyclegan", **args), tmp_path_factory.mktemp("translator") / "preset")


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.filterwarnings("default:Skipped")
def test_pictures_of_a_folder_keep_their_sizes_and_get_a_grid(command, translator, here):
    (here / "in").mkdir()
    sizes = {"large": (30, 21), "small": (5, 9), "wide": (8, 40)}
    for seed, (name, size) in enumerate(sizes.items()):
        Image.fromarray(noise(*size, seed)).save(here / "in" / f"{name}.png")
    (here / "in" / "broken.png").write_bytes(b"no image")
    code, out, err = command("translate", translator, "--input", "in", "--out", "out", "--direction", "b_to_a")
    assert code == 0 and "b_to_a: out" in out and "Skipped 1 of 4 images that cannot be read: broken" in err
    model = keras_genzoo.build("cyclegan", weights=translator)
    for seed, (name, size) in enumerate(sizes.items()):
        made = model.translate([noise(*size, seed)], "b_to_a")[0]
        np.testing.assert_array_equal(pixels(here / "out" / f"{name}.png"), made)
    assert len(list((here / "out").iterdir())) == 4
    grid = pixels(here / "out" / "before_after.png")  # cells of 30x40, the pairs in a grid with a gap of 2
    assert grid.shape[1] == 4 * 42 + 2 and (grid[0] == 255).all()


def animation(path, num=3):
    frames = [Image.fromarray(noise(12, 10, seed)) for seed in range(num)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=80, loop=0)
    return path


def test_animation_is_translated_frame_by_frame(command, translator, here):
    animation(here / "a.gif")
    code, out, err = command("translate", translator, "--input", "a.gif", "--out", "b.gif")
    assert (code, err) == (0, "") and "3 frames, a_to_b: b.gif" in out
    with Image.open(here / "b.gif") as made:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(made)]
        assert len(frames) == 3 and frames[0].shape == (12, 10, 3) and made.info["duration"] == 80
    code, out, _ = command("translate", translator, "--input", "a.gif", "--out", "first.png")
    assert code == 0 and pixels(here / "first.png").shape == (12, 10, 3)


# imageio leaves the pipes of FFmpeg to the garbage collection.
of_ffmpeg = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@of_ffmpeg
def test_video_is_translated_frame_by_frame(command, translator, here):
    frames = [np.full((20, 17, 3), 60 * number, np.uint8) for number in range(4)]
    clips.write_frames(here / "a.mp4", frames, 40.0)
    given, milliseconds = clips.read_frames(here / "a.mp4")
    given = list(given)
    assert milliseconds == pytest.approx(40.0) and len(given) == 4 and given[0].shape == (20, 18, 3)
    assert np.abs(given[2].astype(int) - 120).max() < 8
    code, out, err = command("translate", translator, "--input", "a.mp4", "--out", "b.mp4")
    assert (code, err) == (0, "") and "4 frames" in out
    made, _ = clips.read_frames(here / "b.mp4", channels=1)
    assert [frame.shape for frame in made] == [(20, 18, 1)] * 4


@pytest.mark.parametrize(
    "out, sentence",
    [
        ("a.gif", "Expected --out as a clip that is not there yet. Received: 'a.gif', which is --input"),
        ("other.gif", "Expected --out as a clip that is not there yet. Received: 'other.gif', which exists"),
        ("a.avi", "Expected --out as a .gif or .mp4 file for a clip. Received: 'a.avi'"),
    ],
)
def test_clips_are_not_replaced(command, translator, here, out, sentence):
    animation(here / "a.gif")
    (here / "other.gif").touch()
    code, _, err = command("translate", translator, "--input", "a.gif", "--out", out)
    assert code == 2 and sentence in err
    assert sorted(path.name for path in here.iterdir()) == ["a.gif", "other.gif"]


@of_ffmpeg
def test_a_clip_that_cannot_be_read_leaves_nothing(command, translator, here):
    for name in ("a.gif", "a.mp4"):
        (here / name).write_bytes(b"no clip")
        code, _, err = command("translate", translator, "--input", name, "--out", "b.gif")
        assert code == 2 and err.startswith("Error: Expected") and err.count("\n") == 1, err
    assert sorted(path.name for path in here.iterdir()) == ["a.gif", "a.mp4"]
