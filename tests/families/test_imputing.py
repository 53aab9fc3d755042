"""Imputation: missing pixels given the others, on models whose conditional distributions are known exactly."""

import itertools

import numpy as np
import pytest
from keras import ops
from scipy.special import expit, logsumexp

import keras_genzoo
from keras_genzoo.families import imputing
from keras_genzoo.families.imputing import checked_mask

SHAPE = (8, 8, 1)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (5, *SHAPE), dtype="uint8")


@pytest.fixture(scope="module")
def mask():
    return np.random.default_rng(2).random((5, 8, 8)) < 0.4


@pytest.fixture(scope="module")
def vae():
    return keras_genzoo.build("vae", image_shape=SHAPE, latent_dim=2, base_filters=4, seed=0)


def linear_vae(encoder_scale):
    """A VAE with one code, whose decoder is x = sigmoid(w z) on binary pixels and whose encoder guesses z badly."""
    model = keras_genzoo.build(
        "vae", image_shape=SHAPE, latent_dim=1, network="mlp", hidden_units=(), binarize=True, seed=0
    )
    rng = np.random.default_rng(3)
    weight = rng.normal(0.0, 0.3, 64)
    decoder, bias = model.decoder.weights
    decoder.assign(weight[None])
    bias.assign(np.zeros(64))
    for layer, value in (("z_mean", encoder_scale * weight[:, None]), ("z_log_var", np.zeros((64, 1)))):
        kernel, bias = model.encoder.get_layer(layer).weights
        kernel.assign(value)
        bias.assign([-encoder_scale * weight.sum() / 2 if layer == "z_mean" else -0.5])
    return model, weight


def exact_means(weight, image, missing):
    """E[x_missing | x_known] of such a model, by integration over z."""
    z = np.linspace(-6, 6, 4001)[:, None]
    logits = z * weight
    known = ~missing
    log_p = -0.5 * z[:, 0] ** 2 + (image * logits - np.logaddexp(0, logits))[:, known].sum(axis=1)
    posterior = np.exp(log_p - logsumexp(log_p))
    return posterior @ expit(logits)[:, missing]


def test_known_pixels_stay_and_missing_ones_depend_on_seed_and_index_alone(vae, images, mask):
    filled = vae.impute(images, mask, steps=3, seed=4)
    assert filled.dtype == np.uint8
    np.testing.assert_array_equal(filled[~mask], images[~mask])
    assert (filled[mask] != images[mask]).any()
    other = np.where(mask[..., None], 7, images).astype("uint8")  # what stands in missing pixels has no effect
    np.testing.assert_array_equal(vae.impute(other, mask, steps=3, seed=4), filled)
    part = vae.impute(images[2:4], mask[2:4], steps=3, seed=4, start=2, batch_size=1)
    np.testing.assert_allclose(part, filled[2:4], atol=1)
    assert (vae.impute(images, mask, steps=3, seed=5) != filled).any()


def test_metropolis_gives_the_exact_means_and_a_bad_encoder_alone_does_not():
    model, weight = linear_vae(encoder_scale=0.02)
    rng = np.random.default_rng(4)
    image = (rng.random(64) < expit(1.5 * weight)).astype("float64")
    missing = np.arange(64) >= 32
    many = np.repeat(image.reshape(1, *SHAPE), 1500, axis=0).astype("float32")
    exact = exact_means(weight, image, missing)
    errors = []
    for metropolis in (True, False):
        filled = model.impute(many, missing.reshape(8, 8), steps=40, metropolis=metropolis, batch_size=1500)
        means = filled.reshape(1500, 64)[:, missing].mean(axis=0) / 255.0
        errors.append(np.abs(means - exact).mean())
    assert errors[0] < 0.005 < 0.02 < errors[1]


def test_chain_with_refusals_begins_without_them(images, mask, monkeypatch):
    model = keras_genzoo.build("vae", image_shape=SHAPE, latent_dim=2, base_filters=4, binarize=True, seed=0)
    images = 255 * (images > 127).astype("uint8")
    begun = model.impute(images, mask, steps=2, seed=4)
    monkeypatch.setattr(imputing, "accepted", lambda model, x, z, *rest: ops.zeros_like(z[:, 0], "bool"))
    # Half of four steps, and then the same code.
    np.testing.assert_array_equal(model.impute(images, mask, steps=4, seed=4, metropolis=True), begun)


def test_machine_draws_missing_pixels_from_their_conditional_distribution():
    model = keras_genzoo.build("rbm", image_shape=SHAPE, hidden_units=3, seed=0)
    rng = np.random.default_rng(5)
    kernel, visible_bias, hidden_bias = model.network_variables
    for variable, scale in ((kernel, 0.8), (visible_bias, 0.5), (hidden_bias, 0.5)):
        variable.assign(np.round(rng.normal(0, scale, variable.shape) * 64) / 64)
    weights, visible, hidden = (np.asarray(v, "float64") for v in (kernel, visible_bias, hidden_bias))
    image, missing = (rng.random(64) < 0.5).astype("float64"), np.arange(64) >= 40
    states = np.array(list(itertools.product([0.0, 1.0], repeat=3)))
    logits = visible + states @ weights.T
    log_p = states @ hidden + (image * logits)[:, ~missing].sum(1) + np.logaddexp(0, logits)[:, missing].sum(1)
    exact = np.exp(log_p - logsumexp(log_p)) @ expit(logits)[:, missing]
    many = np.repeat(255 * image.reshape(1, *SHAPE), 3000, axis=0).astype("uint8")
    filled = model.impute(many, missing.reshape(8, 8), steps=30, batch_size=3000)
    assert set(np.unique(filled.reshape(3000, 64)[:, ~missing])) <= {0, 255}
    means = filled.reshape(3000, 64)[:, missing].mean(axis=0) / 255.0
    np.testing.assert_allclose(means, exact, atol=0.03)


