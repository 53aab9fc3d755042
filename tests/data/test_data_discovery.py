"""What is found in a folder as users have them: kinds of files, links, spellings of splits, classes."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from keras_genzoo.data import class_names, load, load_arrays, load_pairs
from keras_genzoo.data.files import walk
from keras_genzoo.data.sources import existing_split


def write(path, value=0):
    """Writes a file of one grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), value).save(path)
    return path


def marks(source, **options):
    images, labels = load_arrays(source, **options)
    return images[:, 0, 0, 0].tolist(), None if labels is None else labels.tolist()


# files


def test_files_that_are_not_read_are_counted_by_kind(tmp_path):
    write(tmp_path / "cat/1.png", 1)
    write(tmp_path / "dog/deep/2.png", 2)
    for name in ("cat/a.heic", "cat/b.HEIC", "dog/deep/notes.txt", "dog/README"):
        (tmp_path / name).write_text("no image")
    with pytest.warns(UserWarning, match="does not read as images: 2 .heic, 1 .txt, 1 without a suffix") as warned:
        assert marks(tmp_path) == ([1, 2], [0, 1])
    assert len(warned) == 1


def test_files_of_systems_are_neither_read_nor_reported(tmp_path):
    write(tmp_path / "cat/1.png", 1)
    write(tmp_path / "dog/2.png", 2)
    for name in ("cat/._1.png", "cat/.DS_Store", "dog/Thumbs.db", "__MACOSX/cat/1.png", ".git/a.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("no image")
    write(tmp_path / "cat/.ipynb_checkpoints/1-checkpoint.png", 9)
    assert marks(tmp_path) == ([1, 2], [0, 1])


def test_links_to_folders_are_followed_and_cycles_are_not(tmp_path):
    write(tmp_path / "far/inner/1.png", 1)
    write(tmp_path / "set/dog/2.png", 2)
    (tmp_path / "set/cat").symlink_to(tmp_path / "far")
    (tmp_path / "far/back").symlink_to(tmp_path / "far")
    (tmp_path / "set/dog/all").symlink_to(tmp_path / "set")
    (tmp_path / "set/dog/gone.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.warns(UserWarning, match="1 broken link"):
        assert marks(tmp_path / "set") == ([1, 2], [0, 1])


def test_float_tiff_is_read_as_0_to_1_and_skipped_beyond(tmp_path):
    Image.fromarray(np.full((8, 8), 0.5, "float32")).save(tmp_path / "a.tiff")
    Image.fromarray(np.full((8, 8), 80.0, "float32")).save(tmp_path / "b.tiff")
    with pytest.warns(UserWarning, match=r"b.tiff \(ValueError: Expected float pixels in 0..1. Received: .* 80 to 80"):
        assert marks(tmp_path) == ([128], None)


# classes


def test_every_subfolder_is_a_class_in_natural_order(tmp_path):
    for number in (0, 1, 2, 10, 11):
        write(tmp_path / f"{number}/a.png", number)
    (tmp_path / "3").mkdir()
    (tmp_path / "4").mkdir()
    (tmp_path / "4/a.heic").write_text("no image")
    with pytest.warns(UserWarning) as warned:
        assert marks(tmp_path) == ([0, 1, 2, 10, 11], [0, 1, 2, 5, 6])
    said = " ".join(str(warning.message) for warning in warned)
    assert "1 .heic" in said and "Found no images of 2 of 7 classes" in said and ": 3, 4" in said


@pytest.mark.filterwarnings("ignore:All .* are equal")  # the pictures stand for any
def test_dataset_knows_the_number_and_the_names_of_its_classes(tmp_path):
    for name in ("2", "10", "1"):
        write(tmp_path / name / "a.png", 5)
    dataset = load(tmp_path, labels=True)
    assert dataset.class_names == class_names(tmp_path) == ("1", "2", "10")
    assert (dataset.classes.number, dataset.classes.declared) == (3, True)
    assert load(tmp_path).class_names is None
    counted = load((np.full((4, 8, 8), 9, "uint8"), np.array([0, 3, 1, 1])), labels=True, limit=1).classes
    assert (counted.number, counted.names, counted.declared) == (4, None, False)


def test_names_in_two_forms_of_unicode_are_one_class_and_two_spellings_are_refused(tmp_path):
    write(tmp_path / "train/caf\u00e9/1.png", 1)
    write(tmp_path / "train/bar/1.png", 2)
    write(tmp_path / "test/cafe\u0301/1.png", 3)
    assert marks(tmp_path, split="test") == ([3], [1])
    write(tmp_path / "test/Bar/1.png", 4)
    with pytest.raises(ValueError, match="one spelling of each class in all splits. Received: 'Bar' and 'bar'"):
        load(tmp_path, split="test")


# splits


@pytest.mark.parametrize(
    "train, test, val", [("Train", "TEST", "Val"), ("training", "testing", "valid"), ("train_set", "test-set", "dev")]
)
def test_splits_are_found_in_any_common_spelling(tmp_path, train, test, val):
    for value, name in enumerate((train, test, val)):
        write(tmp_path / name / "cat/1.png", value)
        write(tmp_path / name / "dog/1.png", value)
    assert [marks(tmp_path, split=split)[0] for split in ("train", "test", "validation")] == [[0, 0], [1, 1], [2, 2]]


def test_class_that_is_called_like_a_split_is_refused(tmp_path):
    for name in ("bus", "car", "train"):
        write(tmp_path / name / "1.png")
    with pytest.raises(ValueError, match="put all of them into a folder 'train'.*'train' beside 'bus', 'car'"):
        load(tmp_path)
    vehicles = tmp_path / "set/train"
    vehicles.mkdir(parents=True)
    for name in ("bus", "car", "train"):
        (tmp_path / name).rename(vehicles / name)
    assert class_names(tmp_path / "set") == ("bus", "car", "train")


def test_images_outside_of_the_splits_are_reported(tmp_path):
    for name in ("train/1", "test/1", "masks/1", "masks/2", "preview"):
        write(tmp_path / f"{name}.png", 7)
    with pytest.warns(UserWarning, match=r"in none of its splits: masks \(2\), directly in it \(1\)"):
        assert marks(tmp_path) == ([7], None)


def test_splits_inside_of_a_subfolder_are_not_mixed(tmp_path):
    for name in ("animals/train/cat/1", "animals/test/cat/1"):
        write(tmp_path / f"{name}.png")
    with pytest.raises(ValueError, match="give folder:.*animals.*Received: .* with the splits 'test', 'train'"):
        load(tmp_path)


def test_split_that_exists_stands_in_for_one_that_does_not(tmp_path):
    write(tmp_path / "a.png")
    assert existing_split(tmp_path, "test[:50%]") == "train[:50%]"
    assert existing_split("digits", "validation") == "test"
    assert existing_split("digits", "training") == "training"  # found by `load`
    assert existing_split("digits", "tset") == "tset"  # refused by `load`


@pytest.mark.parametrize("cache", [True, False])
def test_folder_of_bytes_0_and_1_is_refused(tmp_path, cache):
    for name in ("a", "b"):
        Image.fromarray(np.eye(8, dtype="uint8")).save(tmp_path / f"{name}.png")
    with pytest.raises(ValueError, match="Expected uint8 folder:.*multiply them by 255"):
        load(tmp_path, cache=cache)
    write(tmp_path / "a.png", 2)
    load(tmp_path, cache=cache)


def test_labels_of_one_class_are_refused(tmp_path):
    write(tmp_path / "animals/cat/1.png", 3)
    with pytest.raises(ValueError, match="Expected at least two classes .* Received: one, 'animals'"):
        load(tmp_path, labels=True)


def test_pages_that_are_not_read_are_counted(tmp_path):
    pages = [Image.new("L", (8, 8), value) for value in (9, 99, 199)]
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:])
    with pytest.warns(UserWarning, match="all frames or pages but the first of 1 files of folder:.*: 2 frames"):
        assert marks(tmp_path) == ([9], None)


