"""Names of sources, digits, arrays, npz files and splits."""

import io

import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from keras_genzoo.data import class_names, load_arrays
from keras_genzoo.data.sources import parse_source
from keras_genzoo.data.splits import split_range, split_rows

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 5, 4), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)


def save(tmp_path, **arrays):
    np.savez(tmp_path / "set.npz", **arrays)
    return f"npz:{tmp_path / 'set.npz'}"


# names


@pytest.mark.parametrize("source", ["digits", "keras:mnist", "npz:none.npz", GREY, (GREY, np.zeros(12, int))], ids=str)
def test_sources_of_numbers_name_no_classes_and_are_not_read(source):
    assert class_names(source) is None


@pytest.mark.parametrize(
    "source, expected",
    [
        ("digits", ("digits", "")),
        ("mnist", ("tfds", "mnist")),
        ("mnist:3.0.1", ("tfds", "mnist:3.0.1")),
        ("mnist:3.*.*", ("tfds", "mnist:3.*.*")),
        ("tfds:cifar10/plain:3.0.2", ("tfds", "cifar10/plain:3.0.2")),
        ("npz:some/where.npz", ("npz", "some/where.npz")),
        ("folder:C:/images", ("folder", "C:/images")),
        ("keras:mnist", ("keras", "mnist")),
    ],
)
def test_name_of_a_source_says_its_kind(source, expected):
    assert parse_source(source) == expected


def test_existing_path_needs_no_prefix(tmp_path):
    save(tmp_path, x=GREY)
    assert parse_source(tmp_path) == parse_source(str(tmp_path)) == ("folder", str(tmp_path))
    file = tmp_path / "set.npz"
    assert parse_source(file) == parse_source(str(file)) == ("npz", str(file))


@pytest.mark.parametrize("source", [None, 3, "", ["digits"]])
def test_thing_that_is_no_source_is_refused(source):
    with pytest.raises(ValueError, match="Expected a source such as 'digits', 'tfds:NAME'"):
        load_arrays(source)


def test_unknown_prefix_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'folder'"):
        load_arrays("foldr:images")


def test_prefix_without_a_name_is_refused():
    with pytest.raises(ValueError, match="Expected a name or path after 'npz:'"):
        load_arrays("npz:")


@pytest.mark.parametrize(
    "source", ["npz:missing.npz", "missing.npz", "folder:missing", "./missing", "~/missing/images"]
)
def test_missing_path_is_named(source):
    with pytest.raises(FileNotFoundError, match="missing"):
        load_arrays(source)


def test_other_kind_of_file_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(ValueError, match="a folder of images or an npz file"):
        load_arrays(tmp_path / "a.txt")


# splits


@pytest.mark.parametrize(
    "split, expected",
    [
        ("train", (0, 10)),
        ("train[:]", (0, 10)),
        ("train[3:]", (3, 10)),
        ("train[:4]", (0, 4)),
        ("train[2:7]", (2, 7)),
        ("train[:90%]", (0, 9)),
        ("train[25%:]", (2, 10)),
        ("train[35%:-2]", (4, 8)),
        ("train[-30%:]", (7, 10)),
    ],
)
def test_split_range(split, expected):
    assert split_range(split, 10) == expected


@pytest.mark.parametrize(
    "split", ["train[", "train[3]", "train[a:b]", "train[1.5:2]", "", "train+test", None, "train[::2]"]
)
def test_malformed_split_is_refused(split):
    with pytest.raises(ValueError, match=r"of the form 'NAME' or 'NAME\[a:b\]'"):
        load_arrays("digits", split=split)


@pytest.mark.parametrize("split", ["train[:1501]", "train[-1501:]", "train[:101%]"])
def test_split_beyond_the_images_is_refused(split):
    with pytest.raises(ValueError, match="within the 1500 images of 'train'"):
        load_arrays("digits", split=split)


def test_empty_split_is_refused():
    with pytest.raises(ValueError, match="at least one image"):
        load_arrays("digits", split="train[7:7]")


def test_split_is_found_in_any_common_spelling(tmp_path):
    source = save(tmp_path, x_training=GREY[:9], x_dev=GREY[9:])
    assert len(load_arrays(source, split="TRAIN")[0]) == 9
    assert len(load_arrays(source, split="validation")[0]) == len(load_arrays(source, split="val")[0]) == 3


def test_unknown_split_names_the_valid_ones():
    with pytest.raises(
        ValueError, match="Expected a split of digits, which has 'train', 'test'. Received: split='valid'"
    ):
        load_arrays("digits", split="valid[:10]")


