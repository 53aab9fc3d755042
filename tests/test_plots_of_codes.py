"""Pictures of codes and chains: which image stands where, and what is refused."""

import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo import plots
from keras_genzoo.cli.plot import missing_part
from keras_genzoo.plots import codes


@pytest.fixture
def tables(monkeypatch):
    """What `save_table` is called with, in place of files."""
    calls = []
    for module in (plots.codes, plots.chains):
        monkeypatch.setattr(module, "save_table", lambda images, path, **names: calls.append((images, names)))
    return calls


def vae(latent_dim):
    return keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[8], latent_dim=latent_dim)


def test_table_has_images_in_rows_and_names_beside_them(tmp_path):
    images = np.zeros((2, 3, 8, 8, 1), "uint8")
    images[1, 2] = 255
    path = plots.save_table(images, tmp_path / "new" / "a.png", ["first", "second"], ["a", "b", "c"])
    assert plots.is_own(path)
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("L"), "float64")
    dark = pixels < 64
    rows, columns = np.nonzero(dark.mean(axis=1) > 0.3)[0], np.nonzero(dark.mean(axis=0) > 0.3)[0]
    inside = dark[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    height, width = inside.shape
    means = [
        [inside[height * r // 2 :, width * c // 3 :][: height // 2, : width // 3].mean() for c in range(3)]
        for r in (0, 1)
    ]
    assert np.array(means).round(1).tolist() == pytest.approx(np.array([[1, 1, 1], [1, 1, 0]]), abs=0.15)


def test_dollars_in_names_are_no_formulas(digits, tmp_path):
    names = ["$a_$", "$"]
    plots.save_table(np.zeros((2, 2, 8, 8, 1), "uint8"), tmp_path / "a.png", names, names)
    plots.save_latent_map(vae(2), digits[0][:4], tmp_path / "b.png", [0, 1, 0, 1], names, num=2)


@pytest.mark.parametrize(
    ("shape", "rows", "message"),
    [
        ((2, 8, 8, 1), None, "Expected images of shape .rows, columns, height"),
        ((2, 3, 8, 8, 1), ["one"], "Expected 2 names of rows. Received: 1"),
        ((1, 3, 8, 8, 1), ["one", "two"], "Expected 1 name of rows. Received: 2"),
        ((0, 3, 8, 8, 1), None, "Expected at least one uint8 image"),
    ],
)
def test_table_of_other_images_or_names_is_refused(shape, rows, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        plots.save_table(np.zeros(shape, "uint8"), tmp_path / "a.png", rows)
    assert list(tmp_path.iterdir()) == []


def test_traversals_change_one_component_and_begin_with_the_most_used(tables, digits, tmp_path):
    model, images = vae(3), digits[0][:50]
    plots.save_traversals(model, images, tmp_path / "a.png", num=2, steps=5)
    ((shown, names),) = tables
    codes = model.encode(images)[0]
    order = np.argsort(-model.code_use(images))[:2]
    assert names["rows"] == [f"z[{component}]" for component in order]
    z = np.repeat(codes[:1], 5, axis=0)
    z[:, order[1]] = np.linspace(*np.percentile(codes[:, order[1]], [1, 99]), 5)
    np.testing.assert_allclose(shown[1], np.rint(model.decode(z) * 255), atol=1)


def test_traversals_of_a_model_with_labels_keep_the_label_of_the_first_image(tables, digits, tmp_path):
    args = dict(image_shape=(8, 8, 1), network="mlp", hidden_units=[8], latent_dim=2, num_classes=10)
    model, images, labels = keras_genzoo.build("cvae", **args), digits[0][7:20], digits[1][7:20]
    plots.save_traversals(model, images, tmp_path / "a.png", steps=3, labels=labels)
    shown = tables[0][0]
    assert shown.shape == (2, 3, 8, 8, 1)
    for same in (3, np.full(13, 3)):
        plots.save_traversals(model, images, tmp_path / "a.png", steps=3, labels=same)
    np.testing.assert_array_equal(tables[1][0], tables[2][0])
    z = np.repeat(model.encode(images, labels=labels)[0][:1], 1, axis=0)
    own = np.rint(model.decode(z, labels=labels[:1]) * 255)
    assert np.abs(shown.astype("int64") - own).max(axis=(2, 3, 4)).min() < 30  # near the middle of a row


def test_imputation_shows_original_known_part_and_steps(tables, digits, tmp_path):
    model, images = vae(2), digits[0][:3]
    mask = missing_part("top", 8, 8)
    plots.save_imputation(model, images, mask, tmp_path / "a.png", steps=[1, 3], seed=4)
    ((shown, names),) = tables
    assert names["columns"] == ["original", "known", "1", "3"]
    np.testing.assert_array_equal(shown[:, 0], images)
    assert (shown[:, 1, :4] == 128).all()
    np.testing.assert_array_equal(shown[:, 1:, 4:], np.repeat(images[:, None, 4:], 3, axis=1))
    np.testing.assert_array_equal(shown[:, 3], model.impute(images, mask, 3, seed=4))


def test_gibbs_chain_is_one_chain(tables, digits, tmp_path):
    model, images = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=4), digits[0][:3]
    plots.save_gibbs_chain(model, images, tmp_path / "a.png", steps=[1, 2], seed=4)
    shown = tables[0][0]
    np.testing.assert_array_equal(shown[:, 0], images)
    np.testing.assert_array_equal(shown[:, 2], model.gibbs(images, 2, seed=4))
    with pytest.raises(ValueError, match="Expected a model with a method gibbs. Received: VAE"):
        plots.save_gibbs_chain(vae(2), images, tmp_path / "a.png")


def test_latent_map_is_decoded_over_the_codes(digits, tmp_path, monkeypatch):
    model, images = vae(2), digits[0][:99]
    decoded, shown = [], []
    decode, save = model.decode, codes.save_figure
    monkeypatch.setattr(codes, "save_figure", lambda figure, path: shown.append(figure) or save(figure, path))
    monkeypatch.setattr(model, "decode", lambda z: decoded.append(z) or decode(z))
    path = plots.save_latent_map(model, images, tmp_path / "map.png", digits[1][:99], num=3)
    (low, high), z = np.percentile(model.encode(images)[0], [1, 99], axis=0), decoded[0].reshape(3, 3, 2)
    np.testing.assert_allclose(z[0, 0], [low[0], high[1]], rtol=1e-5)  # top left
    np.testing.assert_allclose(z[2, 2], [high[0], low[1]], rtol=1e-5)
    half = (high - low) / 4.0  # so an image has its code in its middle
    for axes in shown[0].axes:
        np.testing.assert_allclose(axes.get_xlim(), [low[0] - half[0], high[0] + half[0]], rtol=1e-5)
        np.testing.assert_allclose(axes.get_ylim(), [low[1] - half[1], high[1] + half[1]], rtol=1e-5)
    assert plots.is_own(path)


@pytest.mark.parametrize(
    ("model", "num", "message"),
    [
        (lambda: vae(3), 9, "Expected a model with latent_dim=2 and no conditions. Received: latent_dim=3"),
        (lambda: vae(2), 1, "Expected at least 2 images. Received: 1"),
        (lambda: keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=4), 9, "encode and decode. .*: DCGAN"),
    ],
)
def test_latent_map_of_other_models_is_refused(model, num, message, digits, tmp_path):
    with pytest.raises(ValueError, match=message):
        plots.save_latent_map(model(), digits[0][:num], tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name, sizes",
    [
        ("hyperspherical_vae", dict(latent_dim=2)),
        ("categorical_vae", dict(num_latents=1, num_categories=2)),
        ("vq_vae", dict(num_codes=8, code_dim=2, base_filters=8, prior_filters=8)),  # a use for each of 8 codes
    ],
)
def test_codes_that_are_not_any_numbers_have_no_map_and_no_traversals(name, sizes, digits, tmp_path):
    networks = {} if name == "vq_vae" else dict(network="mlp", hidden_units=[4])
    model = keras_genzoo.build(name, image_shape=(8, 8, 1), **networks, **sizes)
    for draw in (plots.save_latent_map, plots.save_traversals):
        with pytest.raises(ValueError, match="Expected a model whose codes are any real numbers. Received: .*VAE"):
            draw(model, digits[0][:9], tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 2], "Expected class_names for labels up to 2. Received: 2 class_names"),
        ([0, 1, -1], "to be integers of at least 0"),
        ([[0, 1], [1, 0], [0, 1]], "Expected 3 labels"),
        ([0, 1], "Expected 3 labels"),
    ],
    ids=str,
)
def test_labels_of_a_map_that_do_not_fit_are_refused(labels, message, digits, tmp_path):
    with pytest.raises(ValueError, match=message):
        plots.save_latent_map(vae(2), digits[0][:3], tmp_path / "a.png", labels, ["a", "b"], num=2)
    for given, names, sentence in (
        (None, ["a"], "Expected labels with class_names. Received: .* alone"),
        ([0, 0, 0], "ab", "Expected class_names as a list of strings. Received: class_names='ab'"),
    ):
        for save in (plots.save_latent_map, plots.save_code_map):
            with pytest.raises(ValueError, match=sentence):
                save(vae(2), digits[0][:3], tmp_path / "a.png", given, names)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def figures(monkeypatch):
    """Figures in place of files."""
    found = []
    monkeypatch.setattr(plots.codes, "save_figure", lambda figure, path: found.append(figure))
    return found


