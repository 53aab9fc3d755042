"""Views of sources: drawings of the edges in images, `edges:SOURCE`, and images with labels, `labelled:SOURCE`."""

import numpy as np
import pytest
from PIL import Image

from keras_genzoo.data import load, load_arrays, load_pairs
from keras_genzoo.data.edges import edge_drawings
from keras_genzoo.data.named import named_images
from keras_genzoo.data.views import public_source, unviewed


@pytest.fixture
def squares(tmp_path):
    for number in range(3):
        pixels = np.full((24, 32, 3), 255, np.uint8)
        pixels[8:16, 4 + number : 12] = (200, 30, 30)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    return tmp_path


def test_edges_are_black_lines_around_shapes(squares):
    drawings, _ = load_arrays(f"edges:folder:{squares}")
    assert drawings.shape == (3, 24, 32, 3) and set(np.unique(drawings)) == {0, 255}
    lines = np.argwhere(drawings[0, :, :, 0] == 0)
    np.testing.assert_allclose([lines.min(0), lines.max(0)], [[8, 4], [16, 12]], atol=1)  # the square's border
    assert (drawings[0, 10:14, 6:10] == 255).all()  # and nothing inside


def test_a_shape_cut_off_by_the_border_is_outlined_there_if_it_lies_on_white():
    images = np.full((2, 24, 32, 3), 255, np.uint8)
    images[:, :12, 10:20] = (120, 120, 200)  # touches the upper border
    images[0, 0, 10:20] = 40  # a dark rim, whose steepest slope lies outside
    images[1, -1] = 90  # corners that are not white: a photograph
    sign, photograph = edge_drawings(images)[..., 0] == 0
    np.testing.assert_array_equal(sign[0].nonzero()[0], np.arange(10, 20))
    assert sign[11:13, 15].any() and not sign[4:10, 12:18].any() and not photograph[0, 12:18].any()
    for turns in (1, 2, 3):  # the other borders
        turned = edge_drawings(np.rot90(images[:1], turns, (1, 2)))[0, ..., 0] == 0
        assert np.rot90(turned, -turns)[0, 10:20].all()


def test_drawings_and_images_of_one_source_are_pairs(squares):
    pairs = load_pairs(f"edges:{squares}", f"folder:{squares}", paired=True, shuffle=False, batch_size=3)
    drawings, images = next(iter(pairs))
    np.testing.assert_array_equal(images, load_arrays(squares)[0])
    np.testing.assert_array_equal(drawings, load_arrays(f"edges:{squares}")[0])


def test_edges_are_drawn_at_the_size_of_the_images(squares):
    drawings, _ = load_arrays(f"edges:right:{squares}", image_size=(48, 32), channels=1)
    assert drawings.shape == (3, 48, 32, 1) and set(np.unique(drawings)) <= {0, 255}


def test_signals_have_no_edges(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.linspace(-1, 1, 64, dtype="float32").reshape(2, 32, 1))
    with pytest.raises(ValueError, match="Expected images for edges:. Received: .*, which has none"):
        load_arrays(f"edges:npz:{tmp_path / 'a.npz'}")


def test_a_file_that_cannot_be_read_takes_its_name_along(squares):
    (squares / "1.png").write_bytes(b"no image")
    with pytest.warns(UserWarning, match="Skipped 1 of 3 images"):
        named = list(named_images(f"edges:{squares}")[1])
    assert [name for name, _ in named] == ["0", "2"]


def test_edges_keep_labels_and_ranges():
    drawings, labels = load_arrays("edges:digits", split="train[:20]")
    images, same = load_arrays("digits", split="train[:20]")
    assert drawings.shape == images.shape
    np.testing.assert_array_equal(labels, same)


def test_views_of_views_have_one_source():
    assert unviewed("edges:left:folder:a") == ("edges:left", "folder:a")
    assert public_source("edges:left:folder:/home/me/facades") == "edges:left:folder:facades"


@pytest.fixture
def partly_labelled(tmp_path):
    images = np.arange(6 * 8 * 8).astype("uint8").reshape(6, 8, 8)
    np.savez(tmp_path / "a.npz", a=images, b=255 - images, group=[1, -1, 0, 2, -1, 0], split=[0, 0, 0, 0, 1, 1])
    return f"npz:{tmp_path / 'a.npz'}"


def test_labelled_images_are_those_without_the_label_of_none(partly_labelled):
    options = dict(image_key="a, b", label_key="group")
    every, _ = load_arrays(partly_labelled, image_key="a, b")
    images, labels = load_arrays(f"labelled:{partly_labelled}", **options)
    np.testing.assert_array_equal(labels, [1, 0, 2, 1, 0, 2])
    np.testing.assert_array_equal(images, every[[0, 2, 3, 4, 6, 7]])
    dataset = load(f"labelled:{partly_labelled}", labels=True, **options)
    assert [len(images) for images, _ in dataset] == [6] and dataset.classes.number == 3


def test_without_the_view_such_images_are_refused(partly_labelled):
    with pytest.raises(ValueError, match="integers of at least 0.*labelled:.*such as -1"):
        load(partly_labelled, labels=True, image_key="a", label_key="group")


def test_labels_for_none_of_the_images_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.full((2, 8, 8), 9, np.uint8), y=[-1, -1])
    with pytest.raises(ValueError, match="Expected images with labels in .*Received: -1, no label, for all 2"):
        load_arrays(f"labelled:npz:{tmp_path / 'a.npz'}", image_key="x", label_key="y")
    with pytest.raises(ValueError, match="Expected labels for labelled:. Received: .*, which has none"):
        np.savez(tmp_path / "b.npz", x=np.full((2, 8, 8), 9, np.uint8))
        load_arrays(f"labelled:npz:{tmp_path / 'b.npz'}", image_key="x")


@pytest.mark.parametrize(
    "source",
    [
        "label_maps:labelled:edges:.",
        "label_maps:labelled:digits",
        "edges:labelled:signals:hum",
        "edges:points:ring8",
        "edges:edges:digits",
        "edges:tfds:mnist",
        "left:edges:digits",
        "labelled:points:grid25",
    ],
)
def test_edges_of_other_sources_are_refused(source):
    with pytest.raises(ValueError, match="Expected .* after (edges|left|label_maps|labelled):. Received: "):
        load_arrays(source)
