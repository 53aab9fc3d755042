"""Edits by classifiers, directions, entanglement and inversion, on small models and classifiers of known answers."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_genzoo
from keras_genzoo import latent
from keras_genzoo.latent.finding import _first_features, _first_kernel, _principal_coordinates
from keras_genzoo.latent.measures import measure

SMALL = dict(image_shape=(8, 8, 1), latent_dim=6, base_filters=4, seed=0)


@pytest.fixture(scope="module")
def gan():
    """An untrained generator, of larger weights, so that images differ."""
    model = keras_genzoo.build("dcgan", **SMALL, ema_decay=0.0)
    for variable in model.generator.trainable_variables:
        if variable.path.endswith("kernel"):
            variable.assign(13.0 * variable)
    MIDDLE["difference"] = float(np.median(half_difference(model.generate(200, seed=9) / np.float32(255))))
    return model


MIDDLE = {"difference": 0.0}  # of the images of the fixture


def half_difference(images):
    return ops.mean(images[:, :, :4], axis=(1, 2, 3)) - ops.mean(images[:, :, 4:], axis=(1, 2, 3))


def left_or_right(images):
    """Logits of two classes: which half is brighter than usual. A function in place of a classifier."""
    difference = 60.0 * (half_difference(images) - MIDDLE["difference"])
    return ops.stack([difference, -difference], axis=-1)


def bright_and_left(images):
    """Probabilities of two independent features."""
    bright = 20.0 * (ops.mean(images, axis=(1, 2, 3)) - 0.5)
    return ops.sigmoid(ops.stack([bright, left_or_right(images)[:, 0]], axis=-1))


# -- measures ----------------------------------------------------------------------------------------------------------


def test_measures_of_a_bar():
    bar = np.zeros((1, 15, 15, 1), "float32")
    for row in range(3, 12):
        bar[0, row, 10 - row // 2 : 12 - row // 2] = 1.0  # leans to the right, half a pixel per row
    found = dict(zip(latent.MEASURES, np.asarray(measure(bar))[0], strict=True))
    assert found["brightness"] == pytest.approx(18 / 225)
    assert found["height"] == pytest.approx(np.std(np.arange(9)), abs=1e-3)
    assert found["slant"] == pytest.approx(0.5, abs=0.05)
    assert found["width"] < 0.7  # the slant is taken out
    mirrored = dict(zip(latent.MEASURES, np.asarray(measure(bar[:, :, ::-1]))[0], strict=True))
    assert mirrored["slant"] == pytest.approx(-found["slant"])
    assert np.isfinite(measure(np.zeros((1, 8, 8, 1), "float32"))).all()


def test_measures_take_images_as_other_functions_do(gan):
    images = gan.generate(3, seed=0)
    np.testing.assert_array_equal(measure(images), measure(images / np.float32(255)))
    for wrong, sentence in (
        (images[0], r"Expected images of shape \(batch, height, width, channels\). Received: shape \(8, 8, 1\)"),
        (images.astype("float32"), "Expected float images with values in 0..1"),
        (np.full((1, 8, 8, 1), np.nan), "Expected float images with values in 0..1"),
        (images.astype("int64"), "Expected images as uint8 in 0..255 or as floats in 0..1. Received: dtype int64"),
    ):
        with pytest.raises(ValueError, match=sentence):
            measure(wrong)


# -- edits -------------------------------------------------------------------------------------------------------------


def test_edit_reaches_the_target_and_holds_what_is_asked(gan):
    z = latent.sample(gan, 20)
    free, held = (latent.edit(gan, left_or_right, z, 1, hold=hold, steps=60) for hold in ([], ["brightness"]))
    for edited in (free, held):
        assert edited.reached.mean() > 0.9
        probabilities = np.asarray(ops.softmax(left_or_right(edited.images / np.float32(255))))[:, 1]
        np.testing.assert_allclose(edited.after["target"], probabilities, atol=0.02)  # of uint8 images
        np.testing.assert_array_equal(edited.images, latent.decode(gan, edited.z))
    before, after = (
        np.asarray(measure(latent.decode(gan, codes) / np.float32(255), ["brightness"])) for codes in (z, free.z)
    )
    assert held.table()[1][0] == "brightness" and held.table()[1][3] < 0.5 * np.abs(after - before).mean()


def test_edited_codes_stay_on_the_shell_of_a_normal_prior():
    model = keras_genzoo.build("dcgan", **{**SMALL, "latent_dim": 8})
    z = latent.sample(model, 20)
    edited = latent.edit(model, left_or_right, z, 0, steps=3)  # of these 20, none is of class 0
    assert np.abs(edited.z - z).max() > 0.01
    np.testing.assert_allclose(np.linalg.norm(edited.z, axis=1), np.linalg.norm(z, axis=1), rtol=1e-4)


def test_independent_features_are_held(gan):
    z = latent.sample(gan, 10)
    options = dict(from_logits=False, exclusive=False, steps=60)
    held = latent.edit(gan, bright_and_left, z, 1, hold=["outputs"], **options)
    free = latent.edit(gan, bright_and_left, z, 1, hold=[], **options)
    assert set(held.before) == {"target", "output 0", "output 1"} and set(free.before) == {"target"}
    outputs = [np.asarray(bright_and_left(latent.decode(gan, codes) / np.float32(255)))[:, 0] for codes in (z, free.z)]
    assert np.abs(held.after["output 0"] - held.before["output 0"]).mean() < np.abs(outputs[1] - outputs[0]).mean()


def test_targets_may_differ_and_conditions_stay():
    model = keras_genzoo.build("cgan", **SMALL, num_classes=3)
    z, target = latent.sample(model, 5), [0, 1, 0, 1, 0]
    edited = latent.edit(model, left_or_right, z, target, steps=3, batch_size=2, labels=1)
    np.testing.assert_array_equal(edited.images, latent.decode(model, edited.z, labels=1))


def test_a_keras_classifier_and_one_of_the_zoo_are_taken(gan):
    inputs = keras.Input((8, 8, 1))
    outputs = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(inputs))
    own, zoo = keras.Model(inputs, outputs), keras_genzoo.build("classifier", image_shape=(8, 8, 1), base_filters=4)
    z = latent.sample(gan, 2)
    assert latent.edit(gan, own, z, 2, steps=2, from_logits=False).z.shape == (2, 6)
    assert latent.edit(gan, zoo, z, 9, steps=2).z.shape == (2, 6)
    with pytest.raises(ValueError, match="Expected logits, or from_logits=False. Received: outputs in 0..1"):
        latent.edit(gan, own, z, 2)
    with pytest.raises(ValueError, match="Expected probabilities in 0..1 with the sum 1, or from_logits=True"):
        latent.edit(gan, zoo, z, 2, from_logits=False)


@pytest.mark.parametrize(
    "options, sentence",
    [
        (dict(target=2), r"Expected target in 0..1. Received: target=2"),
        (dict(target=[0, 1, 0]), "Expected target as an integer, or one for each of 2 codes"),
        (dict(target=0.5), "Expected target as an integer"),
        (dict(hold="slant"), "Expected hold as a list of names. Received: hold='slant'"),
        (dict(hold=None), "Expected hold as a list of names. Received: hold=None"),
        (dict(hold=["colour"]), "Expected hold of 'brightness', .*'outputs'. Received: 'colour'"),
        (dict(hold=["slant", "slant"]), "Expected each name of hold once"),
        (dict(hold=[], hold_weight=1.0), "Expected no hold_weight: hold is empty. Received: hold_weight=1.0"),
        (dict(hold=["outputs"]), "Expected no 'outputs' in hold where one class excludes the others"),
        (dict(confidence=1.0), r"Expected confidence in \(0, 1\). Received: confidence=1.0"),
        (dict(hold_weight=-1), "Expected hold_weight of at least 0"),
        (dict(learning_rate=0), "Expected learning_rate above 0"),
        (dict(steps=0), "Expected steps to be an integer of at least 1"),
        (dict(classifier="mnist"), "Expected a classifier of images. Received: str"),
        (
            dict(classifier=lambda images: images),
            r"Expected a classifier that gives \(n, outputs\), at least 2 classes",
        ),
    ],
)
def test_wrong_arguments_of_edits_are_refused(gan, options, sentence):
    options = {"classifier": left_or_right, "target": 1, "steps": 2, **options}
    with pytest.raises(ValueError, match=sentence):
        latent.edit(gan, z=latent.sample(gan, 2), **options)


def test_equal_codes_move_like_one(gan):
    z = np.repeat(latent.sample(gan, 1), 2, axis=0)
    both, one = (latent.edit(gan, left_or_right, codes, 1, steps=60) for codes in (z, z[:1]))
    np.testing.assert_allclose(both.z[1], one.z[0], atol=1e-3)
    assert one.after["target"][0] > one.before["target"][0] + 0.1


def test_codes_without_a_way_to_the_target_begin_again_from_draws_that_show_it(gan):
    def flat(images):
        """Two classes whose probabilities change within a small part of the images' range, and have no slope beyond."""
        side = 8.0 * ops.tanh(40.0 * left_or_right(images)[:, 1])
        return ops.stack([-side, side], axis=-1)

    z = latent.sample(gan, 24)
    z = z[np.asarray(left_or_right(latent.decode(gan, z) / np.float32(255)))[:, 1] < -0.5]
    assert len(z) > 3
    edited = latent.edit(gan, flat, np.concatenate([z, z[:1]]), 1, steps=40, hold=[])
    assert edited.reached.all()
    np.testing.assert_allclose(edited.z[0], edited.z[-1], atol=1e-3)  # equal codes have equal draws


