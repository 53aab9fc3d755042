"""Batches, their order, and what the dataset says about itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genzoo
from keras_genzoo.data import load, load_arrays


def numbered(n, side=2):
    """Images whose pixels all hold the image's own number."""
    return np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None, None], (n, side, side, 1)).copy()


def order(dataset):
    """Numbers of the images of one pass."""
    return np.concatenate([np.asarray(batch)[:, 0, 0, 0] for batch in dataset]).tolist()


def permutation(seed, epoch, n):
    return np.random.default_rng((seed, epoch)).permutation(n).tolist()


def test_each_pass_is_the_next_epoch_in_its_own_order():
    dataset = load(numbered(20), batch_size=8, seed=5)
    assert [order(dataset) for _ in range(3)] == [permutation(5, epoch, 20) for epoch in range(3)]


def test_resumed_run_goes_on_with_the_order_of_the_run_that_never_stopped():
    whole = load(numbered(20), batch_size=8, seed=1)
    passes = [order(whole) for _ in range(4)]
    resumed = load(numbered(20), batch_size=8, seed=1, first_epoch=2)
    assert [order(resumed), order(resumed)] == passes[2:]


def test_global_seed_does_not_change_the_order():
    keras.utils.set_random_seed(3)
    first = order(load(numbered(9), batch_size=4))
    keras.utils.set_random_seed(4)
    assert order(load(numbered(9), batch_size=4)) == first == permutation(0, 0, 9)


def test_without_shuffle_every_pass_has_the_stored_order():
    dataset = load(numbered(10), batch_size=4, shuffle=False)
    assert order(dataset) == order(dataset) == list(range(10))


def test_partial_pass_counts_as_an_epoch():
    dataset = load(numbered(12), batch_size=4)
    next(iter(dataset))
    assert order(dataset) == permutation(0, 1, 12)


def test_check_of_a_model_is_no_epoch():
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, network="mlp", hidden_units=(4,))
    dataset = load(numbered(6), batch_size=2, first_epoch=3, image_size=(8, 8))
    for pipeline in (dataset, dataset.map(lambda images: tf.cast(images, tf.float32) / 255.0), dataset.repeat()):
        model.check_data(pipeline)
    assert order(dataset) == permutation(0, 3, 6)


def test_repeat_goes_through_the_epochs():
    dataset = load(numbered(6), batch_size=6).repeat(3)
    assert [np.asarray(batch)[:, 0, 0, 0].tolist() for batch in dataset] == [permutation(0, e, 6) for e in range(3)]


def test_fit_sees_one_epoch_a_pass_and_knows_the_steps():
    seen = []

    class Spy(keras.Model):
        def __init__(self):
            super().__init__()
            self.built = True

        def train_step(self, images):
            tf.numpy_function(lambda rows: seen.extend(rows.tolist()), [images[:, 0, 0, 0]], [])
            return {"loss": tf.constant(0.0)}

    model = Spy()
    model.compile(optimizer=None)
    history = model.fit(load(numbered(10), batch_size=4), epochs=2, verbose=0, shuffle=False)
    assert seen == permutation(0, 0, 10) + permutation(0, 1, 10)
    assert history.params["steps"] == 3


def test_repeated_images_come_in_a_new_order_each_time_and_runs_go_on_with_it():
    assert len(load(numbered(5), batch_size=4, repeat=3)) == 4
    dataset = load(numbered(5), batch_size=4, repeat=3)
    expected = [permutation(0, number, 5) for number in range(6)]
    assert [order(dataset), order(dataset)] == [sum(expected[:3], []), sum(expected[3:], [])]
    assert order(load(numbered(5), batch_size=4, repeat=3, first_epoch=1)) == sum(expected[3:], [])
    assert order(load(numbered(4), batch_size=12, repeat=3, shuffle=False, drop_remainder=True)) == [0, 1, 2, 3] * 3


@pytest.mark.parametrize("drop, sizes", [(False, [4, 4, 2]), (True, [4, 4])])
def test_length_and_sizes_of_batches(drop, sizes):
    dataset = load(numbered(10), batch_size=4, drop_remainder=drop)
    assert len(dataset) == len(sizes)
    assert [len(batch) for batch in dataset] == sizes


def test_element_spec_is_static_but_for_the_batch():
    dataset = load((numbered(5), np.arange(5)), batch_size=2, labels=True, drop_remainder=True)
    images, labels = dataset.element_spec
    assert images == tf.TensorSpec((None, 2, 2, 1), tf.uint8)
    assert labels == tf.TensorSpec((None,), tf.int32)


def test_labels_stay_with_their_images():
    dataset = load((numbered(30), np.arange(30)), batch_size=7, labels=True)
    for images, labels in dataset:
        np.testing.assert_array_equal(images[:, 0, 0, 0], labels)


def test_limit_takes_the_first_images_of_the_range_in_the_fixed_order():
    fixed = np.random.default_rng(2718).permutation(20)
    assert order(load(numbered(20), split="train[5:]", limit=3, shuffle=False)) == sorted(fixed[5:8])
    assert order(load(numbered(4), limit=9, shuffle=False)) == [0, 1, 2, 3]