def test_missing_pixels_may_be_nan_and_are_then_the_mask(vae, images, mask):
    given = np.where(mask[..., None], np.float32(np.nan), images / np.float32(255))
    filled = vae.impute(images, mask, steps=2, seed=4)
    np.testing.assert_array_equal(vae.impute(given, mask, steps=2, seed=4), filled)
    np.testing.assert_array_equal(vae.impute(given, steps=2, seed=4), filled)
    with pytest.raises(ValueError, match="Expected a mask, or NaN for missing pixels"):
        vae.impute(images, steps=2)
    with pytest.raises(ValueError, match=r"Expected images of shape .batch, 8, 8, 1.. Received: shape \(5, 9, 9, 1\)"):
        vae.impute(np.full((5, 9, 9, 1), np.nan), steps=2)
    with pytest.raises(ValueError, match="Received: values from nan"):
        vae.impute(given, np.zeros((8, 8), bool), steps=2)


def test_masks_of_all_shapes_mean_the_same():
    mask = np.random.default_rng(0).random((4, 8, 9)) < 0.5
    whole = np.repeat(mask[..., None], 3, axis=-1)
    for given in (mask, mask[..., None], whole, mask.astype("float32"), mask.astype(int)):
        np.testing.assert_array_equal(checked_mask(given, 4, (8, 9, 3)), whole)
    for given in (mask[0], mask[0][..., None], whole[0]):
        np.testing.assert_array_equal(checked_mask(given, 4, (8, 9, 3)), np.repeat(whole[:1], 4, axis=0))


@pytest.mark.parametrize(
    "change, message",
    [
        (
            {"mask": np.zeros((8, 7), bool)},
            r"Expected mask of shape \(8, 8\) or \(5, 8, 8\), .* Received: shape \(8, 7\)",
        ),
        ({"mask": np.zeros((4, 8, 8), bool)}, r"Received: shape \(4, 8, 8\)"),
        ({"mask": np.zeros((1, 8, 8), bool)}, r"Received: shape \(1, 8, 8\)"),
        ({"mask": np.full((8, 8), 0.5)}, "Expected a mask of True and False, or 1 and 0"),
        ({"mask": np.full((8, 8), 255)}, "Expected a mask of True and False, or 1 and 0"),
        ({"steps": 0}, "Expected steps to be an integer of at least 1"),
        ({"metropolis": 1}, "Expected metropolis to be True or False"),
        ({"metropolis": True, "steps": 1}, "Expected steps of at least 2, of which metropolis=True corrects half"),
        ({"labels": 3}, "Expected"),
    ],
)
def test_wrong_arguments_are_refused(vae, images, mask, change, message):
    with pytest.raises(ValueError, match=message):
        vae.impute(**{"images": images, "mask": mask, "steps": 2, **change})


def test_metropolis_without_a_density_of_codes_is_refused(images, mask):
    model = keras_genzoo.build("aae", image_shape=SHAPE, latent_dim=2, base_filters=4, seed=0)
    with pytest.raises(ValueError, match="Expected metropolis=False: aae does not know the density"):
        model.impute(images, mask, metropolis=True)
    assert model.impute(images, mask, steps=2).shape == images.shape


@pytest.mark.parametrize(
    ("name", "args", "sentence"),
    [
        ("vae", {}, "Expected metropolis=False with binarize=False, where pixels are means"),
        ("pixel_vae", {"pixel_filters": 4}, "Expected metropolis=False: pixel_vae draws pixels one after the other"),
    ],
)
def test_metropolis_without_draws_of_pixels_is_refused(images, mask, name, args, sentence):
    model = keras_genzoo.build(name, image_shape=SHAPE, latent_dim=2, base_filters=4, seed=0, **args)
    with pytest.raises(ValueError, match=sentence):
        model.impute(images, mask, metropolis=True)


def test_metropolis_sees_grey_pixels_as_draws_of_black_and_white_ones(mask, monkeypatch):
    model, seen = linear_vae(encoder_scale=0.02)[0], []
    monkeypatch.setattr(imputing, "accepted", lambda model, x, z, *rest: seen.append(x) or ops.ones_like(z[:, 0]) > 0)
    chain = [np.full((5, *SHAPE), 0.25, "float32"), np.broadcast_to(mask[..., None], (5, *SHAPE)), 0, 2, 0]
    monkeypatch.setattr(ops, "while_loop", lambda more, step, state: step(*state))
    imputing.chain(model, *chain, metropolis=True, given={})
    assert set(np.unique(seen[0][~chain[1]])) == {0.0, 1.0}
    assert 0.1 < np.mean(seen[0][~chain[1]]) < 0.4