def test_probabilities_far_from_the_target_have_a_gradient(gan):
    def certain(images):
        return ops.softmax(20.0 * left_or_right(images))

    z = latent.sample(gan, 20)
    z = z[np.asarray(certain(latent.decode(gan, z) / np.float32(255)))[:, 1] < 1e-8]
    assert len(z)
    edited = latent.edit(gan, certain, z, 1, hold=[], steps=150, from_logits=False)
    assert edited.reached.mean() > 0.5  # none, where the gradient is clipped


def test_codes_of_a_sphere_stay_on_it():
    model = keras_genzoo.build("hyperspherical_vae", image_shape=(8, 8, 1), latent_dim=5, seed=0)
    z = latent.sample(model, 4)
    edited = latent.edit(model, left_or_right, z, 1, steps=5)
    np.testing.assert_allclose(np.linalg.norm(edited.z, axis=1), 1.0, rtol=1e-5)
    assert 0 < np.linalg.norm(edited.z - z, axis=1).max() < 1.0
    found = latent.invert(model, latent.decode(model, z), steps=3)
    np.testing.assert_allclose(np.linalg.norm(found.z, axis=1), 1.0, rtol=1e-5)


def test_independent_probabilities_are_not_taken_for_logits(gan):
    with pytest.raises(ValueError, match="Expected logits, or from_logits=False. Received: outputs in 0..1, of prob"):
        latent.edit(gan, bright_and_left, latent.sample(gan, 2), 1, exclusive=False)


