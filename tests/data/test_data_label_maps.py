"""Label maps as images in colour: `label_maps:SOURCE`."""

import struct

import numpy as np
import pytest
from PIL import Image

from keras_genzoo.data import load, load_arrays, load_pairs
from keras_genzoo.data.label_maps import class_colours

CLASSES = np.array([[0, 1, 15], [2, 255, 21]], np.uint8).repeat(8, 0).repeat(8, 1)  # (16, 24)
PUBLISHED = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 15: (192, 128, 128), 255: (224, 224, 192)}


@pytest.fixture
def folders(tmp_path):
    """Folders of the same map as grey levels, with a palette, and as 16-bit grey."""
    for name in ("grey", "palette", "deep"):
        (tmp_path / name).mkdir()
    Image.fromarray(CLASSES).save(tmp_path / "grey" / "1.png")
    image = Image.fromarray(CLASSES, "L")
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette(np.random.default_rng(0).integers(0, 256, 768).tolist())
    image.save(tmp_path / "palette" / "1.png")
    Image.fromarray(CLASSES.astype(np.uint16)).save(tmp_path / "deep" / "1.png")
    return tmp_path


@pytest.mark.parametrize("kind", ["grey", "palette", "deep"])
def test_classes_have_the_colours_of_pascal_voc(folders, kind):
    maps, _ = load_arrays(f"label_maps:folder:{folders / kind}")
    for number, colour in PUBLISHED.items():
        assert (maps[0][number == CLASSES] == colour).all(), number


def test_colours_are_all_different():
    assert len(np.unique(class_colours(np.arange(256)), axis=0)) == 256


def test_no_colours_are_mixed_when_a_map_is_scaled(folders):
    known = {tuple(colour) for colour in class_colours(np.unique(CLASSES)).tolist()}
    np.savez(folders / "a.npz", x_train=CLASSES[None])
    for source in (folders / "grey", folders / "palette", f"npz:{folders / 'a.npz'}"):
        maps, _ = load_arrays(f"label_maps:{source}", image_size=(9, 13))
        assert {tuple(colour) for colour in maps.reshape(-1, 3).tolist()} <= known


def test_maps_and_images_are_pairs_and_stream(folders):
    Image.new("RGB", (24, 16), "red").save(folders / "photo.png")
    (folders / "photos").mkdir()
    (folders / "photo.png").rename(folders / "photos" / "1.png")
    maps, photos = next(iter(load_pairs(f"label_maps:{folders / 'palette'}", f"{folders / 'photos'}", paired=True)))
    assert maps.shape == photos.shape == (1, 16, 24, 3)
    streamed = next(iter(load(f"label_maps:{folders / 'palette'}", cache=False)))
    np.testing.assert_array_equal(streamed, maps)


def test_halves_of_maps_are_maps(folders):
    left, _ = load_arrays(f"label_maps:left:{folders / 'grey'}")
    np.testing.assert_array_equal(left[0], class_colours(CLASSES[:, :12]))


def test_maps_of_colours_keep_them(tmp_path):
    pixels = class_colours(CLASSES)
    Image.fromarray(pixels).save(tmp_path / "1.png")
    np.testing.assert_array_equal(load_arrays(f"label_maps:{tmp_path}")[0][0], pixels)


