"""Labels for some of the images: which are kept, how often they come, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from keras_genzoo.data import hide_labels, load
from keras_genzoo.data.kinds import ImagePairs, Images, LabelledImages, PartlyLabelledImages
from keras_genzoo.data.sources import classes_of
from keras_genzoo.recipes.data import DataConfig

LABELS = np.array([1, 0, 1, 1, 2, 0, 1, 2, 0, 1, 1, 1])


def numbered(count):
    return np.broadcast_to(np.arange(count, dtype="uint8")[:, None, None, None] + 2, (count, 4, 4, 1)).copy()


def rows_of(dataset):
    """Numbers of the images and the labels of an epoch."""
    images, labels = zip(*dataset, strict=True)
    return np.concatenate([each.numpy()[:, 0, 0, 0] for each in images]) - 2, np.concatenate(labels)


def test_kept_labels_are_true_balanced_and_the_first_of_a_fixed_order():
    order = np.random.default_rng(2718).permutation(12)
    of_class = [[row for row in order if LABELS[row] == label] for label in range(3)]
    for num, counts in {3: (1, 1, 1), 4: (2, 1, 1), 8: (3, 3, 2), 11: (3, 6, 2), 12: (3, 7, 2), 0: (0, 0, 0)}.items():
        hidden = hide_labels(LABELS, num)
        kept = [row for rows, count in zip(of_class, counts, strict=True) for row in rows[:count]]
        expected = np.full(12, -1)
        expected[kept] = LABELS[kept]
        np.testing.assert_array_equal(hidden, expected)
        assert hidden.dtype == np.int32


def test_images_that_have_no_label_stay_without_one():
    hidden = hide_labels(np.where(LABELS == 1, -1, LABELS), 4)
    assert np.bincount(hidden + 1).tolist() == [8, 2, 0, 2]
    assert set(np.flatnonzero(hidden >= 0)) <= set(np.flatnonzero(LABELS != 1))


@pytest.mark.parametrize("options", [{"seed": 5}, {"first_epoch": 3}, {"shuffle": False}])
def test_loader_hides_the_same_labels_in_every_order(options):
    numbers, labels = rows_of(load((numbered(12), LABELS), labels=True, num_labelled=4, batch_size=5, **options))
    np.testing.assert_array_equal(labels, hide_labels(LABELS, 4)[numbers])
    np.testing.assert_array_equal(np.sort(numbers), np.arange(12))


def test_labels_are_counted_within_the_range_and_the_limit():
    for options in ({"split": "train[:50%]"}, {"limit": 6}):
        _, labels = rows_of(load((numbered(12), LABELS), labels=True, num_labelled=4, **options))
        assert len(labels) == 6 and (labels >= 0).sum() == 4


def test_labelled_images_are_repeated_in_memory_and_from_files(tmp_path):
    for row, label in enumerate(LABELS):
        folder = tmp_path / f"class {label}"
        folder.mkdir(exist_ok=True)
        Image.fromarray(numbered(12)[row, :, :, 0]).save(folder / f"{row:02d}.png")
    options = dict(labels=True, num_labelled=3, repeat_labelled=4, batch_size=7)
    for source in ((numbered(12), LABELS), tmp_path):
        dataset = load(source, cache=source is not tmp_path, **options)
        assert (len(dataset), dataset.num_images) == (3, 12)
        numbers, labels = rows_of(dataset)
        counts = np.bincount(numbers, minlength=12)
        assert len(numbers) == 12 + 3 * 3 and sorted(counts) == [1] * 9 + [4] * 3
        np.testing.assert_array_equal(labels, np.where(counts == 4, LABELS, -1)[numbers])


def test_labels_of_a_source_may_be_partial():
    partial = np.where(LABELS == 2, -1, LABELS)
    _, labels = rows_of(load((numbered(12), partial), labels="partial", shuffle=False))
    np.testing.assert_array_equal(labels, partial)
    assert classes_of((numbered(12), partial)).number == 2
    assert classes_of((numbered(12), np.full(12, -1))) is None
    with pytest.raises(ValueError, match="integers of at least 0 .*labelled:.* Received: 2 of 12 .* such as -1"):
        load((numbered(12), partial), labels=True)
    with pytest.raises(ValueError, match="or -1 for an image without a label. Received: 1 of 12 .* such as -2"):
        load((numbered(12), np.where(np.arange(12) == 3, -2, LABELS)), labels="partial")


def test_images_without_labels_are_all_unlabelled_only_if_asked():
    _, labels = rows_of(load(numbered(3), labels="partial", num_labelled=0))
    assert labels.tolist() == [-1, -1, -1]
    for options in ({"labels": "partial"}, {"labels": True, "num_labelled": 2}):
        with pytest.raises(ValueError, match="Expected labels in the given array"):
            load(numbered(3), **options)


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(labels=True, num_labelled=13), "num_labelled of at most 12, the number of images with labels in the giv"),
        (dict(labels=True, num_labelled=2), "num_labelled of at least 3, one image of each class in the given array"),
        (dict(labels=True, num_labelled=-1), "num_labelled to be an integer of at least 0. Received: num_labelled=-1"),
        (dict(labels=True, num_labelled=True), "integer of at least 0. Received: num_labelled=True"),
        (dict(labels=True, num_labelled=0.5), "integer of at least 0. Received: num_labelled=0.5"),
        (dict(num_labelled=3), "labels=True with num_labelled. Received: labels=False, num_labelled=3"),
        (dict(labels="some"), "labels to be True, False or 'partial'. Received: labels='some'"),
        (dict(labels=True, num_labelled=3, repeat_labelled=0), "repeat_labelled to be an integer of at least 1"),
        (dict(labels=True, repeat_labelled=2), "repeat_labelled=1 where all images have a label, or none. Received"),
        (dict(labels=True, num_labelled=0, repeat_labelled=2), "repeat_labelled=1 where all images have a label, or n"),
        (dict(repeat_labelled=2), "repeat_labelled=1 where all images have a label, or none. Received"),
    ],
)
def test_labelling_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=f"^Expected .*{message}"):
        load((numbered(12), LABELS), **options)


@pytest.mark.parametrize("wrong", [None, 3, ["a", "b"], [[0, 1], [1, 0]], [0.5, 1.0]])
def test_labels_to_hide_are_integers(wrong):
    with pytest.raises(ValueError, match="^Expected .*labels.* Received: "):
        hide_labels(wrong, 1)


@pytest.mark.parametrize("field", [{"num_labelled": 10}, {"repeat_labelled": 2}])
@pytest.mark.parametrize(
    "kind, takes",
    [(Images, "takes no labels"), (LabelledImages, "needs the labels of all images"), (ImagePairs, "takes no labels")],
)
def test_recipe_of_a_model_without_partial_labels_refuses_their_settings(kind, takes, field):
    ((name, value),) = field.items()
    with pytest.raises(ValueError, match=f"Expected no data.{name}: the model {takes}. Received: data.{name}={value}"):
        kind().load("digits", DataConfig(**field))


def test_recipe_loads_partial_labels_and_validates_with_all():
    config = DataConfig(num_labelled=20, repeat_labelled=2, validation_split="test", batch_size=2000)
    kind = PartlyLabelledImages()
    ((_, labels),) = kind.load("digits", config)
    assert np.bincount(labels.numpy() + 1).tolist() == [1480] + [4] * 10
    ((_, labels),) = kind.load("digits", config.for_validation())
    assert len(labels) == 297 and labels.numpy().min() == 0
    for wrong in ({"num_labelled": -1}, {"num_labelled": "all"}, {"repeat_labelled": 0}):
        with pytest.raises(ValueError, match=r"Expected .*_labelled.* Received: "):
            DataConfig(**wrong)