def test_a_classifier_of_other_images_is_refused(gan):
    other = keras_genzoo.build("classifier", image_shape=(9, 8, 1), base_filters=4)
    with pytest.raises(ValueError, match=r"images of shape \(8, 8, 1\). Received: one of shape \(9, 8, 1\)"):
        latent.edit(gan, other, latent.sample(gan, 2), 1)
    codes = keras_genzoo.build("categorical_vae", image_shape=(8, 8, 1))
    with pytest.raises(
        ValueError, match="Expected codes that can move by small steps. Received: a one_hot prior|joined"
    ):
        latent.edit(codes, left_or_right, latent.sample(codes, 2), 1)


def test_images_that_are_draws_are_walked_along_but_have_no_derivatives():
    small = dict(image_shape=(8, 8, 1), latent_dim=2, base_filters=4, pixel_filters=4, pixel_layers=1, seed=0)
    model = keras_genzoo.build("pixel_vae", **small)
    z = latent.sample(model, 2)
    assert latent.decode(model, latent.walk(model, z, [1.0, 0.0], [-1.0, 1.0])[0]).shape == (2, 8, 8, 1)
    assert set(latent.named_directions(model, num_samples=2)) == {"z[0]", "z[1]"}
    for function, arguments in (
        (latent.edit, (left_or_right, z, 1)),
        (latent.invert, (np.zeros((2, 8, 8, 1), "uint8"),)),
        (latent.leading_directions, (2,)),
    ):
        with pytest.raises(ValueError, match="Expected images that change smoothly with their codes. Received: draws"):
            function(model, *arguments)