# digits


def test_digits_are_divided_in_stored_order():
    images, labels = load_arrays("digits", image_size=(8, 8))
    tests, test_labels = load_arrays("digits", split="test", image_size=(8, 8))
    digits = load_digits()
    np.testing.assert_array_equal(np.concatenate([images, tests])[..., 0], np.rint(digits.images * 255 / 16))
    np.testing.assert_array_equal(np.concatenate([labels, test_labels]), digits.target)
    assert (len(images), len(tests), images.max(), labels.dtype) == (1500, 297, 255, np.int32)


def test_digits_are_28x28_by_bicubic_interpolation():
    images, _ = load_arrays("digits", limit=3)
    small, _ = load_arrays("digits", limit=3, image_size=(8, 8))
    for big, original in zip(images, small, strict=True):
        expected = Image.fromarray(original[..., 0]).resize((28, 28), Image.Resampling.BICUBIC)
        np.testing.assert_array_equal(big[..., 0], np.asarray(expected))


# arrays and pixels


def test_array_of_rank_3_gets_a_channel():
    images, labels = load_arrays(GREY)
    np.testing.assert_array_equal(images, GREY[..., None])
    assert labels is None


def test_floats_between_0_and_1_are_scaled_and_rounded():
    images, _ = load_arrays(GREY.astype("float32") / 255)
    np.testing.assert_array_equal(images[..., 0], GREY)


def test_bools_become_black_and_white_and_bytes_of_0_and_1_are_refused(tmp_path):
    binary = GREY > 128
    for array in (binary, binary.astype("float16")):
        np.testing.assert_array_equal(load_arrays(array)[0][..., 0], np.where(binary, 255, 0))
    for source in (binary.astype("uint8"), save(tmp_path, x=binary.astype("uint8"))):
        with pytest.raises(ValueError, match="multiply them by 255 or convert them to float.*0 and 1 alone"):
            load_arrays(source)
    assert load_arrays(np.zeros((2, 4, 4), "uint8"))[0].max() == 0


def test_dark_part_of_a_bright_array_is_not_taken_for_binary():
    dark = np.ones_like(GREY)
    dark[split_rows("train[3:]", 12)] = 9
    assert load_arrays(dark, split="train[:3]")[0].max() == 1


@pytest.mark.parametrize(
    "array, message",
    [
        (GREY.astype("int64"), r"uint8 or floats in .0, 1.*astype\('uint8'\).*Received: dtype int64"),
        (GREY.astype("uint16") * 257, r"uint8 or floats in .0, 1. \(of 16 bits: / 65535\). Received: dtype uint16"),
        (GREY.astype("float32"), r"divide pixels of 0..255 by 255\). Received: values from 0.0 to 255.0"),
        (GREY / -255.0, "Received: values from -1.0"),
        (np.full((2, 3, 3), np.nan), "Received: values from nan"),
        (np.moveaxis(COLOUR, -1, 1), r"np.moveaxis\(images, 1, -1\). Received: shape \(6, 3, 5, 4\)"),
        (np.zeros((2, 4, 4, 2), "uint8"), r"1 or 3 channels. Received: shape \(2, 4, 4, 2\)"),
        (np.zeros((4, 4), "uint8"), r"Received: shape \(4, 4\)"),
        (np.zeros((0, 4, 4), "uint8"), r"Received: shape \(0, 4, 4, 1\)"),
    ],
)
def test_array_that_holds_no_images_is_refused(array, message):
    with pytest.raises(ValueError, match=message):
        load_arrays(array)


def test_tuple_of_three_is_refused():
    with pytest.raises(ValueError, match="a tuple of 3"):
        load_arrays((GREY, GREY, GREY))


def test_grey_of_colour_is_the_luminance_of_pillow():
    images, _ = load_arrays(COLOUR, channels=1)
    expected = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in COLOUR])
    np.testing.assert_array_equal(images[..., 0], expected)


def test_colour_of_grey_is_repeated():
    images, _ = load_arrays(GREY, channels=3)
    np.testing.assert_array_equal(images, np.stack([GREY] * 3, axis=-1))


def test_resize_covers_the_size_and_cuts_at_the_centre():
    wide = np.zeros((1, 4, 12, 1), np.uint8)
    wide[:, :, 4:8] = 200  # the middle third is all that stays
    images, _ = load_arrays(wide, image_size=(8, 8))
    assert images.shape == (1, 8, 8, 1)
    assert images[0, :, 1:7].min() > 150
    assert load_arrays(COLOUR, image_size=(7, 9))[0].shape == (6, 7, 9, 3)


