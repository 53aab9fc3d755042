"""Images of any size through a translator of one size: tiles, weights, seams, and what is refused."""

import math

import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo.families import tiling
from keras_genzoo.families.tiling import in_tiles, in_windows, tile_starts, tile_weights

SHAPE = (8, 6, 3)


def image(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype="uint8")


@pytest.fixture(scope="module")
def model():
    return keras_genzoo.build("pix2pix", image_shape=(8, 8, 3), base_filters=4, num_levels=1, seed=0)


@pytest.mark.parametrize("tile", [8, 9, 30])
@pytest.mark.parametrize("more", [0, 1, 5, 6, 7, 12, 13, 92, 993])
def test_tiles_cover_a_side_and_their_weights_have_the_sum_1(more, tile):
    side = tile + more
    starts = tile_starts(side, tile)
    assert starts[0] == 0 and starts[-1] == side - tile and np.diff(starts).max(initial=0) <= 0.75 * tile
    total = np.zeros(side)
    for start, weights in zip(starts, tile_weights(starts, tile), strict=True):
        assert weights.min() > 0
        total[start : start + tile] += weights
    np.testing.assert_allclose(total, 1.0, rtol=1e-6)


@pytest.mark.parametrize("size", [(8, 6), (3, 2), (1, 40), (30, 5), (31, 47)])
def test_a_function_of_each_pixel_is_that_of_the_whole_image(size):
    given = image(*size)
    made = in_tiles(lambda tiles: 1.0 - tiles / 255.0, given, SHAPE)
    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made, 255 - given)


def test_seams_are_blended():
    numbers = iter(range(100))

    def grey_by_tile(tiles):
        return np.stack([np.full(SHAPE, 0.1 + 0.2 * (next(numbers) % 2), "float32") for _ in tiles])

    made = in_tiles(grey_by_tile, image(8, 30), SHAPE)
    steps = np.abs(np.diff(made[0, :, 0].astype(int)))
    assert 0 < steps.max() <= 0.2 * 255 / (math.ceil(6 * tiling.OVERLAP) + 1) + 1


def test_memory_holds_one_row_of_tiles_at_a_time():
    sizes = []
    in_tiles(lambda tiles: sizes.append(len(tiles)) or tiles / 255.0, image(200, 60), SHAPE)
    assert set(sizes) == {len(tile_starts(60, 6))}


def test_translate_takes_any_size_array_list_and_file(model, tmp_path):
    large, small = image(21, 30), image(5, 9, seed=1)
    made = model.translate(large[None])
    assert made.shape == (1, 21, 30, 3) and made.dtype == np.uint8
    both = model.translate([large, small])
    np.testing.assert_array_equal(both[0], made[0])
    assert both[1].shape == small.shape
    Image.fromarray(large).save(tmp_path / "a.png")
    np.testing.assert_array_equal(model.translate(tmp_path / "a.png"), made)
    np.testing.assert_array_equal(model.translate(large[None] / np.float32(255)), made)
    fitted = model.translate(tmp_path / "a.png", keep_size=False)
    assert fitted.shape == (1, 8, 8, 3)


def test_an_image_of_the_models_size_goes_through_the_network_once(model):
    given = image(8, 8)
    direct = model.translate(given[None])[0].astype(int)
    tiled = in_tiles(lambda tiles: np.asarray(model.translated(tiles, "a_to_b")), given, (8, 8, 3)).astype(int)
    assert np.abs(direct - tiled).max() <= 1


@pytest.mark.parametrize(
    "images, options, sentence",
    [
        (image(9, 9), {}, r"Expected images of shape \(batch, height, width, 3\). Received: shape \(9, 9, 3\)"),
        (image(9, 9)[None, ..., :1], {}, r"Expected images of shape \(batch, height, width, 3\)"),
        (image(9, 9)[None], {"keep_size": False}, r"Expected images of shape \(batch, 8, 8, 3\)"),
        ([image(9, 9), image(9, 9)[..., 0]], {}, "Expected images as one array .* or as a list of images"),
        (image(9, 9)[None], {"keep_size": 1}, "Expected keep_size"),
        (image(9, 9)[None, :, :0], {}, r"Expected images of at least one pixel. Received: shape \(1, 9, 0, 3\)"),
        (".", {}, "Expected the path of an image file .*Received: '.', which is no image file"),
    ],
)
def test_other_images_are_refused(model, images, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        model.translate(images, **options)


def test_files_that_are_not_there_or_broken_are_named(model, tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected the path of an image file .*none.png', which is not there"):
        model.translate(tmp_path / "none.png")
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="Expected images that can be read in .*broken.png"):
        model.translate(f"edges:{tmp_path / 'broken.png'}")


# -- signals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 7, 20, 21, 50, 1500])
def test_windows_of_a_signal_are_put_together_at_their_places(length):
    signal = np.random.default_rng(0).uniform(-1, 1, (length, 2)).astype("float32")
    shapes = []

    def halved(windows):
        shapes.append(windows.shape)
        return windows / 2

    np.testing.assert_allclose(in_windows(halved, signal, 20), signal / 2, atol=1e-6)
    assert {shape[1:] for shape in shapes} == {(20, 2)}
    assert max(shape[0] for shape in shapes) <= tiling.WINDOWS  # bounded memory, however long the signal is


def test_seams_of_windows_are_blended():
    numbers = iter(range(100))

    def numbered(windows):  # each window is another constant
        return np.stack([np.full(each.shape, next(numbers) / 10) for each in windows])

    made = in_windows(numbered, np.zeros((50, 1), "float32"), 20)[:, 0]
    assert np.abs(np.diff(made)).max() < 0.1 / 3 and made[0] == 0.0 and made[-1] == pytest.approx(0.2)
