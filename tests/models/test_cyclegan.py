"""CycleGAN: which weights an update moves, the history, the terms of the loss, use, and a whole run."""

import dataclasses
import importlib
import json
import shutil

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml
from at_step import At
from cases import CASES, moved, moved_parts, snapshot, state, values
from PIL import Image

import keras_genzoo
from keras_genzoo import callbacks, presets, training
from keras_genzoo.export import conversion
from keras_genzoo.families import two_player
from keras_genzoo.layers import ImageHistory, InstanceNormalization
from keras_genzoo.metrics import translation_l1
from keras_genzoo.networks import patch, residual
from keras_genzoo.recipes import Recipe
from keras_genzoo.training.real_images import images_to_translate, translations
from keras_genzoo.utils.record import Record

steps = importlib.import_module("keras_genzoo.training.train")  # the package gives the function of this name

(ROW,) = [case for case in CASES if case.name == "cyclegan"]
# As small as can be: an odd side is padded and cropped.
CASE = dataclasses.replace(
    ROW, args={**ROW.args, "image_shape": (9, 8, 1), "num_blocks": 0, "d_layers": 1}, output=(9, 8, 1), params=None
)
SIZES = [(8, 8, 1), (9, 13, 3), (28, 28, 1), (30, 50, 3), (8, 256, 3)]
PARTS = ("generator_ab", "generator_ba", "ema_generator_ab", "ema_generator_ba")
PARTS += ("discriminator_a", "discriminator_b", "history_a", "history_b")
RATES = {"d_optimizer": 0.25, "g_optimizer": 0.125}


@pytest.fixture(scope="module")
def model():
    """A model that no test changes."""
    return CASE.build()


@pytest.fixture(scope="module")
def trained():
    """A model that the tests of this file train further, each a little."""
    return CASE.build()


@pytest.fixture(scope="module")
def plain():
    """A model without averages and histories, on plain gradient descent, which one test trains."""
    optimizers = {name: keras.optimizers.SGD(rate) for name, rate in RATES.items()}
    return CASE.build(optimizers, ema_decay=0, history_size=0)


def domains(model, num, seed=0):
    """A batch of both domains as the networks take it."""
    return model.unpack(CASE.data(num, seed))


# -- the step ---------------------------------------------------------------------------------------------------------


def test_generator_update_leaves_discriminators_averages_and_histories_unchanged(trained, monkeypatch):
    real = domains(trained, 4)
    before = snapshot(trained, *PARTS)
    monkeypatch.setattr(trained, "update", lambda name, loss: loss())  # of the discriminators
    two_player.update_both(
        trained,
        generate=lambda: trained.make_fake(real),
        discriminator_loss=lambda fake: trained.discriminator_loss(real, fake),
        generator_loss=lambda fake: trained.generator_loss(real, fake),
        discriminator_first=False,
    )
    assert moved_parts(before, snapshot(trained, *PARTS)) == {"generator_ab", "generator_ba", "g_optimizer"}


def test_discriminator_update_leaves_generators_unchanged(trained):
    trained.history_a.count.assign(0.0)  # so that the histories keep what comes
    trained.history_b.count.assign(0.0)
    real, fake = domains(trained, 4), domains(trained, 4, seed=1)
    before = snapshot(trained, *PARTS)
    shown = trained.shown(fake)
    trained.update("d_optimizer", lambda: trained.discriminator_loss(real, shown))
    expected = {"discriminator_a", "discriminator_b", "history_a", "history_b", "d_optimizer"}
    assert moved_parts(before, snapshot(trained, *PARTS)) == expected


def test_discriminators_are_shown_the_histories_after_the_generators_update(trained, monkeypatch):
    seen, shown = [], Record(a=tf.zeros((3, *CASE.output)), b=tf.ones((3, *CASE.output)))
    monkeypatch.setattr(trained, "shown", lambda fake: shown)
    monkeypatch.setattr(trained, "generator_loss", lambda real, fake: seen.append(fake) or tf.constant(0.0))
    monkeypatch.setattr(trained, "discriminator_loss", lambda real, fake: seen.append(fake) or tf.constant(0.0))
    monkeypatch.setattr(trained, "apply_gradients", lambda name, loss, tape: seen.append(name))
    trained.train_step(CASE.data(3))
    assert seen[1:] == ["g_optimizer", shown, "d_optimizer"]
    assert seen[0].a.shape == shown.a.shape and seen[0] is not shown


