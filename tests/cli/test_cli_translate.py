"""`keras-genzoo translate` on pictures of their own sizes, and on clips."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

import keras_genzoo
from keras_genzoo import presets
from keras_genzoo.data import clips, files
from keras_genzoo.data.label_maps import class_colours
from keras_genzoo.data.named import named_images


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
    assert code == 0 and "3 images, b_to_a: out" in out and "Skipped 1 of 4 images that cannot be read: broken" in err
    model = keras_genzoo.build("cyclegan", weights=translator)
    for seed, (name, size) in enumerate(sizes.items()):
        made = model.translate([noise(*size, seed)], "b_to_a")[0]
        np.testing.assert_array_equal(pixels(here / "out" / f"{name}.png"), made)
    assert len(list((here / "out").iterdir())) == 4
    grid = pixels(here / "out" / "before_after.png")  # cells of 30x40, the pairs in a grid with a gap of 2
    assert grid.shape[1] == 4 * 42 + 2 and (grid[0] == 255).all()


@pytest.mark.filterwarnings("default:Left out files")
def test_folders_of_any_layout_are_translated_whole_and_again(command, translator, here):
    for path in ("a.png", "train/b.png", "test/c.png", "deep/er/same.png", "deep/er/same.bmp"):
        (here / "in" / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(9, 9, len(path))).save(here / "in" / path)
    code, out, err = command("translate", translator, "--input", "in", "--out", "out")
    assert (code, err) == (0, "") and "5 images" in out
    made = {path.relative_to(here / "out").as_posix() for path in (here / "out").rglob("*.png")}
    names = {"a.png", "train/b.png", "test/c.png", "deep/er/same.png", "deep/er/same.bmp.png"}
    assert made == {*names, "before_after.png"}
    model = keras_genzoo.build("cyclegan", weights=translator)
    expected = model.translate(str(here / "in/deep/er/same.png"))[0]  # not that of same.bmp
    np.testing.assert_array_equal(pixels(here / "out/deep/er/same.png"), expected)
    code, out, err = command("translate", translator, "--input", "out", "--out", "again")
    assert (code, err) == (0, "") and "5 images" in out  # without the grid
    code, out, err = command("translate", translator, "--input", "in", "--split", "test", "--out", "test")
    assert code == 0 and "1 image," in out and "in none of its splits" in err  # a split is one of a folder of data
    code, out, err = command("translate", translator, "--input", "in", "--limit", "4", "--out", "four")
    assert (code, err) == (0, "") and "4 images" in out  # more than train/ has
    Image.fromarray(noise(8, 8)).save(here / "before_after.png")  # of somebody else
    found, _ = files.walk(here)
    assert here / "before_after.png" in found and here / "out" / "before_after.png" not in found


def test_views_of_one_file_and_arrays_by_name(command, translator, here):
    Image.fromarray(noise(8, 16)).save(here / "sides.png")
    np.savez(here / "two.npz", noto=noise(8, 8)[None], other=noise(8, 8, 1)[None])
    model = keras_genzoo.build("cyclegan", weights=translator)
    assert command("translate", translator, "--input", "left:sides.png", "--out", "left.png")[0] == 0
    np.testing.assert_array_equal(pixels(here / "left.png"), model.translate(noise(8, 16)[None, :, :8])[0])
    np.testing.assert_array_equal(model.translate(f"left:{here / 'sides.png'}")[0], pixels(here / "left.png"))
    assert command("translate", translator, "--input", "npz:two.npz", "--out", "a.png")[0] == 2
    assert command("translate", translator, "--input", "npz:two.npz", "--image-key", "other", "--out", "b.png")[0] == 0
    np.testing.assert_array_equal(pixels(here / "b.png"), model.translate(noise(8, 8, 1)[None])[0])
    code, _, err = command("translate", translator, "--input", "sides.png", "--image-key", "x", "--out", "c.png")
    assert code == 2 and "Expected no --image-key" in err


def test_a_preset_that_has_learned_from_label_maps_takes_files_of_class_numbers(command, here):
    args = dict(image_shape=(8, 8, 3), base_filters=2, num_blocks=0, seed=0)
    model = keras_genzoo.build("cyclegan", **args)
    card = {"recipe": {"data": {"source": "label_maps:folder:maps", "source_b": "folder:photos"}}}
    presets.save_preset(model, here / "preset", card=card)
    numbers = np.arange(64, dtype=np.uint8).reshape(8, 8) % 3
    Image.fromarray(numbers).save(here / "map.png")
    assert command("translate", "preset", "--input", "map.png", "--out", "y.png")[0] == 0
    expected = keras_genzoo.build("cyclegan", weights=here / "preset").translate(class_colours(numbers)[None])[0]
    np.testing.assert_array_equal(pixels(here / "y.png"), expected)


@pytest.mark.filterwarnings("default:Left out all frames")
def test_what_is_left_of_a_clip_is_told(command, translator, here):
    animation(here / "a.gif")
    code, out, err = command("translate", translator, "--input", "a.gif", "--out", "out")
    assert code == 0 and "1 image," in out and "Left out all frames or pages but the first" in err
    (here / "v.mp4").write_bytes(b"")
    code, _, err = command("translate", translator, "--input", "v.mp4", "--out", "out2")
    assert code == 2 and "Expected --out as a .gif or .mp4 file for a video" in err


def animation(path, durations=(80, 40, 200)):
    frames = [Image.fromarray(noise(12, 10, seed)).quantize() for seed in range(len(durations))]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=list(durations), loop=0)
    return path


def shown(path):
    """Frames of an animation in colour, and their durations."""
    with Image.open(path) as image:
        pairs = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(image)]
    return [frame for frame, _ in pairs], [duration for _, duration in pairs]


@pytest.mark.filterwarnings("default:Left out all frames")
def test_animation_is_translated_frame_by_frame(command, translator, here):
    animation(here / "a.gif")
    code, out, err = command("translate", translator, "--input", "a.gif", "--out", "b.gif")
    assert (code, err) == (0, "") and "3 frames, a_to_b: b.gif" in out
    given, durations = shown(here / "a.gif")
    made, kept = shown(here / "b.gif")
    assert kept == durations == [80, 40, 200]
    wanted = keras_genzoo.build("cyclegan", weights=translator).translate(np.stack(given))
    for frame, translation, source in zip(made, wanted, given, strict=True):
        assert np.abs(frame.astype(int) - translation).mean() < 4  # of a palette
        assert np.abs(frame.astype(int) - source).mean() > 20
    code, out, _ = command("translate", translator, "--input", "a.gif", "--out", "first.png")
    assert code == 0
    np.testing.assert_array_equal(pixels(here / "first.png"), wanted[0])


# imageio leaves the pipes of FFmpeg to the garbage collection.
of_ffmpeg = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@of_ffmpeg
def test_video_is_translated_frame_by_frame(command, translator, here):
    frames = [np.full((20, 17, 3), 60 * number, np.uint8) for number in range(4)]
    clips.write_frames(here / "a.mp4", [(frame, 40.0) for frame in frames])
    given = list(clips.read_frames(here / "a.mp4"))
    assert len(given) == 4 and given[0][0].shape == (20, 18, 3)
    assert [milliseconds for _, milliseconds in given] == pytest.approx([40.0] * 4)
    assert np.abs(given[2][0].astype(int) - 120).max() < 8
    code, out, err = command("translate", translator, "--input", "a.mp4", "--out", "b.mp4")
    assert (code, err) == (0, "") and "4 frames" in out
    made = [frame for frame, _ in clips.read_frames(here / "b.mp4")]
    wanted = keras_genzoo.build("cyclegan", weights=translator).translate(np.stack([frame for frame, _ in given]))
    assert np.abs(np.stack(made).mean(axis=(1, 2)) - wanted.mean(axis=(1, 2))).max() < 12
    grey = [frame.shape for frame, _ in clips.read_frames(here / "b.mp4", channels=1)]
    assert grey == [(20, 18, 1)] * 4


@of_ffmpeg
def test_durations_are_those_that_the_file_can_have(here):
    frame = noise(8, 8)
    pairs = [(np.full_like(frame, 40 * number), 1000 / 60) for number in range(6)]  # 60 frames in a second
    clips.write_frames(here / "a.gif", pairs)
    frames, durations = shown(here / "a.gif")
    assert sum(durations) == pytest.approx(100, abs=20) and min(durations) >= 20 and len(frames) < 6
    clips.write_frames(here / "b.mp4", [(frame, 40), (frame, 120), (frame, 40)])
    assert [round(milliseconds) for _, milliseconds in clips.read_frames(here / "b.mp4")] == [40] * 5
    for name in ("c.gif", "c.mp4"):
        with pytest.raises(ValueError, match="Expected a clip of at least one frame. Received: none"):
            clips.write_frames(here / name, [])
        assert not (here / name).exists()


def test_a_nearly_black_picture_is_translated_too(command, translator, here):
    Image.fromarray(np.tile(np.array([0, 1], np.uint8), (12, 6))).save(here / "dark.png")
    code, _, err = command("translate", translator, "--input", "dark.png", "--out", "out.png")
    assert (code, err) == (0, "") and pixels(here / "out.png").shape == (12, 12, 3)


def test_data_sets_have_the_size_of_load_arrays(command, translator, here):
    names, images = named_images("digits", limit=2)
    wanted, _ = keras_genzoo.data.load_arrays("digits", limit=2)
    for (_, image), other in zip(images, wanted, strict=True):
        np.testing.assert_array_equal(image, other)
    assert len(names) == 2


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
    whole = animation(here / "whole.gif").read_bytes()
    for name, content in (("a.gif", b"no clip"), ("a.mp4", b"no clip"), ("a.gif", whole[: len(whole) // 2])):
        (here / name).write_bytes(content)
        code, _, err = command("translate", translator, "--input", name, "--out", "b.gif")
        assert code == 2 and f"Expected a clip that can be read to its end. Received: '{name}'" in err, err
        assert err.count("\n") == 1
    assert sorted(path.name for path in here.iterdir()) == ["a.gif", "a.mp4", "whole.gif"]
