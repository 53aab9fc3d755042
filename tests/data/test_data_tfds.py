"""Data sets of TensorFlow Datasets, prepared from arrays without a network."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from keras_genzoo.data import class_names, load, load_arrays, pipeline
from keras_genzoo.data import memory as budget

N = 40
IMAGES = np.random.default_rng(0).integers(0, 256, (N, 9, 8, 3), dtype=np.uint8)
IMAGES[:, 0, 0, 0] = range(N)


def store(folder, name, features, examples, **options):
    tfds.disable_progress_bar()
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="3.0.1",
        data_dir=folder,
        **{"disable_shuffling": True, **options},
        features=tfds.features.FeaturesDict(features),
        split_datasets={split: list(enumerate(rows)) for split, rows in examples.items()},
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with four small data sets."""
    folder = tmp_path_factory.mktemp("tfds")
    image, label = tfds.features.Image(shape=(9, 8, 3)), tfds.features.ClassLabel(num_classes=10)
    rows = [{"image": pixels, "label": i % 10} for i, pixels in enumerate(IMAGES)]
    store(folder, "kgz_colour", {"image": image, "label": label}, {"train": rows[:30], "test": rows[30:]})
    grey = tfds.features.Image(shape=(4, 4, 1))
    binary = (IMAGES[:6, :4, :4, :1] > 127).astype("uint8")
    store(folder, "kgz_binary", {"image": grey}, {"train": [{"image": pixels} for pixels in binary]})
    mixed = [{"left": IMAGES[0], "right": IMAGES[i, : 9 - i], "count": -i} for i in range(3)]
    free = tfds.features.Image(shape=(None, None, 3))
    store(folder, "kgz_pairs", {"left": image, "right": free, "count": np.int64}, {"train": mixed})
    store(folder, "kgz_text", {"text": tfds.features.Text()}, {"train": [{"text": "a"}]})
    return folder


def marks(dataset):
    return [np.asarray(batch)[:, 0, 0, 0].tolist() for batch in dataset]


@pytest.mark.parametrize("source", ["tfds:kgz_colour", "kgz_colour", "kgz_colour:3.0.1", "tfds:kgz_colour:3.0.1"])
def test_prepared_set_is_read_exactly(prepared, source):
    images, labels = load_arrays(source, split="test", data_dir=prepared)
    np.testing.assert_array_equal(images, IMAGES[30:])
    assert labels.tolist() == [i % 10 for i in range(30, 40)]


def test_class_names_are_those_of_the_label_feature_unless_they_are_numbers(prepared, tmp_path):
    assert class_names("kgz_colour", data_dir=prepared) is None
    assert class_names("kgz_binary", data_dir=prepared) is None
    assert class_names("kgz_pairs", image_key="left", label_key="count", data_dir=prepared) is None
    features = {"image": tfds.features.Image(shape=(9, 8, 3)), "label": tfds.features.ClassLabel(names=["dog", "cat"])}
    store(tmp_path, "kgz_named", features, {"train": [{"image": IMAGES[0], "label": "cat"}]})
    assert class_names("kgz_named", data_dir=tmp_path) == ("dog", "cat")
    assert load_arrays("kgz_named", data_dir=tmp_path)[1].tolist() == [1]


def test_name_of_a_public_set_reads_a_prepared_copy(prepared, tmp_path):
    digits = [{"image": np.full((28, 28, 1), i, np.uint8), "label": i} for i in range(3)]
    features = {"image": tfds.features.Image(shape=(28, 28, 1)), "label": tfds.features.ClassLabel(num_classes=10)}
    store(tmp_path, "mnist", features, {"train": digits})
    images, labels = load_arrays("mnist", data_dir=tmp_path)
    assert images.shape == (3, 28, 28, 1)
    assert images[:, 0, 0, 0].tolist() == labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize("cache", [True, False])