def test_test_step_leaves_everything_unchanged(trained):
    before = state(trained)
    trained.test_step(CASE.data(4))
    assert moved(before, state(trained)) == []


def test_updates_follow_the_gradients_of_their_losses(plain):
    real, expected = domains(plain, 3), {}
    for name, rate in RATES.items():
        variables = [variable.value for variable in plain.optimized_variables()[name]]
        with tf.GradientTape() as tape:
            fake = plain.make_fake(real)
            loss = plain.generator_loss(real, fake) if name == "g_optimizer" else plain.discriminator_loss(real, fake)
        gradients = tape.gradient(loss, variables)
        expected[name] = [v - rate * g for v, g in zip(variables, gradients, strict=True)]
    plain.train_step(CASE.data(3))
    for name, group in expected.items():
        for variable, value in zip(plain.optimized_variables()[name], group, strict=True):
            np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-6)


def test_each_domain_of_a_batch_is_the_domain_of_its_own_name(model):
    a, b = CASE.data(3)
    real = domains(model, 3)
    np.testing.assert_array_equal(real.a, model.to_network(a))
    np.testing.assert_array_equal(real.b, model.to_network(b))


def test_losses_equal_numpy(model):
    real = domains(model, 3)
    fake = model.make_fake(real)
    to_a, to_b = (lambda x, g=g: np.asarray(g(x)) for g in (model.generator_ba, model.generator_ab))
    np.testing.assert_allclose(fake.b, to_b(real.a), atol=1e-5)
    np.testing.assert_allclose(fake.a, to_a(real.b), atol=1e-5)
    cycle = np.abs(to_a(to_b(real.a)) - real.a).mean() + np.abs(to_b(to_a(real.b)) - real.b).mean()
    identity = np.abs(to_a(real.a) - real.a).mean() + np.abs(to_b(real.b) - real.b).mean()
    scores_a, scores_b = np.asarray(model.discriminator_a(fake.a)), np.asarray(model.discriminator_b(fake.b))
    adversarial = np.mean((scores_a - 1) ** 2) + np.mean((scores_b - 1) ** 2)
    for tracker in model.trackers.values():
        tracker.reset_state()
    total = adversarial + 5.0 * (cycle + 0.25 * identity)
    assert float(model.generator_loss(real, fake)) == pytest.approx(total, rel=1e-4)
    logged = {key: float(model.trackers[key].result()) for key in ("cycle_loss", "identity_loss")}
    assert logged == pytest.approx({"cycle_loss": cycle, "identity_loss": identity}, rel=1e-4)
    squares = [np.mean((np.asarray(model.discriminator_a(real.a)) - 1) ** 2), np.mean(scores_a**2)]
    squares += [np.mean((np.asarray(model.discriminator_b(real.b)) - 1) ** 2), np.mean(scores_b**2)]
    assert float(model.discriminator_loss(real, fake)) == pytest.approx(0.5 * sum(squares), rel=1e-4)


def test_logs_are_the_losses_and_without_identity_there_are_two_passes_less(trained, monkeypatch):
    functional, seen = type(trained.generator_ab), []
    call = functional.call

    def counting(self, inputs, *args, **kwargs):
        seen.append((self.name, int(inputs.shape[0])))
        return call(self, inputs, *args, **kwargs)

    monkeypatch.setattr(functional, "call", counting)
    counts = {}
    for weight in (0.25, 0):
        seen.clear()
        monkeypatch.setattr(trained, "identity_weight", weight)
        logs = trained.train_step(CASE.data(3))
        names = {"d_loss", "g_loss", "cycle_loss"} | ({"identity_loss"} if weight else set())
        assert set(logs) == names
        counts[weight] = sum(num for name, num in seen if name.startswith("generator"))
    assert counts == {0.25: 6 * 3, 0: 4 * 3}


