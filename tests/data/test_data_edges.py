"""Drawings of the edges in images: `edges:SOURCE`."""

import numpy as np
import pytest
from PIL import Image

from keras_genzoo.data import load_arrays, load_pairs
from keras_genzoo.data.views import unviewed
from keras_genzoo.presets.cards import public_source


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


def test_drawings_and_images_of_one_source_are_pairs(squares):
    pairs = load_pairs(f"edges:{squares}", f"folder:{squares}", paired=True, shuffle=False, batch_size=3)
    drawings, images = next(iter(pairs))
    np.testing.assert_array_equal(images, load_arrays(squares)[0])
    np.testing.assert_array_equal(drawings, load_arrays(f"edges:{squares}")[0])


def test_edges_are_drawn_at_the_size_of_the_images(squares):
    drawings, _ = load_arrays(f"edges:right:{squares}", image_size=(48, 32), channels=1)
    assert drawings.shape == (3, 48, 32, 1) and set(np.unique(drawings)) <= {0, 255}


def test_edges_keep_labels_and_ranges():
    drawings, labels = load_arrays("edges:digits", split="train[:20]")
    images, same = load_arrays("digits", split="train[:20]")
    assert drawings.shape == images.shape
    np.testing.assert_array_equal(labels, same)


def test_views_of_views_have_one_source():
    assert unviewed("edges:left:folder:a") == ("edges:left", "folder:a")
    assert public_source("edges:left:folder:/home/me/facades") == "edges:left:folder:facades"


@pytest.mark.parametrize(
    "source", ["edges:points:ring8", "edges:edges:digits", "edges:tfds:mnist", "left:edges:digits"]
)
def test_edges_of_other_sources_are_refused(source):
    with pytest.raises(ValueError, match="Expected .* after (edges|left):. Received: "):
        load_arrays(source)