def test_range_and_limit_of_a_set_in_stored_order_come_from_the_fixed_order(prepared, cache):
    options = {"split": "train[50%:20]", "limit": 3, "data_dir": prepared}
    chosen = np.sort(np.random.default_rng(2718).permutation(30)[15:18])
    np.testing.assert_array_equal(load_arrays("kgz_colour", **options)[0], IMAGES[chosen])
    assert marks(load("kgz_colour", shuffle=False, cache=cache, **options)) == [chosen.tolist()]


def test_range_of_a_set_that_tfds_has_shuffled_is_that_of_tfds(tmp_path):
    rows = [{"image": pixels, "label": i // 15} for i, pixels in enumerate(IMAGES[:30])]
    features = {"image": tfds.features.Image(shape=(9, 8, 3)), "label": tfds.features.ClassLabel(num_classes=2)}
    store(tmp_path, "kgz_mixed", features, {"train": rows}, disable_shuffling=False)
    whole = load_arrays("kgz_mixed", data_dir=tmp_path)[0][:, 0, 0, 0].tolist()
    assert sorted(whole) == list(range(30)) != whole
    images, labels = load_arrays("kgz_mixed", split="train[10:20]", data_dir=tmp_path)
    assert images[:, 0, 0, 0].tolist() == whole[10:20]
    assert labels.tolist() == [number // 15 for number in whole[10:20]]


def test_unknown_split_names_the_valid_ones(prepared):
    with pytest.raises(ValueError, match="which has ('test', 'train'|'train', 'test')"):
        load("kgz_colour", split="validation", data_dir=prepared)


def test_in_memory_order_is_the_exact_permutation(prepared):
    order = np.random.default_rng((0, 0)).permutation(30).tolist()
    assert sum(marks(load("kgz_colour", batch_size=8, data_dir=prepared)), []) == order


def test_streamed_set_in_stored_order_equals_the_one_in_memory(prepared):
    options = {"batch_size": 8, "labels": True, "shuffle": False, "data_dir": prepared, "image_size": (6, 6)}
    memory, stream = load("kgz_colour", **options), load("kgz_colour", cache=False, **options)
    assert memory.element_spec == stream.element_spec
    assert len(memory) == len(stream) == 4
    for one, other in zip(memory, stream, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("buffer", [10**6, 1])
def test_streamed_epochs_are_shuffled_repeatably_and_complete(prepared, monkeypatch, buffer):
    monkeypatch.setattr(pipeline, "SHUFFLE_BYTES", buffer)
    options = {"batch_size": 8, "data_dir": prepared, "cache": False}
    dataset = load("kgz_colour", **options)
    first, second = sum(marks(dataset), []), sum(marks(dataset), [])
    assert sorted(first) == sorted(second) == list(range(30))
    assert (first != second) == (buffer > 1)  # a buffer of one image keeps the stored order
    assert sum(marks(load("kgz_colour", first_epoch=1, **options)), []) == second
    assert (sum(marks(load("kgz_colour", seed=1, **options)), []) != first) == (buffer > 1)
    twice = sum(marks(load("kgz_colour", repeat=2, **options)), [])
    assert twice == first + second and len(load("kgz_colour", repeat=2, **options)) == 8
    assert sum(marks(load("kgz_colour", repeat=2, shuffle=False, **options)), []) == list(range(30)) * 2


def test_streamed_set_beyond_the_budget_drops_its_remainder(prepared, monkeypatch):
    monkeypatch.setattr(budget, "MEMORY_BUDGET", 1)
    dataset = load("kgz_colour", batch_size=8, data_dir=prepared, drop_remainder=True, limit=20)
    assert [len(batch) for batch in dataset] == [8, 8]
    assert len(dataset) == 2


@pytest.mark.parametrize("cache", [True, False])
def test_binarized_set_becomes_black_and_white(prepared, cache):
    (images,) = load("kgz_binary", data_dir=prepared, shuffle=False, cache=cache)
    np.testing.assert_array_equal(images, np.where(IMAGES[:6, :4, :4, :1] > 127, 255, 0))


def test_set_without_labels_says_so(prepared):
    assert load_arrays("kgz_binary", data_dir=prepared)[1] is None
    with pytest.raises(ValueError, match="Expected labels in tfds:kgz_binary"):
        load("kgz_binary", data_dir=prepared, labels=True)


def test_keys_choose_among_several_features(prepared):
    images, labels = load_arrays("kgz_pairs", data_dir=prepared, image_key="left")
    assert images.shape == (3, 9, 8, 3)
    assert labels is None
    for options, message in [
        ({}, "which has 'left', 'right'. Received: image_key=None"),
        ({"image_key": "image"}, "Received: image_key='image'"),
        ({"image_key": "left", "label_key": "right"}, "which has 'count'. Received: label_key='right'"),
    ]:
        with pytest.raises(ValueError, match=message):
            load("kgz_pairs", data_dir=prepared, **options)
    with pytest.raises(
        ValueError, match="Expected image_key to name an image feature of tfds:kgz_text, which has none"
    ):
        load("kgz_text", data_dir=prepared)


def test_images_of_different_sizes_need_an_image_size(prepared):
    with pytest.raises(ValueError, match=r"whose images differ in size. .* first image of 9x8"):
        load("kgz_pairs", data_dir=prepared, image_key="right")
    for cache in (True, False):
        (images,) = load("kgz_pairs", data_dir=prepared, image_key="right", image_size=(5, 5), cache=cache)
        assert images.shape == (3, 5, 5, 3)


def test_negative_labels_are_refused_also_while_streaming(prepared):
    options = {"data_dir": prepared, "image_key": "left", "label_key": "count", "labels": True, "shuffle": False}
    with pytest.raises(ValueError, match="2 of 3 that are not, such as -1"):
        load("kgz_pairs", **options)
    with pytest.raises(Exception, match="2 of 3 that are not, such as -1"):
        list(load("kgz_pairs", cache=False, **options))


def test_unknown_name_names_the_nearest():
    with pytest.raises(ValueError, match="Received: 'minst'; did you mean 'mnist'"):
        load("minst")
    with pytest.raises(ValueError, match="did you mean 'digits'"):
        load("digts")
    with pytest.raises(ValueError, match="list_builders.. gives all names"):
        load("xqzzyjw")


def test_name_near_to_a_prepared_one_is_found(prepared):
    with pytest.raises(ValueError, match="did you mean 'kgz_colour'"):
        load("kgz_color", data_dir=prepared)


def test_unknown_version_is_refused(prepared):
    for name in ("kgz_colour:9.9.9", "mnist:9.9.9"):
        with pytest.raises(ValueError, match="Expected a version and configuration"):
            load(name, data_dir=prepared)


def test_failed_download_says_how_to_prepare(tmp_path, monkeypatch):
    def fail(self):
        raise OSError("no route to host")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(ConnectionError, match=r"no route to host. Prepare it .* \(tfds build mnist\) .* use npz:PATH"):
        load("mnist", data_dir=tmp_path)


def test_labels_of_a_streamed_set_are_hidden_as_in_memory(prepared):
    options = dict(labels=True, num_labelled=12, data_dir=prepared, shuffle=False, split="train[:25]")
    memory, stream = (
        [label for _, labels in load("kgz_colour", cache=cache, **options) for label in labels.numpy()]
        for cache in (True, False)
    )
    assert memory == stream and sum(label >= 0 for label in stream) == 12
    with pytest.raises(ValueError, match="repeat_labelled=1 for tfds:kgz_colour, which is streamed.* Received: .*=3"):
        load("kgz_colour", cache=False, repeat_labelled=3, **options)
    options = dict(labels="partial", num_labelled=0, data_dir=prepared, cache=False)
    assert [labels.numpy().tolist() for _, labels in load("kgz_binary", **options)] == [[-1] * 6]
