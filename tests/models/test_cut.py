"""CUT: the loss of its patches in NumPy, the layers that it compares, and the gradient that stops at the input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genzoo

SMALL = dict(image_shape=(8, 8, 1), base_filters=4, num_blocks=2, seed=0)


def images(num=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (num, 8, 8, 1), dtype="uint8")


def test_patch_loss_is_that_of_the_paper():
    model = keras_genzoo.build("cut", **SMALL, num_patches=100, temperature=0.2)  # all 64 positions
    x, y = (model.to_network(images(seed=seed)) for seed in (0, 1))
    found = []
    for inputs, outputs, projection in zip(model.encoder(x), model.encoder(y), model.projections, strict=True):
        w, v = (np.asarray(projection(model.patches(maps)), "float64") for maps in (inputs, outputs))
        w, v = (each / np.linalg.norm(each, axis=-1, keepdims=True) for each in (w, v))
        logits = np.einsum("nsk,ntk->nst", v, w) / 0.2
        own = np.diagonal(logits, axis1=1, axis2=2)
        found.append(np.mean(np.log(np.exp(logits).sum(axis=-1)) - own))
    assert len(found) == 5  # the image, two strided convolutions and two blocks
    assert float(model.patch_loss(x, y)) == pytest.approx(np.mean(found), rel=1e-4)


def test_a_translation_that_keeps_its_patches_costs_least():
    model = keras_genzoo.build("cut", **SMALL, num_patches=100)
    x = model.to_network(images())
    same, other = (float(model.patch_loss(x, y)) for y in (x, x[:, ::-1]))
    assert same < other


def test_patches_are_drawn_at_the_same_places_of_input_and_output():
    model = keras_genzoo.build("cut", **SMALL, num_patches=5)
    maps = tf.reshape(tf.range(2 * 64, dtype="float32") % 64, (2, 8, 8, 1))
    drawn = [np.asarray(model.patches(maps))[..., 0] for _ in range(2)]
    for places in drawn:
        assert places.shape == (2, 5) and np.array_equal(places[0], places[1])
        assert len(set(places[0])) == 5
    assert not np.array_equal(*drawn)


def test_the_loss_does_not_pull_the_input():
    model = keras_genzoo.build("cut", **SMALL)
    x, y = (tf.Variable(model.to_network(images(seed=seed))) for seed in (0, 1))
    with tf.GradientTape() as tape:
        loss = model.patch_loss(x, y)
    of_input, of_output = tape.gradient(loss, [x, y])
    assert not np.any(of_input) and np.any(of_output)


def test_without_an_identity_loss_a_step_makes_no_images_of_the_target_domain():
    model = keras_genzoo.build("cut", **SMALL, identity_weight=0.0)
    history = model.fit(images(), images(seed=1), verbose=0).history
    assert set(history) == {"d_loss", "g_loss", "nce_loss"}
    real = model.unpack((images(), images(seed=1)))
    assert "same_b" not in model.make_fake(real)


def test_a_file_holds_the_small_networks_once(tmp_path):
    model = keras_genzoo.build("cut", **SMALL)
    model.fit(images(), images(seed=1), verbose=0)
    model.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras")
    assert again.count_params() == model.count_params()
    x = model.to_network(images())
    for one, other in zip(model.projections, again.projections, strict=True):
        assert np.allclose(one.get_weights()[0], other.get_weights()[0])
    assert float(again.patch_loss(x, x)) == pytest.approx(float(model.patch_loss(x, x)), rel=1e-5)
