"""Batches of two domains: what meets what, in which order, and where a stopped run goes on."""

import math

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genzoo.data import load, load_pairs
from keras_genzoo.data import pairs as module


def numbered(n, first=0):
    """Images whose pixels all hold the image's own number."""
    return np.broadcast_to(np.arange(first, first + n, dtype=np.uint8)[:, None, None, None], (n, 2, 2, 1)).copy()


def order(dataset):
    """Numbers of the images of one pass, of each side."""
    batches = [tuple(np.asarray(side)[:, 0, 0, 0] for side in batch) for batch in dataset]
    return tuple(np.concatenate(side).tolist() for side in zip(*batches, strict=True))


def side_order(seed, epoch, side, n, total):
    rounds = [
        np.random.default_rng((seed, epoch, side, number)).permutation(n) for number in range(math.ceil(total / n))
    ]
    return np.concatenate(rounds)[:total].tolist()


@pytest.mark.parametrize("num_a, num_b", [(7, 7), (10, 4), (3, 11)])
def test_unpaired_sides_have_orders_of_their_own_by_seed_and_epoch(num_a, num_b):
    dataset = load_pairs(numbered(num_a), numbered(num_b), batch_size=4, seed=5)
    total = max(num_a, num_b)
    for epoch in range(3):
        assert order(dataset) == (side_order(5, epoch, 0, num_a, total), side_order(5, epoch, 1, num_b, total))


def test_every_image_of_the_larger_side_comes_once_and_of_the_smaller_equally_often():
    side_a, side_b = order(load_pairs(numbered(12), numbered(5), batch_size=5))
    assert sorted(side_a) == list(range(12))
    counts = np.bincount(side_b, minlength=5)
    assert counts.sum() == 12 and set(counts) == {2, 3}
    assert sorted(side_b[:5]) == sorted(side_b[5:10]) == list(range(5))
    assert side_b[:5] != side_b[5:10]


def test_which_images_meet_says_nothing():
    n, met = 20, 0
    dataset = load_pairs(numbered(n), numbered(n), batch_size=n)
    for _ in range(50):
        side_a, side_b = order(dataset)
        met += sum(a == b for a, b in zip(side_a, side_b, strict=True))
    assert 20 <= met <= 80  # of independent orders, one match a pass: 50 are expected, with a deviation of 7


def test_paired_images_stay_together_in_the_order_of_load():
    dataset = load_pairs(numbered(9), numbered(9, first=100), paired=True, batch_size=4, seed=3)
    single = load(numbered(9), batch_size=4, seed=3)
    for _ in range(3):
        side_a, side_b = order(dataset)
        assert side_b == [number + 100 for number in side_a]
        assert side_a == [int(number) for batch in single for number in np.asarray(batch)[:, 0, 0, 0]]


@pytest.mark.parametrize("paired", [False, True])
def test_resumed_run_goes_on_with_the_order_of_the_run_that_never_stopped(paired):
    images = numbered(8), numbered(8, first=50)
    whole = load_pairs(*images, paired=paired, batch_size=3, seed=1)
    passes = [order(whole) for _ in range(4)]
    resumed = load_pairs(*images, paired=paired, batch_size=3, seed=1, first_epoch=2)
    assert [order(resumed), order(resumed)] == passes[2:]
    skipped = load_pairs(*images, paired=paired, batch_size=3, seed=1, first_epoch=3).skip(1)
    assert order(skipped) == tuple(side[3:] for side in passes[3])


def test_partial_pass_counts_as_an_epoch_on_both_sides():
    dataset = load_pairs(numbered(9), numbered(6), batch_size=3)
    next(iter(dataset))
    assert order(dataset) == (side_order(0, 1, 0, 9, 9), side_order(0, 1, 1, 6, 9))


@pytest.mark.parametrize("paired", [False, True])
def test_without_shuffle_every_pass_has_the_stored_order(paired):
    dataset = load_pairs(numbered(5), numbered(5 if paired else 3), paired=paired, batch_size=2, shuffle=False)
    expected = (list(range(5)), list(range(5)) if paired else [0, 1, 2, 0, 1])
    assert order(dataset) == order(dataset) == expected