def test_averages_follow_both_generators_and_are_what_translates(trained):
    trained.average.steps.assign(0.0)
    pairs = [(trained.ema_generator_ab, trained.generator_ab), (trained.ema_generator_ba, trained.generator_ba)]
    before = [average.get_weights() for average, _ in pairs]
    trained.train_step(CASE.data(2, seed=1))
    for old, (average, network) in zip(before, pairs, strict=True):
        for first, weights, value in zip(old, network.get_weights(), average.get_weights(), strict=True):
            np.testing.assert_allclose(value, first / 11.0 + weights * (10.0 / 11.0), rtol=1e-4, atol=1e-6)
    images, _ = CASE.data(2)
    average = trained.from_network(trained.ema_generator_ba(trained.to_network(images)), "uint8")
    np.testing.assert_array_equal(trained.translate(images, "b_to_a"), average)


def test_model_without_decay_keeps_no_averages_and_translates_with_the_generators(model, plain):
    assert plain.translator("a_to_b") is plain.generator_ab and plain.translator("b_to_a") is plain.generator_ba
    assert plain.count_params() == model.count_params() - 2 * plain.generator_ab.count_params()


# -- the history ------------------------------------------------------------------------------------------------------


def simulate(size, batches, noise):
    """The history image by image, as in the code of the paper."""
    kept, given = [], []
    for batch, draws in zip(batches, noise, strict=True):
        out = []
        for image, (chance, place) in zip(batch, draws, strict=True):
            if len(kept) < size:
                kept.append(image)
                out.append(image)
            elif chance < 0.5:
                place = int(np.float32(place) * size)
                out.append(kept[place])
                kept[place] = image
            else:
                out.append(image)
        given.append(out)
    return given, kept


@pytest.mark.parametrize("size, sizes", [(5, [3, 3, 3, 1, 4]), (2, [7, 7, 7]), (1, [4, 4]), (50, [6, 6])])
def test_history_equals_the_code_of_the_paper_image_by_image(size, sizes):
    rng = np.random.default_rng(size)
    batches = [rng.normal(size=(num, 2, 2, 1)).astype("float32") for num in sizes]
    noise = [rng.uniform(size=(num, 2)).astype("float32") for num in sizes]
    history = ImageHistory(size, (2, 2, 1))
    graph = tf.function(history, input_signature=[tf.TensorSpec((None, 2, 2, 1)), tf.TensorSpec((None, 2))])
    given, kept = simulate(size, batches, noise)
    for batch, draws, expected in zip(batches, noise, given, strict=True):
        np.testing.assert_array_equal(graph(batch, draws), expected)
    assert int(history.count) == len(kept)
    np.testing.assert_array_equal(history.images[: len(kept)], kept)
    np.testing.assert_array_equal(history.images[len(kept) :], 0.0)


def test_history_gives_half_of_the_images_from_earlier_steps():
    history, rng = ImageHistory(500, (1, 1, 1)), np.random.default_rng(0)
    old = 0
    for step in range(15):
        batch = np.full((100, 1, 1, 1), step, "float32")
        mixed = history(batch, rng.uniform(size=(100, 2)).astype("float32"))
        old += int(np.sum(np.asarray(mixed) < step)) if step >= 5 else 0
    assert old / 1000 == pytest.approx(0.5 * 0.95, abs=0.06)  # few of the returned images are of the same step


def test_history_size_of_0_keeps_no_images(plain):
    assert plain.history_a is plain.history_b is None
    fake = domains(plain, 3)
    assert plain.shown(fake) is fake


def fill_histories(model):
    for history in (model.history_a, model.history_b):
        history.count.assign(3.0)
        history.images.assign(np.full(history.images.shape, 0.5))


def test_preset_holds_no_history_and_loads_with_another_history_size(model, trained, tmp_path):
    fill_histories(trained)
    num = sum(map(np.size, values(model.network_variables).values()))
    assert trained.count_params() == model.count_params() == num + 1  # and the count of the steps
    path = trained.save_to_preset(tmp_path / "preset")
    with h5py.File(path / "model.weights.h5") as file:
        assert not [*file["history_a/vars"], *file["history_b/vars"]]
    again = keras_genzoo.build("cyclegan", weights=path, history_size=7)
    assert moved(values(trained.network_variables), values(again.network_variables)) == []
    assert float(again.history_a.count) == 0.0
    assert again.count_params() == trained.count_params()
    sizes = json.loads((path / "metadata.json").read_text())["parameters"]
    assert sizes["total"] == trained.count_params()
    assert sizes["generator_ab"] == trained.generator_ab.count_params()