# -- directions --------------------------------------------------------------------------------------------------------


def test_direction_of_a_classifier_leads_to_its_target(gan):
    direction = latent.find_direction(gan, left_or_right, 1, num_samples=400)
    assert np.linalg.norm(direction) == pytest.approx(1.0)
    codes = latent.walk(gan, latent.sample(gan, 50, seed=1), direction, [-2.0, 0.0, 2.0])
    shown = [
        np.mean(left_or_right(latent.decode(gan, codes[:, step]) / np.float32(255))[:, 1] > 0) for step in range(3)
    ]
    assert shown[0] < shown[1] < shown[2]
    with pytest.raises(ValueError, match="Expected codes with and without target=0 among 20. Received: none"):
        latent.find_direction(
            gan, lambda images: ops.stack([images[:, 0, 0, 0] - 9.0, 9.0 - images[:, 0, 0, 0]], -1), 0, 20
        )


def test_sefa_directions_are_the_singular_vectors_of_the_first_layer(gan):
    found = latent.first_layer_directions(gan, num=3)
    left, values, _ = np.linalg.svd(_first_kernel(gan))
    np.testing.assert_allclose(np.abs(found.vectors @ left[:, :3]), np.eye(3), atol=1e-4)
    np.testing.assert_allclose(found.eigenvalues, values[:3] ** 2, rtol=1e-5)


def test_ganspace_directions_change_the_first_features_most(gan):
    found = latent.first_layer_directions(gan, num=2, method="ganspace", num_samples=500)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1.0, rtol=1e-5)
    z = latent.sample(gan, 200, seed=1)

    def change(direction):
        first, moved = (_first_features(gan, codes, {}) for codes in (z, z + np.float32(0.1) * direction))
        return np.mean((moved - first) ** 2)

    random = np.random.default_rng(0).standard_normal((30, 6)).astype("float32")
    changes = [change(each / np.linalg.norm(each)) for each in random]
    assert change(found.vectors[0]) > np.quantile(changes, 0.8)


def test_principal_coordinates_are_those_of_the_covariance_for_more_units_and_for_fewer():
    rng = np.random.default_rng(0)
    for samples, units in ((20, 50), (50, 20)):
        features = rng.standard_normal((samples, units)) * np.arange(1, units + 1)
        coordinates, variances = _principal_coordinates(features, 3)
        values, vectors = np.linalg.eigh(np.cov(features.T, bias=True))
        wanted = (features - features.mean(axis=0)) @ vectors[:, :-4:-1] / np.sqrt(values[:-4:-1])
        np.testing.assert_allclose(variances, values[:-4:-1])
        np.testing.assert_allclose(coordinates * np.sign(coordinates[0] * wanted[0]), wanted, atol=1e-8)


def test_first_features_are_those_of_the_network():
    model = keras_genzoo.build("cgan", **SMALL, num_classes=3)
    z, labels = latent.sample(model, 5), np.array([0, 1, 2, 0, 1])
    found = _first_features(model, z, {"labels": labels})
    assert found.shape[0] == 5 and found.min() == 0.0 and found.max() > 0.0  # behind a ReLU
    assert not np.allclose(found, _first_features(model, z, {"labels": labels[::-1].copy()}))


def test_a_network_without_a_dense_layer_on_the_code_is_refused():
    model = keras_genzoo.build("ladder_vae", image_shape=(8, 8, 1))
    with pytest.raises(ValueError, match="Expected codes that can move|Expected a network that begins with a dense"):
        latent.first_layer_directions(model, 1)


def test_a_walk_from_the_middle_moves(gan):
    codes = latent.walk(gan, np.zeros(6), np.eye(6)[0], [-2.0, 0.0, 2.0])
    np.testing.assert_allclose(codes[0, :, 0], [-2.0, 0.0, 2.0])
    for wrong, found in ((np.eye(6), "6 vectors"), (np.zeros(6), "zeros")):
        with pytest.raises(ValueError, match=f"Expected one vector of any length but 0 as the direction. .*: {found}"):
            latent.walk(gan, np.zeros(6), wrong, [1.0])