# npz


@pytest.mark.parametrize(
    "names", [("x_{}", "y_{}"), ("{}_images", "{}_labels"), ("X_{}", "Y_{}"), ("image_{}", "label_{}")]
)
def test_npz_with_divided_arrays(tmp_path, names):
    image, label = names
    arrays = {image.format("train"): GREY[:8], label.format("train"): np.arange(8)}
    arrays |= {image.format("test"): GREY[8:], label.format("test"): np.arange(8, 12)[:, None]}
    source = save(tmp_path, **arrays)
    for split, rows in (("train", slice(8)), ("test", slice(8, 12))):
        images, labels = load_arrays(source, split=split)
        np.testing.assert_array_equal(images[..., 0], GREY[rows])
        np.testing.assert_array_equal(labels, np.arange(12)[rows])
    with pytest.raises(ValueError, match="which has 'train', 'test'"):
        load_arrays(source, split="valid")


@pytest.mark.parametrize(
    "names", [("x", "y"), ("images", "labels"), ("image", "label"), ("X", "Y"), ("arr_0", "targets")]
)
def test_npz_with_plain_arrays(tmp_path, names):
    images, labels = load_arrays(save(tmp_path, **dict(zip(names, (GREY, np.arange(12)), strict=True))))
    np.testing.assert_array_equal(images[..., 0], GREY)
    np.testing.assert_array_equal(labels, np.arange(12))


def test_npz_without_labels(tmp_path):
    assert load_arrays(save(tmp_path, x=GREY))[1] is None


def test_npz_with_keys_of_its_own(tmp_path):
    source = save(tmp_path, noto=GREY, group=np.arange(12), other=COLOUR)
    images, labels = load_arrays(source, image_key="noto", label_key="group")
    np.testing.assert_array_equal(images[..., 0], GREY)
    np.testing.assert_array_equal(labels, np.arange(12))


def test_npz_with_keys_of_its_own_divided(tmp_path):
    source = save(tmp_path, pic_train=GREY[:9], pic_test=GREY[9:])
    assert len(load_arrays(source, split="test", image_key="pic")[0]) == 3


def test_npz_is_divided_by_its_array_split(tmp_path):
    rows = np.arange(12) % 3 == 0
    source = save(tmp_path, x=GREY, y=np.arange(12), split=rows.astype("uint8"))
    for split, chosen in (("train", ~rows), ("test", rows)):
        images, labels = load_arrays(source, split=split)
        np.testing.assert_array_equal(images[..., 0], GREY[chosen])
        np.testing.assert_array_equal(labels, np.flatnonzero(chosen))


def test_npz_with_an_array_split_of_other_values_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"0 \(train\) or 1 \(test\)"):
        load_arrays(save(tmp_path, x=GREY, split=np.arange(12)))


def test_npz_of_jpeg_bytes(tmp_path):
    files = []
    for image in COLOUR:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG")
        files.append(buffer.getvalue())
    source = save(
        tmp_path,
        jpeg=np.frombuffer(b"".join(files), np.uint8),
        offset=np.cumsum([0, *map(len, files)]),
        label=np.arange(6),
        split=np.array([0, 1, 0, 0, 1, 0], np.uint8),
    )
    images, labels = load_arrays(source, split="test")
    assert labels.tolist() == [1, 4]
    for image, row in zip(images, (1, 4), strict=True):
        np.testing.assert_array_equal(image, np.asarray(Image.open(io.BytesIO(files[row]))))


def test_several_arrays_of_a_file_are_one_set_with_their_splits_and_labels(tmp_path):
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (2, 6, 8, 8, 3), dtype="uint8")
    split, group = np.asarray([0, 1, 0, 0, 1, 0]), np.arange(6) % 3
    np.savez(tmp_path / "two.npz", a=a, b=b, split=split, group=group)
    images, labels = load_arrays(f"npz:{tmp_path / 'two.npz'}", image_key="a, b", label_key="group")
    np.testing.assert_array_equal(images, np.concatenate([a[split == 0], b[split == 0]]))
    np.testing.assert_array_equal(labels, np.tile(group[split == 0], 2))
    assert len(load_arrays(f"npz:{tmp_path / 'two.npz'}", split="test", image_key="b,a")[0]) == 4