def test_empty_history_empties_the_one_that_it_is_loaded_into(model, trained, tmp_path):
    fill_histories(trained)
    assert float(model.history_a.count) == 0.0
    model.save_weights(tmp_path / "empty.weights.h5")
    trained.load_weights(tmp_path / "empty.weights.h5")
    assert moved(values(model.weights), values(trained.weights)) == []


# -- networks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("image_shape", SIZES, ids=str)
def test_residual_network_keeps_the_shape(image_shape):
    network = residual.residual_translator(image_shape, base_filters=1, num_blocks=1)
    assert network.input_shape == network.output_shape == (None, *image_shape)


def test_parameters_of_the_residual_network_add_up():
    def conv(side, inputs, outputs):
        return side * side * inputs * outputs

    network = residual.residual_translator((64, 64, 3), base_filters=8, num_blocks=4)
    norms = 2 * (8 + 16 + 32 + 8 * 32 + 16 + 8)
    down, up = conv(7, 3, 8) + conv(4, 8, 16) + conv(4, 16, 32), conv(4, 32, 16) + conv(4, 16, 8)
    assert network.count_params() == down + 8 * conv(3, 32, 32) + up + conv(7, 8, 3) + 3 + norms


@pytest.mark.parametrize("row, column", [(14, 21), (17, 18)])
def test_padding_and_cropping_shift_nothing(row, column):
    network = residual.residual_translator((33, 39, 1), base_filters=1, num_blocks=0)
    for layer in network.layers:  # each convolution only blurs, so that a bright pixel becomes a spot around its place
        if hasattr(layer, "kernel"):
            layer.kernel.assign(np.full(layer.kernel.shape, 0.01, "float32"))
    image = np.zeros((1, 33, 39, 1), "float32")
    image[0, row, column] = 1.0
    spot = np.asarray(network(image, training=False))[0, :, :, 0]
    rows, columns = np.nonzero(spot > (spot.min() + spot.max()) / 2)
    assert np.abs([rows.mean() - row, columns.mean() - column]).max() < 1.0


def test_number_of_blocks_follows_the_paper():
    assert [residual.default_num_blocks((side, 64, 1)) for side in (64, 128, 129, 256)] == [6, 6, 9, 9]
    network = residual.residual_translator((64, 129, 1), base_filters=1)
    assert sum(isinstance(layer, keras.layers.Add) for layer in network.layers) == 9


@pytest.mark.parametrize(
    "image_shape, scores", [((8, 8, 1), (4, 4)), ((64, 48, 3), (32, 24)), ((128, 130, 1), (16, 17))]
)
def test_patch_discriminator_gives_a_map_of_scores(image_shape, scores):
    network = patch.patch_discriminator(image_shape, base_filters=1)
    assert network.output_shape == (None, *scores, 1)
    assert network.layers[-1].compute_dtype == "float32"
    norms = [layer for layer in network.layers if isinstance(layer, InstanceNormalization)]
    assert len(norms) == patch.default_num_layers(image_shape)  # the first and the last convolution are not normalized


