"""Grids and curves: what is where in the picture."""

import warnings

import numpy as np
import pytest
from PIL import Image

from keras_genzoo import data, plots


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("num", "columns", "gap", "scale"), [(1, None, 2, 1), (5, 3, 1, 1), (6, 2, 0, 2), (7, 4, 3, 3)]
)
def test_grid_has_every_image_at_its_place_and_the_background_between(num, columns, gap, scale, channels):
    images = noise(num, 4, 5, channels)
    grid = plots.image_grid(images, columns=columns, gap=gap, scale=scale, background=77)
    wide = columns or 1
    rows = -(-num // wide)
    assert grid.shape == (rows * (4 * scale + gap) + gap, wide * (5 * scale + gap) + gap, channels)
    covered = np.zeros(grid.shape[:2], bool)
    for index, image in enumerate(images):
        row, column = divmod(index, wide)
        top, left = gap + row * (4 * scale + gap), gap + column * (5 * scale + gap)
        part = (slice(top, top + 4 * scale), slice(left, left + 5 * scale))
        np.testing.assert_array_equal(grid[part], np.kron(image, np.ones((scale, scale, 1), "uint8")))
        covered[part] = True
    assert (grid[~covered] == 77).all()
    assert covered.sum() == num * 20 * scale**2


@pytest.mark.parametrize(("num", "shape"), [(1, (1, 1)), (2, (1, 2)), (5, (2, 3)), (9, (3, 3)), (10, (3, 4))])
def test_grid_without_columns_is_about_square(num, shape):
    rows, columns = shape
    assert plots.image_grid(noise(num, 2, 3, 1), gap=0).shape == (rows * 2, columns * 3, 1)


def test_grid_is_no_wider_than_its_images():
    assert plots.image_grid(noise(2, 4, 4, 1), columns=10, gap=0).shape == (4, 8, 1)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((4, 8, 8, 1), "float32"),
        np.zeros((4, 8, 8, 1), "int64"),
        np.zeros((8, 8, 1), "uint8"),
        np.zeros((4, 8, 8, 2), "uint8"),
        np.zeros((0, 8, 8, 1), "uint8"),
    ],
    ids=["float", "int64", "rank", "channels", "none"],
)
def test_grid_of_anything_but_uint8_images_is_refused(images, tmp_path):
    received = f"{images.dtype} of shape {images.shape}".replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ValueError, match=f"Expected at least one uint8 image.* Received: {received}"):
        plots.image_grid(images)
    with pytest.raises(ValueError, match="Expected at least one uint8 image"):
        plots.save_grid(images, tmp_path / "grid.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_png_of_a_grid_reads_back_exactly(channels, mode, tmp_path):
    images = noise(5, 6, 7, channels)
    path = plots.save_grid(images, tmp_path / "new" / "grid.png", columns=2, scale=1, gap=3)
    with Image.open(path) as picture:
        assert (picture.format, picture.mode) == ("PNG", mode)
        pixels = np.asarray(picture).reshape(*picture.size[::-1], channels)
    np.testing.assert_array_equal(pixels, plots.image_grid(images, columns=2, gap=3))
    assert [file.name for file in path.parent.iterdir()] == ["grid.png"]


@pytest.mark.parametrize(("side", "scale"), [(8, 2), (32, 2), (33, 1)])
def test_small_images_are_doubled(side, scale, tmp_path):
    with Image.open(plots.save_grid(noise(1, side, side, 1), tmp_path / "a.png", gap=0)) as picture:
        assert picture.size == (side * scale, side * scale)


def test_grid_replaces_the_picture_that_was_there(tmp_path):
    for images in (noise(1, 8, 8, 1), np.zeros((1, 8, 8, 1), "uint8")):
        path = plots.save_grid(images, tmp_path / "a.png", scale=1, gap=0)
    with Image.open(path) as picture:
        assert not np.asarray(picture).any()


def test_failed_write_leaves_the_picture_that_was_there(tmp_path, monkeypatch):
    path = plots.save_grid(noise(1, 8, 8, 1), tmp_path / "a.png")
    before = path.read_bytes()

    def fail(self, file, **kwargs):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        plots.save_grid(np.zeros((1, 8, 8, 1), "uint8"), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def ink(path):
    """Pixels of a picture that are not white, and their colours that are not grey."""
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    coloured = (pixels.max(axis=-1) - pixels.min(axis=-1)) > 60
    return pixels.shape, coloured


def test_loss_plot_draws_a_panel_for_losses_and_one_for_the_rest(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("epoch,seconds,d_loss,g_loss\n1,2.0,1.5,0.5\n2,2.0,1.0,0.75\n3,2.0,0.5,1.0\n", encoding="utf-8")
    one, coloured = ink(plots.save_loss_plot(log, tmp_path / "one.png"))
    assert 600 < one[1] < 1000 and 250 < one[0] < 500
    assert coloured.sum() > 500  # two lines of some hundred pixels
    log.write_text("epoch,seconds,loss,accuracy\n1,2.0,1.5,0.5\n2,2.0,1.0,0.75\n", encoding="utf-8")
    two, coloured = ink(plots.save_loss_plot(log, tmp_path / "two.png"))
    assert two == (2 * one[0], one[1], 3)
    assert coloured[: one[0]].any() and coloured[one[0] :].any()


@pytest.mark.parametrize("rows", [1, 200])
def test_loss_plot_takes_one_epoch_and_many(rows, tmp_path):
    log = tmp_path / "log.csv"
    lines = "".join(f"{epoch},1.0,{1 / epoch}\n" for epoch in range(1, rows + 1))
    log.write_text("epoch,seconds,loss\n" + lines, encoding="utf-8")
    assert ink(plots.save_loss_plot(log, tmp_path / "loss.png"))[1].any()


def test_loss_plot_leaves_out_what_a_row_lacks(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("epoch,seconds,loss,val_loss\n1,1.0,3.0,\n2,1.0,2.0,2.5\n3,1.0,1.0,1.5\n", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ink(plots.save_loss_plot(log, tmp_path / "loss.png"))[1].any()


def test_loss_plot_of_an_empty_log_is_none(tmp_path):
    assert plots.save_loss_plot(tmp_path / "none.csv", tmp_path / "loss.png") is None
    (tmp_path / "log.csv").write_text("epoch,seconds,loss\n", encoding="utf-8")
    assert plots.save_loss_plot(tmp_path / "log.csv", tmp_path / "loss.png") is None
    assert not (tmp_path / "loss.png").exists()


@pytest.mark.parametrize(
    "wrong",
    [{"columns": 0}, {"columns": 2.5}, {"scale": 0}, {"gap": -1}, {"background": 256}, {"background": 0.5}],
    ids=str,
)
def test_wrong_layout_of_a_grid_is_refused(wrong, tmp_path):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"Expected {name} .*Received: {name}={value}"):
        plots.image_grid(noise(4, 8, 8, 1), **wrong)
    if name != "background":
        with pytest.raises(ValueError, match=f"Expected {name} "):
            plots.save_grid(noise(4, 8, 8, 1), tmp_path / "grid.png", **wrong)
        assert not any(tmp_path.iterdir())


def test_pairs_of_other_shapes_or_types_are_refused(tmp_path):
    images = noise(4, 8, 8, 1)
    for other in (images[:3], images[:1], images / 255.0, np.repeat(images, 3, axis=-1)):
        with pytest.raises(ValueError, match="Expected images before and after as uint8 of one shape"):
            plots.save_pairs(images, other, tmp_path / "pairs.png")
    with pytest.raises(ValueError, match="Expected images after without masked values"):
        plots.save_pairs(images, np.ma.masked_greater(images, 9), tmp_path / "pairs.png")


def red(path):
    """Where a picture is red."""
    with Image.open(path) as picture:
        values, green, blue = np.moveaxis(np.asarray(picture.convert("RGB")).astype(int), -1, 0)
    return (values > 180) & (green < 90) & (blue < 90)


def test_health_plot_has_a_panel_for_each_measure_and_the_limit_of_trouble(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("epoch,d_loss,health_gradient\n1,1,0.5\n2,1,0.7\n", encoding="utf-8")
    one, _ = ink(plots.save_health_plot(log, tmp_path / "one.png"))
    assert not red(tmp_path / "one.png").any()  # the gradient has no limit
    log.write_text("epoch,d_loss,health_gradient,health_shift\n1,1,0.5,\n2,1,0.7,0.1\n3,1,0.7,nan\n", encoding="utf-8")
    two, _ = ink(plots.save_health_plot(log, tmp_path / "two.png"))
    assert two == (2 * one[0], one[1], 3)
    assert red(tmp_path / "two.png").any()


def test_health_is_not_among_the_losses_and_other_models_have_none(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("epoch,health_shift\n1,0.5\n2,0.7\n", encoding="utf-8")
    assert plots.save_loss_plot(log, tmp_path / "loss.png") is None
    log.write_text("epoch,loss\n1,0.5\n2,0.7\n", encoding="utf-8")
    assert plots.save_health_plot(log, tmp_path / "health.png") is None
    assert plots.save_health_plot(tmp_path / "none.csv", tmp_path / "health.png") is None


def test_log_without_values_has_no_plot_and_folders_of_a_plot_are_made(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("epoch,seconds\n1,2\n")
    assert plots.save_loss_plot(log, tmp_path / "none.png") is None
    log.write_text("epoch,loss\n1,2\n2,1\n")
    assert plots.save_loss_plot(log, tmp_path / "new" / "plot.png").is_file()


def test_points_are_drawn_over_their_modes(tmp_path):
    modes = data.modes_of("points:ring8")
    points, _ = data.draw_points("points:ring8", 400)
    empty, full = (
        plots.save_points(each, tmp_path / f"{len(each)}.png", modes) for each in (points[:1], np.tile(points, (3, 1)))
    )
    pictures = [np.asarray(Image.open(path).convert("RGB")).astype(int) for path in (empty, full)]
    red = [(picture[..., 0] > picture[..., 2] + 60).sum() for picture in pictures]
    blue = [(picture[..., 2] > picture[..., 0] + 60).sum() for picture in pictures]
    assert min(red) > 50  # the modes, in both
    assert blue[1] > 10 * max(1, blue[0])  # the points
    assert plots.is_own(full)


@pytest.mark.parametrize("columns", [1, 3])
def test_points_of_other_numbers_of_coordinates_are_drawn(columns, tmp_path):
    points = np.random.default_rng(0).normal(size=(30, columns))
    points[0] = np.nan
    assert plots.is_own(plots.save_points(points, tmp_path / "points.png"))


@pytest.mark.parametrize("points", [np.zeros((3, 8, 8, 1)), np.zeros((0, 2)), np.zeros(3)])
def test_what_are_no_points_is_not_drawn(points, tmp_path):
    with pytest.raises(ValueError, match=r"Expected points of shape \(n, coordinates\).*Received"):
        plots.save_points(points, tmp_path / "points.png")
    with pytest.raises(ValueError, match="Expected points of shape.*Received"):
        plots.save_points(np.zeros((3, 3)), tmp_path / "points.png", data.modes_of("points:ring8"))


# -- signals -----------------------------------------------------------------------------------------------------------


def test_signals_are_drawn_in_rows_and_columns_with_names(tmp_path):
    signals = data.draw_signals("noisy", 5)
    sizes = []
    for number, options in enumerate(({}, {"columns": 1}, {"names": ("input", "output", "truth")})):
        path = plots.save_signals(signals, tmp_path / f"{number}.png", **options)
        with Image.open(path) as picture:
            sizes.append(picture.size)
            assert len(np.unique(np.asarray(picture.convert("L")))) > 10
    two, one, three = sizes
    assert one[0] < two[0] < three[0] and one[1] > two[1] > three[1]
    plots.save_signals(np.zeros((1, 20000, 2)), tmp_path / "silent.png")  # more samples than pixels
    plots.save_samples(signals, tmp_path / "samples.png")
    for wrong in (signals[0], signals[:0], signals * 9, np.zeros((1, 0, 1))):
        with pytest.raises(ValueError, match=r"Expected .*signal.* Received"):
            plots.save_signals(wrong, tmp_path / "wrong.png")
    with pytest.raises(ValueError, match="Expected 3 names of columns. Received: 1"):
        plots.save_signals(signals, tmp_path / "wrong.png", 3, ("input",))
    assert not (tmp_path / "wrong.png").exists()