def test_archive_and_folder_without_prefix_say_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "photographs/1.png")
    (tmp_path / "set.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match="unpack an archive first.*Received: 'set.zip'"):
        load("set.zip")
    assert len(load("photographs")) == 1  # a folder needs no prefix
    with pytest.raises(ValueError, match="Received: 'photograph'"):
        load("photograph")


@pytest.mark.parametrize(
    "train, test",
    [("train_images", "test images"), ("Training images", "TestSet"), ("train2017", "val2017"), ("01_trn", "tst (1)")],
)
def test_word_for_a_split_beside_numbers_and_generic_words_is_a_split(tmp_path, train, test):
    write(tmp_path / train / "1.png", 10)
    write(tmp_path / test / "1.png", 20)
    images, labels = load_arrays(tmp_path)
    assert images.ravel()[0] == 10 and len(images) == 1 and labels is None


@pytest.mark.parametrize(
    "names", [("trainers", "validated_invoices"), ("test_tubes", "beakers"), ("trainer", "Intrain"), ("devil", "vale")]
)
def test_word_that_only_begins_like_a_split_is_a_class(tmp_path, names):
    for name in names:
        write(tmp_path / name / "1.png")
    assert set(class_names(tmp_path)) == set(names)


@pytest.mark.parametrize(
    "names",
    [("mnist_train", "mnist_test"), ("train", "test", "test_cats"), ("train_cats", "test_cats"), ("Train", "train")],
)
def test_folders_that_may_be_splits_or_classes_are_refused(tmp_path, names):
    for name in names:
        write(tmp_path / name / "1.png")
    with pytest.raises(ValueError, match="^Expected .*Received: .*'" + names[0]):
        load_arrays(tmp_path)


def test_folders_for_validation_alone_are_no_classes(tmp_path):
    for name in ("dev", "validation2"):
        write(tmp_path / name / "1.png")
    with pytest.raises(ValueError, match="Expected"):
        load_arrays(tmp_path)


def test_splits_two_levels_below_a_class_are_refused(tmp_path):
    for name in ("train", "test"):
        write(tmp_path / "x" / "y" / name / "1.png")
    write(tmp_path / "z" / "1.png")
    with pytest.raises(ValueError, match="Expected subfolders that are splits or classes"):
        load_arrays(tmp_path)


def test_splits_of_two_domains_are_one_domain_each(tmp_path):
    for value, name in enumerate(("trainA", "trainB", "testA", "testB")):
        write(tmp_path / name / "1.png", value + 10)
    assert load_arrays(tmp_path, split="trainB")[0].ravel()[0] == 11
    with pytest.raises(ValueError, match="Expected the split of one domain of .*load_pairs"):
        load_arrays(tmp_path)
    for options, wanted in (
        ({}, (10, 11)),
        ({"split": "test"}, (12, 13)),
        ({"split": "testA", "split_b": "trainB"}, (12, 11)),
    ):
        a, b = next(iter(load_pairs(tmp_path, **options)))
        assert (int(a[0, 0, 0, 0]), int(b[0, 0, 0, 0])) == wanted


def test_links_between_classes_are_refused(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        write(tmp_path / name / "1.png")
        (tmp_path / name / "l").symlink_to(tmp_path / other)
    with pytest.raises(ValueError, match="in one class of"):
        load_arrays(tmp_path)


def test_links_in_a_circle_give_each_image_once(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        write(tmp_path / "x" / name / "1.png")
        (tmp_path / "x" / name / "l").symlink_to(tmp_path / "x" / other)
    assert len(load_arrays(tmp_path)[0]) == 2


def test_space_beside_the_name_of_a_class_is_refused(tmp_path):
    write(tmp_path / "train" / "cat" / "1.png")
    write(tmp_path / "test" / "cat " / "1.png")
    with pytest.raises(ValueError, match="without spaces around them. Received: 'cat '"):
        load_arrays(tmp_path)


def test_folder_that_cannot_be_read_is_not_left_out():
    with pytest.raises(ValueError, match="Expected a folder that can be read. Received: .*missing"):
        walk(pathlib.Path("missing"))