@pytest.mark.parametrize("paired", [False, True])
def test_repeated_pairs_are_those_of_as_many_epochs(paired):
    options = dict(paired=paired, batch_size=2)
    plain, twice = (load_pairs(numbered(6), numbered(6)[::-1], **options, repeat=repeat) for repeat in (1, 2))
    first, second = order(plain), order(plain)
    assert order(twice) == tuple(one + other for one, other in zip(first, second, strict=True)) and len(twice) == 6


@pytest.mark.parametrize("drop, sizes", [(False, [4, 4, 2]), (True, [4, 4])])
def test_length_and_sizes_of_batches_follow_the_larger_side(drop, sizes):
    dataset = load_pairs(numbered(3), numbered(10), batch_size=4, drop_remainder=drop)
    assert len(dataset) == len(sizes)
    assert [tuple(len(side) for side in batch) for batch in dataset] == [(size, size) for size in sizes]
    spec = tf.TensorSpec((None, 2, 2, 1), tf.uint8)
    assert dataset.element_spec == (spec, spec)


@pytest.mark.filterwarnings("ignore:All .* are equal")  # the pictures stand for any
def test_both_sides_are_brought_to_one_size_and_number_of_channels():
    colour = np.zeros((4, 6, 9, 3), "uint8")
    side_a, side_b = next(iter(load_pairs(numbered(4), colour, batch_size=2, image_size=(4, 5), channels=3)))
    assert side_a.shape == side_b.shape == (2, 4, 5, 3)
    with pytest.raises(ValueError, match=r"one shape in both domains.*Received: \(2, 2, 1\) and \(6, 9, 3\)"):
        load_pairs(numbered(4), colour)


@pytest.fixture
def file(tmp_path):
    """An npz file of two arrays of eight images each, two of which are for testing."""
    path = tmp_path / "two.npz"
    np.savez(path, one=numbered(8), two=numbered(8, first=100), split=np.array([0, 1, 0, 0, 0, 1, 0, 0], "uint8"))
    return f"npz:{path}"


def test_two_arrays_of_one_file_are_two_domains(file):
    options = {"image_key": "one", "image_key_b": "two", "paired": True, "shuffle": False, "batch_size": 8}
    assert order(load_pairs(file, **options)) == ([0, 2, 3, 4, 6, 7], [100, 102, 103, 104, 106, 107])
    assert order(load_pairs(file, **options, split="test")) == ([1, 5], [101, 105])
    kept, partners = order(load_pairs(file, **options, limit=2))
    assert len(kept) == 2 and partners == [number + 100 for number in kept]


def test_two_splits_of_one_source_are_two_domains(file):
    dataset = load_pairs(file, split="train", split_b="test", image_key="one", shuffle=False, batch_size=6)
    assert order(dataset) == ([0, 2, 3, 4, 6, 7], [1, 5, 1, 5, 1, 5])


def test_another_source_finds_its_own_array(file, tmp_path):
    np.savez(tmp_path / "other.npz", x=numbered(3))
    dataset = load_pairs(file, f"npz:{tmp_path / 'other.npz'}", image_key="two", shuffle=False, batch_size=6)
    assert order(dataset) == ([100, 102, 103, 104, 106, 107], [0, 1, 2, 0, 1, 2])


def picture_folder(folder, numbers):
    folder.mkdir()
    for number in numbers:
        Image.fromarray(np.full((2, 2), number, "uint8")).save(folder / f"{number:03d}.png")
    return f"folder:{folder}"


@pytest.mark.parametrize("cache", [True, False])
def test_folders_have_the_same_order_in_memory_and_streamed(tmp_path, cache):
    sources = picture_folder(tmp_path / "a", range(7)), picture_folder(tmp_path / "b", range(4))
    dataset = load_pairs(*sources, batch_size=3, seed=2, cache=cache)
    for epoch in range(2):
        assert order(dataset) == (side_order(2, epoch, 0, 7, 7), side_order(2, epoch, 1, 4, 7))