@pytest.mark.parametrize("num_layers", [1, 2])
def test_a_score_depends_on_its_patch_alone(num_layers):
    network = patch.patch_discriminator((64, 64, 1), base_filters=2, num_layers=num_layers, normalization=Unchanged)
    image = tf.Variable(np.random.default_rng(0).normal(size=(1, 64, 64, 1)).astype("float32"))
    with tf.GradientTape() as tape:
        scores = network(image)
        middle = scores[0, scores.shape[1] // 2, scores.shape[2] // 2, 0]
    rows, columns = np.nonzero(tape.gradient(middle, image)[0, :, :, 0])
    side = patch.receptive_field(num_layers)
    assert {16: 1, 34: 2}[side] == num_layers
    assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == side


class Unchanged(keras.layers.Layer):
    """Replaces the normalization, through which every score would depend on every pixel."""

    def call(self, inputs):
        return inputs


def test_too_many_strided_convolutions_are_refused():
    assert patch.max_num_layers((64, 48, 3)) == 5
    with pytest.raises(ValueError, match="Expected at most 2 strided convolutions for images of 8x9.*Received: 3"):
        patch.patch_discriminator((8, 9, 1), num_layers=3)


# -- use --------------------------------------------------------------------------------------------------------------


def test_translate_gives_bytes_in_any_batch_size_and_both_directions(model):
    images, _ = CASE.data(5)
    for direction in model.directions:
        network = model.translator(direction)
        expected = model.from_network(network(model.to_network(images), training=False), "uint8")
        whole = model.translate(images, direction)
        assert whole.dtype == np.uint8 and whole.shape == images.shape
        np.testing.assert_array_equal(whole, expected)
        np.testing.assert_array_equal(model.translate(images, direction, batch_size=2), whole)
        np.testing.assert_array_equal(model.translate((images / 255.0).astype("float32"), direction), whole)
    assert (model.translate(images) == model.translate(images, "a_to_b")).all()
    assert model.translate(images[:0]).shape == (0, *CASE.output)


def test_translate_refuses_what_it_cannot_take(model):
    images, _ = CASE.data(2)
    with pytest.raises(
        ValueError, match="Expected direction to be one of 'a_to_b', 'b_to_a'. Received: direction='ab'"
    ):
        model.translate(images, "ab")
    for wrong in (images[0], images[:, 1:], images.astype("float32"), images.astype("int32")):
        with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
            model.translate(wrong, keep_size=False)
    with pytest.raises(ValueError, match="batch_size"):
        model.translate(images, batch_size=0)


def test_fit_refuses_one_domain_alone(model):
    images, _ = CASE.data(4)
    for data in (images, tf.data.Dataset.from_tensor_slices(images).batch(2)):
        with pytest.raises(ValueError, match="Expected .*two domains, .a, b.. Received: images alone"):
            model.fit(data, verbose=0)
    with pytest.raises(ValueError, match=r"(?s)Expected.*Received"):
        model.fit(images, images[:, 1:], verbose=0)


def test_the_other_direction_is_a_litert_file_of_built_in_operations_too(model, tmp_path):
    path = tmp_path / "b_to_a.tflite"
    report = model.export(path, format="litert", signature="b_to_a", image_dtype="uint8", measure=False)
    assert report.signatures["b_to_a"]["inputs"] == {"image": ("uint8", (1, *CASE.output))}
    assert "MIRROR_PAD" in conversion.operators(path.read_bytes())


def test_layers_of_the_networks_have_the_models_precision():
    model = CASE.build(dtype="mixed_bfloat16")
    for network in (model.generator_ab, model.ema_generator_ba, model.discriminator_a):
        convs = [layer for layer in network.layers if hasattr(layer, "kernel")]
        assert {layer.compute_dtype for layer in convs} == {"bfloat16"}
        assert [tensor.dtype for tensor in network.outputs] == ["float32"]


# -- runs -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """A recipe for two arrays of one file: 24 images to train on, 14 for the test."""
    images = np.random.default_rng(0).integers(0, 256, (2, 38, 8, 8, 3), dtype="uint8")
    path = tmp_path_factory.mktemp("data") / "two.npz"
    np.savez(path, one=images[0], two=images[1], split=(np.arange(38) >= 24).astype("uint8"))
    return Recipe.from_dict(
        {
            "model": "cyclegan",
            "args": {"image_shape": [8, 8, 3], "base_filters": 2, "num_blocks": 0, "history_size": 3, "ema_decay": 0},
            "data": {"source": f"npz:{path}", "image_key": "one", "image_key_b": "two", "batch_size": 12},
            "optimizers": {name: {"name": "sgd", "learning_rate": 0.01, "momentum": 0.9} for name in RATES},
            "epochs": 2,
            "seed": 5,
            "evaluation": {"metrics": ["translation_l1", "translation_ssim"]},
            "name": "tiny_cyclegan",
        }
    )


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    """A run that never stopped, its preset and its model, and a checkpoint in the middle of its second epoch."""
    folder, checkpoint = (
        tmp_path_factory.mktemp("whole"),
        tmp_path_factory.mktemp("checkpoints") / "step_00000003.keras",
    )
    with pytest.MonkeyPatch.context() as patch:
        make = steps.make_callbacks
        save = At(3, lambda model: model.save(checkpoint))
        patch.setattr(steps, "make_callbacks", lambda *args: [save, *make(*args)])
        model, preset = training.train(recipe, folder / "run", verbose=0)
    return folder / "run", preset, model, checkpoint


def test_run_leaves_pictures_of_both_directions_and_a_measured_preset(recipe, whole):
    run, preset, model, _ = whole
    with Image.open(run / "samples" / "epoch_0002.png") as grid:
        assert grid.size == (12 * (16 + 2) + 2, 4 * (16 + 2) + 2)  # two rows per direction, each pixel doubled
    images = images_to_translate(recipe, model, 16)
    test = np.load(recipe.data.source.removeprefix("npz:"))
    np.testing.assert_array_equal(images["a_to_b"], test["one"][24:])
    np.testing.assert_array_equal(images["b_to_a"], test["two"][24:])
    card = presets.card(preset)
    assert card["recipe"]["data"]["source"] == "npz:two.npz"
    assert card["metrics"]["translation_l1"]["protocol"]["n_real"] == 14
    copying = translation_l1(test["one"][24:], test["two"][24:])
    assert card["metrics"]["translation_l1"]["copy"] == pytest.approx(copying)
    stored = keras_genzoo.build("cyclegan", weights=preset)
    with Image.open(preset / "samples.png") as picture:  # only translations, by the weights as stored
        assert picture.size == (6 * 18 + 2, 5 * 18 + 2)
        first = np.asarray(picture)[2:18:2, 2:18:2]
    np.testing.assert_array_equal(first, translations(stored, images)[0])


def test_data_of_a_preset_are_those_of_its_run_or_of_its_card(recipe, whole, tmp_path):
    _, preset, *_ = whole
    (tmp_path / "run").mkdir()
    shutil.copytree(preset, tmp_path / "run" / "preset")
    preset = tmp_path / "run" / "preset"
    options = {"image_key": "one", "image_key_b": "two"}
    assert training.data_of(preset) == ("npz:two.npz", options)  # the card names no folder of a machine
    assert training.data_of(preset, recipe.data.source) == (recipe.data.source, options)
    assert training.data_of(preset, "npz:/data/other.npz") == ("npz:/data/other.npz", {})
    (tmp_path / "run" / "recipe.yaml").write_text(recipe.to_yaml())
    assert training.data_of(preset) == (recipe.data.source, options)


def test_stopped_run_goes_on_exactly(recipe, whole, tmp_path):
    *_, model, checkpoint = whole
    run = training.Run(tmp_path / "stopped", recipe)
    run.start(resume=False)
    run.checkpoints.mkdir()
    shutil.copy(checkpoint, run.checkpoints)
    resumed, _ = training.train(recipe, run.folder, resume=True, verbose=0, evaluate=False)
    assert moved(state(model), state(resumed)) == []


def test_second_domain_is_for_models_of_two(recipe, tmp_path):
    values = yaml.safe_load(recipe.to_yaml())
    vae = {"model": "vae", "args": {"image_shape": [8, 8, 3], "network": "mlp"}, "data": values["data"]}
    with pytest.raises(ValueError, match="Expected no second domain in the data of .*Received"):
        training.train(Recipe.from_dict(vae), tmp_path / "run", verbose=0, evaluate=False)
    alone = recipe.override({"data.image_key_b": None})
    with pytest.raises(ValueError, match="Expected a second domain"):
        training.train(alone, tmp_path / "run", verbose=0, evaluate=False)
    assert not (tmp_path / "run").exists()


def test_grid_shows_images_above_their_translations(model, tmp_path):
    a, b = CASE.data(3)
    grid = callbacks.TranslationGrid(tmp_path, {"a_to_b": a, "b_to_a": b}, every=2)
    grid.set_model(model)
    for epoch in range(2):
        grid.on_epoch_end(epoch)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_0002.png"]
    with Image.open(tmp_path / "epoch_0002.png") as picture:
        pixels = np.asarray(picture)
    rows = [a, model.translate(a), b, model.translate(b, "b_to_a")]
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            top, left = 2 + row * (18 + 2), 2 + column * (16 + 2)
            np.testing.assert_array_equal(pixels[top : top + 18 : 2, left : left + 16 : 2], image[..., 0])
    with pytest.raises(ValueError, match="every"):
        callbacks.TranslationGrid(tmp_path, {}, every=0)