def test_what_is_no_label_map_is_refused(folders):
    Image.fromarray(CLASSES.astype(np.uint16) + 1).save(folders / "deep" / "1.png")  # 255 becomes 256
    with pytest.raises(ValueError, match="Expected label maps of classes 0..255. Received: numbers from 1 to 256"):
        load_arrays(f"label_maps:{folders / 'deep'}")
    with pytest.raises(ValueError, match="Expected 3 channels for label maps, which become colours. Received: 1"):
        load_arrays(f"label_maps:{folders / 'grey'}", channels=1)
    np.savez(folders / "a.npz", x_train=CLASSES[None])
    with pytest.raises(ValueError, match="Expected 3 channels for label maps, which become colours. Received: 1"):
        load_arrays(f"label_maps:npz:{folders / 'a.npz'}", channels=1, split="train[:1]")
    with pytest.raises(ValueError, match="Expected a folder or an npz file after label_maps:. Received: 'digits'"):
        load_arrays("label_maps:digits")


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.int64, np.float32])
def test_masks_and_numbers_of_an_npz_file_are_classes(dtype, tmp_path):
    mask = CLASSES == 1  # 0 and 1 alone, which would be no image
    np.savez(tmp_path / "a.npz", x_train=mask[None].astype(dtype))
    maps, _ = load_arrays(f"label_maps:npz:{tmp_path / 'a.npz'}")
    np.testing.assert_array_equal(maps[0], class_colours(mask))
    left, _ = load_arrays(f"label_maps:left:npz:{tmp_path / 'a.npz'}")
    np.testing.assert_array_equal(left[0], class_colours(mask[:, :12]))


@pytest.mark.parametrize("wrong", [-1, 256, 0.5, np.nan])
def test_numbers_that_are_no_classes_are_refused(wrong, tmp_path):
    maps = CLASSES[None].astype("float64")
    maps[0, 3, 4] = wrong
    np.savez(tmp_path / "a.npz", x_train=maps)
    with pytest.raises(ValueError, match=f"classes 0..255 in 'x_train' of .*a.npz. Received: {wrong}"):
        load_arrays(f"label_maps:npz:{tmp_path / 'a.npz'}")


def test_maps_of_another_shape_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.zeros((3, 8, 8, 2), np.uint8))
    with pytest.raises(ValueError, match=r"shape \(n, height, width\) in .* shape \(3, 8, 8, 2\) of uint8"):
        load_arrays(f"label_maps:npz:{tmp_path / 'a.npz'}")


@pytest.mark.parametrize("mode", ["LA", "RGB", "RGBA", "F"])
def test_numbers_in_other_modes_are_classes(mode, tmp_path):
    numbers = CLASSES % 20  # greys below the darkest colour of a class
    grey = Image.fromarray(numbers)
    image = Image.fromarray(numbers.astype("float32")) if mode == "F" else grey.convert(mode)
    image.save(tmp_path / ("a.tif" if mode == "F" else "a.png"))
    maps, _ = load_arrays(f"label_maps:folder:{tmp_path}")
    np.testing.assert_array_equal(maps[0], class_colours(numbers))


def test_colours_of_a_file_are_kept(tmp_path):
    Image.fromarray(class_colours(CLASSES)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(load_arrays(f"label_maps:folder:{tmp_path}")[0][0], class_colours(CLASSES))


def test_grey_jpeg_files_are_refused_as_maps(tmp_path):
    Image.fromarray(CLASSES).save(tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="a format that keeps class numbers, such as PNG. Received: a grey JPEG"):
        load_arrays(f"label_maps:folder:{tmp_path}")


def test_big_endian_numbers_of_sixteen_bits_are_classes(tmp_path):
    """ImageJ writes its TIFF files so."""
    header = b"MM\0*\0\0\0\x08"
    rows, columns = CLASSES.shape
    tags = [(256, 4, columns), (257, 4, rows), (258, 3, 16 << 16), (259, 3, 1 << 16), (262, 3, 1 << 16)]
    tags += [(273, 4, 200), (277, 3, 1 << 16), (278, 4, rows), (279, 4, 2 * CLASSES.size)]
    entries = b"".join(struct.pack(">HHII", tag, kind, 1, value) for tag, kind, value in tags)
    content = header + struct.pack(">H", len(tags)) + entries + b"\0" * 4
    (tmp_path / "a.tif").write_bytes(content.ljust(200, b"\0") + CLASSES.astype(">u2").tobytes())
    with Image.open(tmp_path / "a.tif") as image:
        assert image.mode == "I;16B"
    np.testing.assert_array_equal(load_arrays(f"label_maps:folder:{tmp_path}")[0][0], class_colours(CLASSES))