def test_pairs_cannot_be_streamed():
    with pytest.raises(ValueError, match="Expected cache=False for unpaired domains"):
        load_pairs(np.zeros((4, 8, 8), "uint8"), np.ones((4, 8, 8), "uint8"), paired=True, cache=False)


def test_one_domain_is_streamed_beside_an_array(tmp_path):
    folder, array = picture_folder(tmp_path / "a", range(4)), np.arange(100, 116, dtype="uint8").reshape(4, 2, 2)
    dataset = load_pairs(folder, array, batch_size=4, shuffle=False, cache=False)
    Image.fromarray(np.full((2, 2), 77, "uint8")).save(tmp_path / "a" / "000.png")  # seen only by what reads it now
    assert next(iter(dataset))[0].numpy()[:, 0, 0, 0].tolist() == [77, 1, 2, 3]
    with pytest.raises(ValueError, match="Received: .* and .*, kept in memory"):
        load_pairs(array, array - 50, cache=False)


def test_data_sets_of_tfds_are_held_in_memory(monkeypatch):
    class Part(module.TfdsPart):
        in_memory, name = False, "tfds:some"

        def __init__(self, images):
            self.images = images

        def __len__(self):
            return 10**9

        def shape(self, image_size, channels):
            return self.images.shape[1:]

        def arrays(self, shape):
            return self.images, None

    parts = iter([Part(numbered(5)), Part(numbered(4))])
    monkeypatch.setattr(module, "open_part", lambda *args, **kwargs: next(parts))
    assert order(load_pairs("tfds:some", "tfds:other", batch_size=2)) == (
        side_order(0, 0, 0, 5, 5),
        side_order(0, 0, 1, 4, 5),
    )


def test_paired_sides_of_different_numbers_are_refused():
    with pytest.raises(ValueError, match="one for each, for matched pairs. Received: 5 and 4"):
        load_pairs(numbered(5), numbered(4), paired=True)


@pytest.mark.parametrize("options", [{}, {"image_size": (2, 2), "channels": 1}])
def test_both_of_a_pair_go_if_one_cannot_be_read(tmp_path, options):
    sources = picture_folder(tmp_path / "a", range(7)), picture_folder(tmp_path / "b", range(7))
    (tmp_path / "a" / "001.png").write_bytes(b"")
    (tmp_path / "b" / "004.png").write_bytes(b"no picture")
    with pytest.warns(UserWarning) as warned:
        dataset = load_pairs(*sources, paired=True, shuffle=False, batch_size=8, **options)
    assert order(dataset) == ([0, 2, 3, 5, 6], [0, 2, 3, 5, 6])
    said = [str(warning.message) for warning in warned]
    assert "Skipped 1 of 7" in said[0] and "Skipped 1 of 7" in said[1] and "5 pairs are left" in said[2]


def test_pairs_of_folders_are_matched_by_name_whatever_is_missing(tmp_path):
    sources = picture_folder(tmp_path / "a", [1, 2, 4, 5]), picture_folder(tmp_path / "b", [2, 3, 5])
    (tmp_path / "b" / "002.png").rename(tmp_path / "b" / "002.bmp")
    with pytest.warns(UserWarning, match="Left out 3 images without a partner of the same name, 2 pairs .*: 001 of .*"):
        dataset = load_pairs(*sources, paired=True, shuffle=False)
    assert order(dataset) == ([2, 5], [2, 5])


def test_pairs_of_folders_without_common_names_or_with_two_of_a_name_are_refused(tmp_path):
    sources = picture_folder(tmp_path / "a", [1, 2]), picture_folder(tmp_path / "b", [3, 4])
    with pytest.raises(ValueError, match="Expected files of the same names .* Received: none, such as '001' and '003'"):
        load_pairs(*sources, paired=True)
    (tmp_path / "a" / "001.png").rename(tmp_path / "a" / "002.bmp")
    with pytest.raises(ValueError, match="Expected one file of each name.*002.bmp and .*002.png"):
        load_pairs(*sources, paired=True)