def test_map_of_many_classes_has_a_scale_of_colours(digits, tmp_path, figures):
    model, images = vae(2), digits[0][:60]
    for num in (20, 21):
        plots.save_latent_map(model, images, tmp_path / "a.png", np.arange(60) % num, num=2)
    few, many = figures
    colours = np.unique(few.axes[1].collections[0].get_facecolor(), axis=0)
    assert len(colours) == 20 and few.axes[1].get_legend() is not None
    assert many.axes[1].get_legend() is None and [axes.get_ylabel() for axes in many.axes][2] == "class"
    (points,) = many.axes[1].collections
    _, near = nearest(points.get_offsets(), model.encode(images)[0])
    np.testing.assert_array_equal(points.get_array(), near % 21)


def nearest(points, others):
    """Distances from points to the nearest of others, and the numbers of these."""
    distances = np.linalg.norm(np.asarray(points)[:, None] - others[None], axis=-1)
    return distances.min(axis=1), distances.argmin(axis=1)


def test_code_map_has_principal_components_in_the_colours_of_the_legend(digits, tmp_path, figures):
    model, images, labels = vae(3), digits[0][:60], digits[1][:60] % 3
    plots.save_code_map(model, images, tmp_path / "a.png", labels, ["one", "two", "three"])
    axes = figures[0].axes[0]
    codes = model.encode(images)[0].astype("float64")
    left, sizes, _ = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)
    points = axes.collections[0]
    shown = np.asarray(points.get_offsets())
    (far, number), share = nearest(abs(shown), abs(left * sizes)[:, :2]), 100 * sizes**2 / (sizes**2).sum()
    assert far.max() < 1e-6 and sorted(number) == list(range(60))
    assert f"({share[0]:.1f} % of the variance)" in axes.get_xlabel() and f"({share[1]:.1f} %" in axes.get_ylabel()
    legend = axes.get_legend()
    named = dict(zip((text.get_text() for text in legend.get_texts()), legend.legend_handles, strict=True))
    for label, name in enumerate(["one", "two", "three"]):
        colours = points.get_facecolor()[labels[number] == label][:, :3]
        assert (colours == named[name].get_facecolor()[0, :3]).all()