@pytest.mark.parametrize("options", [{}, {"seed": 7}])
def test_parts_of_images_sorted_by_class_are_disjoint_complete_and_have_all_classes(options):
    source = numbered(100), np.repeat(np.arange(5), 20)
    seen, shares = [], []
    for split in ("train[:80%]", "train[80%:]"):
        batches = [(images[:, 0, 0, 0], labels) for images, labels in load(source, split=split, labels=True, **options)]
        numbers, labels = (np.concatenate(column) for column in zip(*batches, strict=True))
        np.testing.assert_array_equal(labels, numbers // 20)
        seen += numbers.tolist()
        shares.append(np.bincount(labels, minlength=5) / len(labels))
    assert sorted(seen) == list(range(100))
    assert np.min(shares) >= 0.1
    assert len(set(load_arrays(source, limit=30)[1])) == 5


@pytest.mark.parametrize(
    "options, message",
    [
        ({"batch_size": 0}, "batch_size to be an integer of at least 1. Received: batch_size=0"),
        ({"batch_size": 2.5}, "batch_size=2.5"),
        ({"batch_size": True}, "batch_size=True"),
        ({"limit": 0}, "limit to be an integer of at least 1. Received: limit=0"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": None}, "seed=None"),
        ({"first_epoch": -1}, "first_epoch=-1"),
        ({"image_size": 28}, r"two positive integers \(height, width\), .* Received: image_size=28"),
        ({"image_size": (28,)}, r"Expected signals for image_size=\(28,\) .*which has images"),
        ({"image_size": (28, 0)}, r"image_size=\(28, 0\)"),
        ({"image_size": "28"}, "image_size='28'"),
        ({"channels": 2}, r"channels to be 1 \(grey\), 3"),
        ({"labels": True}, "Expected labels in the given array"),
        ({"batch_size": 6, "drop_remainder": True}, "at most the number of images, 5"),
        ({"repeat": 0}, "repeat to be an integer of at least 1"),
        ({"image_key": "x"}, "image_key and label_key for npz files and TFDS only"),
    ],
)
def test_bad_argument_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        load(numbered(5), **options)


@pytest.mark.parametrize(
    "labels, message",
    [
        ([0, 1, -1, -3], "2 of 4 that are not, such as -1 at position 2"),
        ([0, 1.5, 2, 3], "1 of 4 that are not, such as 1.5 at position 1"),
        ([0, np.nan, 2, 3], "1 of 4 that are not, such as nan"),
        ([0, 2**31, 2, 3], "such as 2147483648 at position 1"),
        (["a", "b", "c", "d"], "integers. Received: dtype"),
        (np.eye(4), "for one-hot labels take their argmax"),
        ([0, 1, 2], "one label per image in the given array. Received: 4 images"),
    ],
)
def test_bad_labels_are_refused_with_an_example(labels, message):
    with pytest.raises(ValueError, match=message):
        load((numbered(4), np.array(labels)), labels=True)


def test_column_of_whole_floats_makes_labels():
    _, labels = next(iter(load((numbered(3), np.array([[2.0], [0.0], [1.0]])), labels=True, shuffle=False)))
    assert labels.numpy().tolist() == [2, 0, 1]


def test_masked_arrays_are_refused():
    images, labels = np.full((4, 8, 8, 1), 9, "uint8"), np.arange(4)
    for wrong in (np.ma.masked_greater(images, 8), (images, np.ma.masked_greater(labels, 2))):
        with pytest.raises(ValueError, match="Expected .* without masked values .*Received: .* masked"):
            load(wrong, labels=isinstance(wrong, tuple), batch_size=2)


@pytest.mark.parametrize(
    "options", [{"labels": "false"}, {"shuffle": "no"}, {"drop_remainder": 1}, {"cache": "x"}, {"channels": True}]
)
def test_flag_that_is_no_bool_is_refused(options):
    with pytest.raises(ValueError, match=f"Expected {next(iter(options))} to be .* Received: "):
        load("digits", **options)


@pytest.mark.parametrize("shape", [(28, 28, 3), (28, 28, 1), (3, 28, 28), (28, 28, 4)])
def test_one_image_is_not_taken_for_many(shape):
    with pytest.raises(ValueError, match="Expected .* Received: shape .* one image"):
        load(np.zeros(shape, np.uint8))


def test_array_without_a_split_beside_one_for_testing_is_for_training(tmp_path):
    arrays = {"x": np.full((4, 8, 8), 9, "uint8"), "y": range(4), "x_test": np.full((2, 8, 8), 7, "uint8")}
    np.savez(tmp_path / "a.npz", **arrays)
    assert load_arrays(tmp_path / "a.npz")[1].tolist() == [0, 1, 2, 3]
    images, labels = load_arrays(tmp_path / "a.npz", split="test")
    assert (len(images), images.max(), labels) == (2, 7, None)
    np.savez(tmp_path / "b.npz", x_train=arrays["x"], **arrays)
    with pytest.raises(ValueError, match="Expected either an array 'x' or one for each split"):
        load_arrays(tmp_path / "b.npz")


@pytest.mark.parametrize(
    "source, options, message",
    [
        ((([0], [0]), ([0], [0])), {}, "Received: a tuple of tuples$"),
        ([np.zeros((4, 8, 8)), np.zeros(4)], {}, "Received: list$"),
        ("digits", {"split": "train+test"}, "Expected one split .no sum"),
        ("digits", {"batch_size": 5000, "drop_remainder": True}, "^Expected batch_size of at most"),
    ],
)
def test_message_about_a_source_is_one_short_sentence(source, options, message):
    with pytest.raises(ValueError, match=message):
        load(source, **options)
