"""Codes of models: the same as those of `generate`, kept on the shell of the prior, and paths of them."""

import numpy as np
import pytest

import keras_genzoo
from keras_genzoo import latent
from keras_genzoo.latent.codes import on_shell

SMALL = dict(image_shape=(8, 8, 1), latent_dim=8, base_filters=4, seed=0)


@pytest.fixture(scope="module")
def gan():
    return keras_genzoo.build("dcgan", **SMALL)


@pytest.fixture(scope="module")
def bigan():
    """A model of a uniform prior."""
    return keras_genzoo.build("bigan", **SMALL, joint_units=(4,))


def test_codes_are_those_of_generate(gan):
    z = latent.sample(gan, 5, seed=3, start=2)
    np.testing.assert_array_equal(latent.decode(gan, z, batch_size=2), gan.generate(5, seed=3, start=2))
    np.testing.assert_array_equal(latent.decode(gan, z[0]), latent.decode(gan, z[:1]))


def test_conditions_are_those_of_generate():
    model = keras_genzoo.build("cgan", **SMALL, num_classes=3)
    z = latent.sample(model, 4)
    np.testing.assert_array_equal(latent.decode(model, z), model.generate(4, seed=0))
    np.testing.assert_array_equal(latent.decode(model, z, labels=2), model.generate(4, seed=0, labels=2))


def test_codes_return_to_the_shell_of_their_prior(gan, bigan):
    z = latent.sample(gan, 6)
    moved = np.asarray(on_shell(gan, z + 1.0, z))
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), np.linalg.norm(z, axis=1), rtol=1e-5)
    uniform = np.asarray(on_shell(bigan, latent.sample(bigan, 6) + 1.0, None))
    assert np.abs(uniform).max() == 1.0
    sphere = keras_genzoo.build("hyperspherical_vae", image_shape=(8, 8, 1), latent_dim=3)
    np.testing.assert_allclose(np.linalg.norm(on_shell(sphere, 3.0 * z[:, :3], z[:, :3]), axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_codes_of_few_elements_stay_where_they_have_moved_to(latent_dim):
    """Their mass is not on a sphere: a code of one element could change its sign alone."""
    model = keras_genzoo.build("vae", **{**SMALL, "latent_dim": latent_dim})
    z = latent.sample(model, 3)
    ahead = latent.walk(model, z, np.eye(latent_dim)[0], [0.0, 2.0])
    np.testing.assert_allclose(ahead[:, 1] - ahead[:, 0], np.tile(2.0 * np.eye(latent_dim)[0], (3, 1)), rtol=1e-6)


def test_codes_of_a_fitted_sampler_stay_where_they_have_moved_to():
    """The centre of a mixture is not the origin, so the length of a code says nothing."""
    model = keras_genzoo.build("autoencoder", **SMALL)
    z = latent.sample(model, 3)
    assert not np.allclose(on_shell(model, z + 1.0, z), z + 1.0)
    images, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    model.fit_sampler("mixture", images[:50], 2)
    np.testing.assert_array_equal(on_shell(model, z + 1.0, z), z + 1.0)


def test_truncated_codes_are_nearer_to_the_middle(gan):
    z = latent.sample(gan, 3)
    np.testing.assert_array_equal(latent.truncated(gan, z, 1.0), z)
    np.testing.assert_allclose(latent.truncated(gan, z, 0.5), 0.5 * z)
    assert not latent.truncated(gan, z, 0).any()


def test_analogy_adds_the_difference_of_means(gan):
    a, b, c = (latent.sample(gan, 3, seed=seed) for seed in range(3))
    moved = c + a.mean(axis=0) - b.mean(axis=0)
    wanted = moved / np.linalg.norm(moved, axis=1, keepdims=True) * np.linalg.norm(c, axis=1, keepdims=True)
    np.testing.assert_allclose(latent.analogy(gan, a, b, c), wanted, rtol=1e-5)


@pytest.mark.parametrize("closed", [False, True])
def test_paths_go_through_their_points(gan, closed):
    points = latent.sample(gan, 3)
    codes = latent.path(gan, points, steps=4, closed=closed)
    assert len(codes) == (12 if closed else 9)
    np.testing.assert_allclose(codes[::4], points, atol=1e-6)
    gaps = np.linalg.norm(np.diff(codes, axis=0), axis=1)
    assert gaps.min() > 0 and gaps.max() < 2.0 * gaps.mean()


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda m, z: latent.decode(m, z[:, :3]), r"Expected z as numbers of shape \(n, 8\)"),
        (lambda m, z: latent.decode(m, z * np.nan), "Expected z as finite numbers. Received: 16 that are not"),
        (
            lambda m, z: latent.decode(m, z * 1e30),
            r"Expected z as numbers of at most 1e\+06 in size. Received: values from -",
        ),
        (lambda m, z: latent.decode(m, z[:0]), r"Expected z of at least one row. Received: shape \(0, 8\)"),
        (lambda m, z: latent.truncated(m, z, 1.5), r"Expected factor in \[0, 1\]. Received: factor=1.5"),
        (lambda m, z: latent.path(m, z[:1]), "Expected at least two points of a path. Received: 1"),
        (lambda m, z: latent.analogy(m, z, z[:, :2], z), "Expected b as numbers"),
        (lambda m, z: latent.walk(m, z, z[0, :3], [0.0]), "Expected the direction as numbers"),
        (lambda m, z: latent.walk(m, z, z[0], []), "Expected distances as finite numbers, at least one"),
    ],
)
def test_other_codes_are_refused(gan, call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(gan, latent.sample(gan, 2))


def test_models_without_codes_are_refused():
    model = keras_genzoo.build("classifier", image_shape=(8, 8, 1), base_filters=4)
    for call in (latent.sample, latent.first_layer_directions):
        with pytest.raises(ValueError, match="Expected a model that makes images from codes z. Received: classifier"):
            call(model, 2)