def test_neighbours_stay_neighbours_in_a_map_by_tsne(tmp_path, figures):
    images = np.zeros((40, 8, 8, 1), "uint8")
    images[20:, 2:6], images[:, 7, :, 0] = 255, np.arange(40)[:, None]  # two kinds
    for _ in range(2):
        plots.save_code_map(vae(3), images, tmp_path / "a.png", method="tsne")
    axes, again = (figure.axes[0] for figure in figures)
    assert not len(axes.get_xticks()) and not len(axes.get_yticks()) and axes.get_legend() is None
    points = np.asarray(axes.collections[0].get_offsets())
    assert points.shape == (40, 2) and "t-SNE" in axes.get_title()
    kind = np.random.default_rng(0).permutation(40) < 20
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1) + np.diag(np.full(40, np.inf))
    assert (kind[apart.argmin(axis=1)] == kind).mean() > 0.9


@pytest.mark.parametrize("name, sizes", [("vae", dict(latent_dim=2)), ("hyperspherical_vae", dict(latent_dim=2))])
def test_codes_of_two_components_are_drawn_as_they_are(name, sizes, digits, tmp_path, figures):
    model = keras_genzoo.build(name, image_shape=(8, 8, 1), network="mlp", hidden_units=[4], **sizes)
    plots.save_code_map(model, digits[0][:9], tmp_path / "a.png")
    far, _ = nearest(model.encode(digits[0][:9])[0], np.asarray(figures[0].axes[0].collections[0].get_offsets()))
    assert far.max() < 1e-6
    with pytest.raises(ValueError, match="Expected method=None: codes of two components are drawn as they are"):
        plots.save_code_map(model, digits[0][:9], tmp_path / "a.png", method="pca")