def test_parts_of_pairs_are_disjoint_complete_and_stay_together(tmp_path):
    sources = picture_folder(tmp_path / "a", range(10)), picture_folder(tmp_path / "b", range(10))
    parts = [order(load_pairs(*sources, paired=True, split=split)) for split in ("train[:70%]", "train[70%:]")]
    for side_a, side_b in parts:
        assert side_a == side_b
    assert sorted(parts[0][0] + parts[1][0]) == list(range(10)) and len(parts[0][0]) == 7
    with pytest.raises(ValueError, match="Expected the same range .* Received: 'train' and 'train.:5.'"):
        load_pairs(*sources, paired=True, split_b="train[:5]")


@pytest.mark.parametrize(
    "options, message",
    [
        ({}, "Expected a second domain: source_b, or of one source image_key_b or split_b. Received: source='digits'"),
        ({"split_b": "train"}, "Expected a second domain"),
        ({"source_b": "digits"}, "Expected a second domain"),
        ({"image_key": "x", "image_key_b": "x"}, "Expected a second domain"),
        ({"source_b": "digits", "batch_size": 0}, "batch_size to be an integer of at least 1"),
        ({"source_b": "digits", "seed": -1}, "seed=-1"),
        ({"source_b": "digits", "first_epoch": 0.5}, "first_epoch=0.5"),
        ({"source_b": "digits", "paired": "yes"}, "paired to be True or False"),
        ({"source_b": "digits", "image_size": 8}, "image_size=8"),
        ({"split_b": "test", "limit": 0}, "limit to be an integer of at least 1"),
        ({"split_b": "test", "batch_size": 6000, "drop_remainder": True}, "at most the number of images, 1500"),
        ({"source_b": "digits", "split_b": "valid"}, "Expected a split of digits"),
    ],
)
def test_bad_argument_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        load_pairs("digits", **options)


def test_one_source_that_is_written_in_two_ways_is_no_second_domain(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "1.png")
    (tmp_path / "link").symlink_to(tmp_path)
    x = numbered(3)
    for a, b in (
        (str(tmp_path), f"folder:{tmp_path}/"),
        (tmp_path, tmp_path / "link"),
        (x, x[:]),
        ("mnist", "tfds:mnist"),
    ):
        with pytest.raises(ValueError, match="Expected a second domain"):
            load_pairs(a, b)
    with pytest.raises(ValueError, match="Expected a second domain"):
        load_pairs("digits", split="train", split_b="Training[:]")


def test_pairs_of_different_proportions_are_named_and_left_out(tmp_path):
    sizes = {"1": ((20, 10), (10, 10)), "2": ((20, 10), (41, 20)), "3": ((16, 16), (8, 8)), "4": ((10, 20), (20, 10))}
    for name, pair in sizes.items():
        for folder, size in zip("ab", pair, strict=True):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.new("RGB", size, (10 * int(name), 0, 0)).save(tmp_path / folder / f"{name}.png")
    turned = Image.new("RGB", (10, 20), (50, 0, 0))  # 20x10 once its EXIF orientation is followed
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "a" / "5.png", exif=exif)
    Image.new("RGB", (20, 10), (50, 0, 0)).save(tmp_path / "b" / "5.png")
    folders = [f"folder:{tmp_path / name}" for name in "ab"]
    with pytest.warns(UserWarning, match="Left out 2 pairs, 3 are left.*1.png is 10x20 and .*1.png is 10x10; .*4.png"):
        a, b = module.load_pair_arrays(*folders, image_size=(8, 8))
    assert a[:, 0, 0, 0].tolist() == b[:, 0, 0, 0].tolist() == [20, 30, 50]
    with pytest.warns(UserWarning) as caught:  # of empty drawings, too
        load_pairs(f"edges:{folders[0]}", folders[1], paired=True, image_size=(8, 8))
    assert any("3 are left" in str(each.message) for each in caught)


def test_pairs_that_are_all_of_different_proportions_are_refused():
    a, b = np.zeros((3, 8, 16, 1), "float32"), np.zeros((3, 16, 16, 1), "float32")
    with pytest.raises(
        ValueError, match="pairs of images of the same proportions.*image 0 is 8x16 and image 0 is 16x16"
    ):
        load_pairs(a, b, paired=True, image_size=(8, 8))