@pytest.mark.parametrize(
    "options, sentence",
    [
        (dict(distance=0), "Expected distance as a number other than 0. Received: distance=0"),
        (dict(distance=[1.0]), r"Expected distance as a number other than 0. Received: distance=\[1.0\]"),
        (dict(directions=[[1.0] * 6, [0.0] * 6]), "Expected one vector of any length but 0 as direction 1. .*: zeros"),
        (dict(names=["slant", "slant"]), "Expected each name once. Received: .'slant', 'slant'."),
    ],
)
def test_wrong_arguments_of_entanglement_are_refused(gan, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        latent.entanglement(gan, **{"directions": np.eye(6), **options})


@pytest.mark.parametrize("names", ["slant", (), ("colour",)])
def test_unknown_measures_are_refused(gan, names):
    with pytest.raises(ValueError, match="Expected a list of names of 'brightness', 'height', 'width', 'slant'"):
        latent.entanglement(gan, np.eye(6), names)


def test_entanglement_tells_what_a_direction_moves(gan):
    changes, mixed = latent.entanglement(gan, np.eye(6), num_samples=20)
    assert changes.shape == (6, 4) and mixed.shape == (6,) and changes.min() > 0
    np.testing.assert_allclose(mixed, 1.0 - changes.max(axis=1) / changes.sum(axis=1), rtol=1e-5)


@pytest.mark.parametrize(
    "options, sentence",
    [
        (dict(num=7), "Expected num of at most latent_dim=6. Received: num=7"),
        (dict(method="pca"), "Expected method to be 'sefa' or 'ganspace'. Received: method='pca'"),
    ],
)
def test_wrong_arguments_of_directions_are_refused(gan, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        latent.first_layer_directions(gan, **{"num": 2, **options})


# -- inversion ---------------------------------------------------------------------------------------------------------


def test_inversion_finds_codes_of_its_images(gan):
    images = gan.generate(4, seed=5)
    short, found = (latent.invert(gan, images, steps=steps, starts=3, prior_weight=0.0) for steps in (1, 200))
    assert found.error.mean() < 0.1 * short.error.mean()
    measured = np.mean((found.images / 255.0 - images / 255.0) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(found.error, measured, atol=2e-4)  # of uint8 images


def test_inversion_starts_from_the_encoder():
    model = keras_genzoo.build("bigan", **SMALL, joint_units=(4,))
    images = model.generate(3, seed=0)
    found = latent.invert(model, images, steps=1, starts=1, learning_rate=1e-9)
    np.testing.assert_allclose(found.z, np.clip(model.encode(images), -1, 1), atol=1e-5)
    assert np.abs(latent.invert(model, images, steps=20).z).max() <= 1.0


def test_inversion_asks_for_the_conditions_of_the_images():
    model = keras_genzoo.build("cgan", **SMALL, num_classes=3)
    images = model.generate(3, seed=0, labels=2)
    with pytest.raises(ValueError, match="Expected labels, one per image: cgan takes them. Received: labels=None"):
        latent.invert(model, images)
    found = latent.invert(model, images, steps=2, labels=2)
    np.testing.assert_array_equal(found.images, latent.decode(model, found.z, labels=2))


@pytest.mark.parametrize(
    "images, options, sentence",
    [
        (np.zeros((2, 9, 8, 1), "uint8"), {}, "Expected images of shape"),
        (np.zeros((0, 8, 8, 1), "uint8"), {}, "Expected at least one image"),
        (np.zeros((1, 8, 8, 1), "uint8"), dict(starts=0), "Expected starts to be an integer of at least 1"),
        (np.zeros((1, 8, 8, 1), "uint8"), dict(learning_rate=0.0), "Expected learning_rate above 0"),
        (np.zeros((1, 8, 8, 1), "uint8"), dict(prior_weight=-1.0), "Expected prior_weight of at least 0"),
    ],
)
def test_wrong_arguments_of_inversion_are_refused(gan, images, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        latent.invert(gan, images, **options)