def test_labels_are_told_to_a_model_that_encodes_with_them(digits, tmp_path, figures):
    model = keras_genzoo.build("cvae", image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=2)
    plots.save_code_map(model, digits[0][:9], tmp_path / "a.png", digits[1][:9])
    codes, _ = model.encode(digits[0][:9], labels=digits[1][:9])
    far, _ = nearest(codes, np.asarray(figures[0].axes[0].collections[0].get_offsets()))
    assert far.max() < 1e-6


@pytest.mark.parametrize(
    ("latent_dim", "images", "given", "message"),
    [
        (1, slice(9), {}, "Expected a model with latent_dim of at least 2. Received: latent_dim=1"),
        (3, slice(1), {}, "Expected at least 2 images. Received: 1"),
        (3, [4, 4, 4], {}, "Expected codes that differ. Received: 3 equal codes"),
        (3, [4, 4, 4], {"method": "tsne"}, "Expected codes that differ. Received: 3 equal codes"),
        (3, slice(9), {"method": "umap"}, "Expected method to be one of None, 'pca', 'tsne'. Received: method='umap'"),
        (3, slice(9), {"styles": 1}, "Expected no styles: vae does not take styles. Received: styles=1"),
    ],
    ids=str,
)
def test_codes_that_have_no_map_are_refused(latent_dim, images, given, message, digits, tmp_path):
    with pytest.raises(ValueError, match=message):
        plots.save_code_map(vae(latent_dim), digits[0][images], tmp_path / "a.png", **given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("as_given", ["int64", "float32"])
def test_pixels_of_chains_are_checked_before_they_are_shown(as_given, digits, tmp_path):
    machine, images = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=4), digits[0][:2].astype(as_given)
    with pytest.raises(ValueError, match="Expected (images as uint8|float images with values in 0..1)"):
        plots.save_gibbs_chain(machine, images, tmp_path / "a.png", steps=[1])
    with pytest.raises(ValueError, match="Expected (images as uint8|float images with values in 0..1)"):
        plots.save_imputation(vae(2), images, missing_part("top", 8, 8), tmp_path / "a.png", steps=[1])
    with pytest.raises(ValueError, match="Expected steps as a list of at least one number. Received: steps=5"):
        plots.save_gibbs_chain(machine, digits[0][:2], tmp_path / "a.png", steps=5)
    assert list(tmp_path.iterdir()) == []


def test_imputation_takes_nan_in_place_of_a_mask(tables, digits, tmp_path):
    model, images, mask = vae(2), digits[0][:3], missing_part("left", 8, 8)
    plots.save_imputation(model, images, mask, tmp_path / "a.png", steps=[2])
    absent = np.where(mask[..., None], np.float32(np.nan), images / np.float32(255))
    plots.save_imputation(model, absent, None, tmp_path / "a.png", steps=[2])
    (given, _), (found, _) = tables
    np.testing.assert_array_equal(found[:, 1:], given[:, 1:])
    assert (found[:, 0][:, mask] == 0).all()


@pytest.mark.parametrize("part", ["left", "right", "top", "bottom", "center"])
def test_missing_part_of_an_image(part):
    mask = missing_part(part, 8, 8)
    assert mask.sum() == (16 if part == "center" else 32)
    rows, columns = np.nonzero(mask)
    middle = {"left": (3.5, 1.5), "right": (3.5, 5.5), "top": (1.5, 3.5), "bottom": (5.5, 3.5), "center": (3.5, 3.5)}
    assert (rows.mean(), columns.mean()) == middle[part]