@pytest.mark.parametrize(
    "key, sentence",
    [
        ("a,a", "Expected different names of arrays in image_key. Received: image_key='a, a'"),
        ("a,", "Expected different names of arrays"),
        ("a,small", "Expected images of one shape in all arrays of image_key. Received: .8, 8, 3., .9, 8, 3."),
        (
            "a,other",
            "Expected the same splits of all arrays in image_key. Received: test, train of 'a', train of 'other'",
        ),
        ("a,c", "Expected an array 'c' in"),
    ],
)
def test_several_arrays_that_make_no_set_are_refused(tmp_path, key, sentence):
    a = np.full((4, 8, 8, 3), 7, "uint8")
    arrays = dict(a_train=a, a_test=a, small_train=a.repeat(2, 0)[:, :1].repeat(9, 1), small_test=a[:, :1].repeat(9, 1))
    np.savez(tmp_path / "two.npz", other=a, **arrays)
    with pytest.raises(ValueError, match=sentence):
        load_arrays(f"npz:{tmp_path / 'two.npz'}", image_key=key)


@pytest.mark.parametrize("options", [{"image_key": "z"}, {"label_key": "z"}])
def test_npz_with_an_unknown_key_lists_those_that_are_there(tmp_path, options):
    with pytest.raises(ValueError, match="'z'.*Received: the arrays x, y"):
        load_arrays(save(tmp_path, x=GREY, y=np.arange(12)), **options)


def test_npz_without_images_lists_the_arrays(tmp_path):
    with pytest.raises(ValueError, match="name another with image_key.*Received: the arrays first, second"):
        load_arrays(save(tmp_path, first=GREY, second=GREY))


def test_npz_of_objects_is_never_unpickled(tmp_path):
    with pytest.raises(ValueError, match="Python objects, which are never unpickled"):
        load_arrays(save(tmp_path, x=np.array([GREY[0], None], dtype=object)))


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_truncated_npz_is_refused(tmp_path, kept):
    save(tmp_path, x=GREY)
    file = tmp_path / "set.npz"
    content = file.read_bytes()
    file.write_bytes(content[: int(kept * len(content)) if kept < 1 else kept])
    with pytest.raises(ValueError, match="Expected a whole npz file"):
        load_arrays(file)


def test_npz_with_a_flipped_byte_is_refused(tmp_path):
    save(tmp_path, x=GREY)
    file = tmp_path / "set.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(ValueError, match="a damaged file: reading 'x' failed"):
        load_arrays(file)


def test_npz_with_fewer_labels_than_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match="one label per image"):
        load_arrays(save(tmp_path, x=GREY, y=np.arange(11)))


# keras.datasets


def test_keras_data_set_is_read_by_its_name(monkeypatch):
    pairs = (COLOUR, np.arange(6)[:, None]), (COLOUR[:2], np.arange(2)[:, None])
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", lambda: pairs)
    images, labels = load_arrays("keras:cifar10", split="test")
    np.testing.assert_array_equal(images, COLOUR[:2])
    assert labels.tolist() == [0, 1]


def test_keras_data_set_without_a_network_says_what_to_do(monkeypatch):
    def fail():
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    with pytest.raises(ConnectionError, match="URL fetch failure. Without one use npz:PATH"):
        load_arrays("keras:mnist")


def test_unknown_keras_data_set_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'fashion_mnist'"):
        load_arrays("keras:fashion")


@pytest.mark.parametrize("label_key", ["y", "y_train"])
def test_labels_that_are_named_are_there_or_the_name_is_refused(label_key, tmp_path):
    arrays = dict(x_train=np.zeros((3, 8, 8, 1), np.uint8), y_train=np.arange(3), y_test=np.arange(2))
    np.savez(tmp_path / "a.npz", **arrays)
    options = dict(image_key="x_train", label_key=label_key)
    if label_key == "y_train":
        assert load_arrays(f"npz:{tmp_path / 'a.npz'}", **options)[1].tolist() == [0, 1, 2]
    else:
        with pytest.raises(ValueError, match="labels of x_train. Received: label_key='y', of other"):
            load_arrays(f"npz:{tmp_path / 'a.npz'}", **options)


def test_labels_of_no_split_are_refused_beside_divided_images(tmp_path):
    images = np.zeros((3, 8, 8, 1), np.uint8)
    np.savez(tmp_path / "a.npz", a_train=images, a_test=images, group=np.arange(3))
    with pytest.raises(ValueError, match="labels of a_train, a_test. Received: label_key='group', of other"):
        load_arrays(f"npz:{tmp_path / 'a.npz'}", image_key="a", label_key="group")
