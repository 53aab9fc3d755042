"""Folders of image files, in memory and streamed."""

import numpy as np
import pytest
import rich.console
from PIL import Image

from keras_genzoo.data import class_names, load, load_arrays
from keras_genzoo.data import memory as budget
from keras_genzoo.data.pixels import read_image
from keras_genzoo.utils import progress

RNG = np.random.default_rng(0)


def write(path, value=0, size=(8, 8), mode="L", **options):
    """Writes a file of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size[::-1], value).save(path, **options)
    return path


def truncate(path):
    """Cuts a file of noise in the middle of its pixels, so that its header still says what it was."""
    Image.fromarray(RNG.integers(0, 256, (32, 32), dtype=np.uint8)).resize((8, 8)).save(path)
    path.write_bytes(path.read_bytes()[:60])
    return path


@pytest.fixture
def numbered(tmp_path):
    """Twenty PNG files, each of one grey: its own number."""
    for number in range(20):
        write(tmp_path / f"{number:02}.png", number)
    return tmp_path


def values(dataset):
    return [np.asarray(batch)[:, 0, 0, 0].tolist() for batch in dataset]


# layout


def test_flat_folder_is_in_the_order_of_its_names(numbered):
    (numbered / ".hidden.png").write_text("no image")
    images, labels = load_arrays(f"folder:{numbered}")
    assert images.shape == (20, 8, 8, 1)
    assert images[:, 0, 0, 0].tolist() == list(range(20))
    assert labels is None


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".gif", ".webp", ".tif", ".jfif", ".avif", ".JPG", ".Tiff"])
def test_kind_of_file_is_read(tmp_path, suffix):
    write(tmp_path / f"a{suffix}", 77)
    np.testing.assert_allclose(load_arrays(tmp_path, channels=1)[0].astype(int), np.full((1, 8, 8, 1), 77), atol=1)


def test_subfolders_are_classes_in_the_order_of_their_names(tmp_path):
    for value, name in enumerate(["zebra/1", "ape/2", "ape/1", "bear/deep/1"]):
        write(tmp_path / f"{name}.png", value)
    images, labels = load_arrays(tmp_path)
    assert images[:, 0, 0, 0].tolist() == [2, 1, 3, 0]
    assert labels.tolist() == [0, 0, 1, 2]


def test_class_names_are_those_of_the_subfolders_and_no_image_is_read(tmp_path):
    for name in ["train/zebra/1", "train/ape/1", "train/bear/1", "test/bear/1"]:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / f"{name}.png").write_text("no image")
    for split in ("train", "test"):
        assert class_names(tmp_path, split=split) == class_names(f"folder:{tmp_path}", split=split)
        assert class_names(tmp_path, split=split) == ("ape", "bear", "zebra")
    with pytest.raises(ValueError, match="which has 'train', 'test'"):
        class_names(tmp_path, split="val")


def test_flat_folder_has_no_class_names(numbered):
    assert class_names(numbered) is None


def test_classes_are_numbered_over_all_splits(tmp_path):
    for name in ["train/ape/1", "train/bear/1", "train/cat/1", "test/cat/1", "val/bear/1"]:
        write(tmp_path / f"{name}.png", 5)
    assert load_arrays(tmp_path, split="train")[1].tolist() == [0, 1, 2]
    assert load_arrays(tmp_path, split="test")[1].tolist() == [2]
    assert load_arrays(tmp_path, split="val")[1].tolist() == [1]
    with pytest.raises(ValueError, match="which has 'train', 'test', 'val'. Received: split='extra'"):
        load_arrays(tmp_path, split="extra")


def test_flat_folders_of_splits_have_no_labels(tmp_path):
    write(tmp_path / "train/a.png")
    write(tmp_path / "test/b.png")
    assert load_arrays(tmp_path, split="test")[1] is None
    with pytest.raises(ValueError, match="one subfolder per class"):
        load(tmp_path, labels=True)


def test_images_beside_subfolders_of_images_are_refused(tmp_path):
    write(tmp_path / "a.png")
    write(tmp_path / "thumbnails/a.png")
    with pytest.raises(ValueError, match=r"either directly .* with 1 image and 1 subfolder of images \(thumbnails\)"):
        load(tmp_path)


def test_empty_folder_is_refused(tmp_path):
    (tmp_path / "photo.heic").write_text("no image")
    with pytest.raises(ValueError, match=r"Expected images \(jpg, png, .* without images, with 1 .heic files"):
        load(f"folder:{tmp_path}")


def test_file_in_place_of_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="which is a file"):
        load(f"folder:{write(tmp_path / 'a.png')}")


# sizes and channels


@pytest.mark.filterwarnings("ignore:All .* are equal")  # the pictures stand for any
def test_mixed_sizes_need_an_image_size(tmp_path):
    write(tmp_path / "a.png", size=(8, 12))
    write(tmp_path / "b.png", size=(9, 9))
    for cache in (True, False):
        with pytest.raises(ValueError, match=r"or image_size=\(height, width\).*a.png is 8x12 and .*b.png is 9x9"):
            load(tmp_path, cache=cache)
    assert load(tmp_path, image_size=(6, 5)).element_spec.shape.as_list() == [None, 6, 5, 1]


def test_wide_image_is_cut_at_the_centre(tmp_path):
    pixels = np.zeros((4, 12), np.uint8)
    pixels[:, 4:8] = 200
    Image.fromarray(pixels).save(tmp_path / "a.png")
    image = load_arrays(tmp_path, image_size=(8, 8))[0][0]
    assert image[:, 1:7].min() > 150


def test_one_colour_image_makes_all_colour(tmp_path):
    write(tmp_path / "a.png", 9)
    assert load_arrays(tmp_path)[0].shape == (1, 8, 8, 1)
    write(tmp_path / "b.png", (1, 2, 3), mode="RGB")
    images, _ = load_arrays(tmp_path)
    assert images[:, 0, 0].tolist() == [[9, 9, 9], [1, 2, 3]]
    assert load_arrays(tmp_path, channels=1)[0].shape == (2, 8, 8, 1)


def test_orientation_of_a_photograph_is_applied(tmp_path):
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8] = 255  # the left half is white; orientation 6 turns it up
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    images, _ = load_arrays(tmp_path)
    assert images.shape == (1, 16, 8, 3)
    assert images[0, :8].min() == 255 and images[0, 8:].max() == 0


def test_transparent_pixels_are_laid_on_white(tmp_path):
    write(tmp_path / "rgba.png", (200, 0, 0, 0), mode="RGBA")
    write(tmp_path / "half.png", (0, 0, 0, 128), mode="RGBA")
    write(tmp_path / "la.png", (10, 0), mode="LA")
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 50, 60, 70])
    palette.save(tmp_path / "palette.png")
    palette.save(tmp_path / "clear.png", transparency=1)
    images, _ = load_arrays(tmp_path)
    colours = dict(zip(["clear", "half", "la", "palette", "rgba"], images[:, 0, 0].tolist(), strict=True))
    assert colours["clear"] == colours["la"] == colours["rgba"] == [255, 255, 255]
    assert colours["half"] == [127, 127, 127]
    assert colours["palette"] == [50, 60, 70]
    assert read_image(tmp_path / "la.png", None, 1).max() == 255


def test_16_bit_grey_keeps_its_upper_bits(tmp_path):
    pixels = np.array([[0, 257, 257 * 100, 65535]] * 2, np.uint16)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert load_arrays(tmp_path)[0][0, 0, :, 0].tolist() == [0, 1, 100, 255]


def test_grey_of_32_bits_and_16_bits_with_a_transparent_value_are_refused(tmp_path):
    for name, values, options in (
        ("a.tif", np.arange(256, dtype=np.int32), {}),
        ("b.tif", np.arange(256, dtype=np.int32) * 1000, {}),
        ("c.png", np.arange(256, dtype=np.uint16) * 257, {"transparency": 257}),
    ):
        Image.fromarray(values.reshape(16, 16)).save(tmp_path / name, **options)
        with pytest.raises(ValueError, match="Expected (16-bit )?grey .* Received"):
            load_arrays(tmp_path)
        (tmp_path / name).unlink()


def test_cmyk_becomes_colour(tmp_path):
    write(tmp_path / "a.jpg", (0, 255, 255, 0), mode="CMYK")
    red, green, blue = load_arrays(tmp_path)[0][0, 4, 4].tolist()
    assert red > 200 and green < 60 and blue < 60


def test_first_frame_of_an_animation_is_taken(tmp_path):
    frames = [Image.new("L", (8, 8), value) for value in (10, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.warns(UserWarning, match="Left out all frames or pages but the first of 1 files of .*: 1 frames"):
        assert load_arrays(tmp_path, channels=1)[0].max() == 10


# unreadable files


@pytest.mark.parametrize("options", [{}, {"image_size": (8, 8), "channels": 1}])
def test_unreadable_file_is_named_and_skipped(numbered, options):
    (numbered / "03.png").write_text("no image at all")
    with pytest.warns(UserWarning, match=r"Skipped 1 of 20 images that cannot be read: .*03.png \(no image\)"):
        images, _ = load_arrays(numbered, **options)
    assert images[:, 0, 0, 0].tolist() == [number for number in range(20) if number != 3]


def test_truncated_files_are_counted_and_their_labels_go_too(tmp_path):
    for number in range(6):
        write(tmp_path / f"{'ab'[number % 2]}/{number}.png", number)
    truncate(tmp_path / "a/0.png"), truncate(tmp_path / "b/5.png")
    with pytest.warns(UserWarning, match=r"Skipped 2 of 6 images .*0.png \(\w+.*; .*5.png"):
        images, labels = load_arrays(tmp_path)
    assert images[:, 0, 0, 0].tolist() == [2, 4, 1, 3]
    assert labels.tolist() == [0, 0, 1, 1]


def test_many_unreadable_files_are_counted_but_not_all_named(tmp_path):
    write(tmp_path / "good.png", 1)
    for number in range(15):
        (tmp_path / f"{number:02}.png").write_text("bad")
    with pytest.warns(UserWarning, match="Skipped 15 of 16 .*and 5 more"):
        assert len(load_arrays(tmp_path)[0]) == 1


def test_folder_of_nothing_but_unreadable_files_is_refused(tmp_path):
    (tmp_path / "a.png").write_text("bad")
    with pytest.raises(ValueError, match=r"Received: none of 1: .*a.png \(no image\)"):
        load(tmp_path)


# streaming


def test_streamed_folder_equals_the_one_in_memory(tmp_path):
    for number in range(20):
        pixels = RNG.integers(0, 256, (11, 9, 3), dtype=np.uint8)
        pixels[0, 0] = number
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "ab"[number % 2] / f"{number}.png")
    options = {"batch_size": 6, "seed": 3, "first_epoch": 1, "labels": True, "image_size": (8, 8)}
    memory, stream = load(tmp_path, **options), load(tmp_path, cache=False, **options)
    assert memory.element_spec == stream.element_spec
    assert len(memory) == len(stream) == 4
    for _ in range(2):
        for one, other in zip(memory, stream, strict=True):
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])


def test_folder_beyond_the_budget_is_streamed(numbered, monkeypatch):
    monkeypatch.setattr(budget, "MEMORY_BUDGET", 20 * 64 - 1)
    dataset = load(numbered, batch_size=8, shuffle=False)
    write(numbered / "00.png", 99)  # after load: seen only by what reads the file now
    assert values(dataset)[0] == [99, 1, 2, 3, 4, 5, 6, 7]
    monkeypatch.setattr(budget, "MEMORY_BUDGET", 20 * 64)
    dataset = load(numbered, batch_size=8, shuffle=False)
    write(numbered / "00.png", 55)
    assert values(dataset)[0][0] == 99


def test_streamed_file_that_fails_shortens_its_batch_and_warns_once(numbered):
    truncate(numbered / "05.png")
    dataset = load(numbered, batch_size=8, shuffle=False, cache=False)
    with pytest.warns(UserWarning, match=r"Skipped .*05.png .* which cannot be read \(.*\): 1 so far") as warned:
        assert values(dataset) == [[0, 1, 2, 3, 4, 6, 7], list(range(8, 16)), list(range(16, 20))]
    assert len(warned) == 1
    assert len(values(dataset)) == len(dataset) == 3


def test_streamed_full_batches_take_the_next_readable_file(numbered):
    truncate(numbered / "15.png"), truncate(numbered / "16.png")
    dataset = load(numbered, batch_size=8, shuffle=False, cache=False, drop_remainder=True)
    with pytest.warns(UserWarning) as warned:
        assert values(dataset) == [list(range(8)), [*range(8, 15), 17]]
    assert ["15.png" in str(warned[0].message), "16.png" in str(warned[1].message), len(warned)] == [True, True, 2]


def test_streamed_repeated_files_have_the_order_of_those_in_memory(numbered):
    options = dict(batch_size=8, repeat=3, first_epoch=1)
    streamed, held = (load(numbered, cache=cache, **options) for cache in (False, True))
    assert values(streamed) == values(held) and len(streamed) == len(held) == 8


def test_streamed_batch_is_never_empty(numbered):
    truncate(numbered / "19.png")
    dataset = load(numbered, batch_size=1, shuffle=False, cache=False)
    with pytest.warns(UserWarning, match="19.png"):
        assert values(dataset) == [[number] for number in [*range(19), 0]]


# progress


@pytest.mark.parametrize("terminal, patience, shown", [(True, 0.0, True), (True, 60.0, False), (False, 0.0, False)])
def test_progress_appears_on_a_slow_job_in_a_terminal_only(monkeypatch, capsys, terminal, patience, shown):
    monkeypatch.setattr(progress, "PATIENCE", patience)
    monkeypatch.setattr(rich.console.Console, "is_terminal", terminal)
    assert list(progress.track(((i, 1) for i in range(5)), "Reading things", total=5)) == list(range(5))
    captured = capsys.readouterr()
    assert ("Reading things" in captured.err) == shown
    assert captured.out == ""


def test_what_is_always_in_memory_cannot_be_streamed(numbered):
    for source in (f"edges:{numbered}", np.full((4, 8, 8), 200, np.uint8)):
        with pytest.raises(ValueError, match="Expected cache=False for images of a folder .*, kept in memory"):
            load(source, cache=False)
