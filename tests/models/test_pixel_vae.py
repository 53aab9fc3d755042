"""PixelVAE: images of a code are drawn pixel by pixel from the distribution that its likelihood states."""

import itertools

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from scipy.special import expit

import keras_genzoo
from keras_genzoo import sampling

SMALL = dict(latent_dim=3, base_filters=4, pixel_layers=2, pixel_filters=3, kernel_size=3, head_layers=1, seed=0)


@pytest.fixture(scope="module", params=[(8, 8, 1), (12, 9, 3)], ids=["grey", "colour"])
def model(request):
    """A model with noise on all weights, so that pixels depend on those before."""
    made, rng = keras_genzoo.build("pixel_vae", image_shape=request.param, **SMALL), np.random.default_rng(0)
    for weight in made.trainable_weights:
        weight.assign(weight.numpy() + 0.3 * rng.normal(size=weight.shape))
    return made


def logits_of(model, images, context):
    return np.asarray(model.head([model.pixel_features(tf.convert_to_tensor(images)), context]))


def test_logit_of_a_pixel_depends_on_those_before_it_alone(model):
    height, width, channels = model.image_shape
    rng = np.random.default_rng(1)
    images = (rng.random((1, *model.image_shape)) < 0.5).astype("float32")
    context = model.decoded(np.zeros((1, 3), "float32"))
    before = logits_of(model, images, context)
    for y, x in ((0, 0), (3, 4), (height - 1, 2)):
        changed = images.copy()
        changed[0, y, x] = 1.0 - changed[0, y, x]
        moved = (logits_of(model, changed, context) != before)[0].any(axis=-1).ravel()
        assert not moved[: y * width + x + 1].any()
        assert moved.any() or (y, x) == (height - 1, width - 1)


def test_draws_are_those_of_the_likelihood(model):
    rng = np.random.default_rng(2)
    context = model.decoded(rng.normal(size=(4, 3)).astype("float32"))
    noise = rng.random((4, *model.image_shape)).astype("float32")
    images, probabilities = (np.asarray(each) for each in model.draw(context, noise))
    rates = expit(logits_of(model, images, context).astype("float64"))
    np.testing.assert_allclose(probabilities, rates, atol=1e-5)
    np.testing.assert_array_equal(images, noise < probabilities)
    assert probabilities.std() > 0.02


def test_known_pixels_are_held_and_change_those_after_them(model):
    rng = np.random.default_rng(3)
    context = model.decoded(rng.normal(size=(2, 3)).astype("float32"))
    noise = rng.random((2, *model.image_shape)).astype("float32")
    free, _ = (np.asarray(each) for each in model.draw(context, noise))
    mask = np.ones((2, *model.image_shape), bool)
    mask[:, :2] = False
    known = 1.0 - free
    images, probabilities = (np.asarray(each) for each in model.draw(context, noise, known, mask))
    np.testing.assert_array_equal(images[~mask], known[~mask])
    rates = expit(logits_of(model, images, context).astype("float64"))
    np.testing.assert_allclose(probabilities, rates, atol=1e-5)
    np.testing.assert_array_equal(images[mask], (noise < probabilities)[mask])
    assert (images[mask] != free[mask]).any()


def test_exported_imputation_continues_the_known_pixels(model):
    rng = np.random.default_rng(4)
    known = rng.integers(0, 2, (2, *model.image_shape)).astype("float32")
    mask = np.zeros((2, *model.image_shape[:2], 1), bool)
    mask[:, 4:] = True
    step = model.export_functions()["impute"].compute
    inputs = dict(image=known, mask=mask.astype("float32"), noise=np.zeros((2, 3), "float32"))
    filled = np.asarray(step(inputs)["image"])
    np.testing.assert_array_equal(filled[:, :4], known[:, :4])
    z = model.encode(known)[0]
    rates = np.asarray(model.draw(model.decoded(z), model.fixed_noise, known, mask)[1])
    np.testing.assert_allclose(filled[:, 4:], rates[:, 4:], atol=1e-6)
    others = np.asarray(step({**inputs, "image": np.where(mask, known, 1.0 - known)})["image"])
    assert not np.allclose(others[:, 4:], filled[:, 4:])


def test_generate_draws_each_image_with_random_numbers_of_its_own(model):
    z = np.asarray(model.latent_sample(3, 5, 1))
    noise = np.asarray(sampling.uniform_rows(5, 1, 3, np.prod(model.image_shape), stream=1))
    _, expected = model.draw(model.decoded(z), noise.reshape(3, *model.image_shape))
    made = model.generate(3, seed=5, start=1)
    assert np.abs(made - np.asarray(expected) * 255.0).max() <= 1.0
    same = model.decode(np.zeros((2, 3)))
    np.testing.assert_allclose(same[0], same[1], atol=1e-6)


def test_likelihood_of_a_code_adds_up_to_one():
    """Over all values of six pixels, the others as drawn, the chances of the six given those before add up to 1."""
    model = keras_genzoo.build("pixel_vae", image_shape=(8, 8, 1), **SMALL)
    rng = np.random.default_rng(4)
    for weight in model.trainable_weights:
        weight.assign(weight.numpy() + 0.3 * rng.normal(size=weight.shape))
    states = np.array(list(itertools.product([0.0, 1.0], repeat=6)), "float32")
    images = np.zeros((64, 64), "float32")
    images[:, -6:] = states  # the last six pixels
    context = model.decoded(np.zeros((64, 3), "float32"))
    logits = logits_of(model, images.reshape(64, 8, 8, 1), context).reshape(64, 64)[:, -6:]
    chances = scipy.stats.bernoulli.pmf(states, expit(logits.astype("float64"))).prod(axis=1)
    assert chances.sum() == pytest.approx(1.0, abs=1e-5)
    assert chances.std() > 1e-3


def test_weight_of_the_divergence_rises_in_training_alone():
    model = keras_genzoo.build("pixel_vae", image_shape=(8, 8, 1), **SMALL, warmup_steps=2)
    images = np.random.default_rng(5).integers(0, 256, (4, 8, 8, 1), dtype="uint8")
    for weight in (0.0, 0.5, 1.0, 1.0):
        loss, terms = model.negative_bound(model.training_batch((images,)))
        expected = float(terms["reconstruction_loss"]) + weight * float(terms["kl_loss"])
        assert float(loss) == pytest.approx(expected, rel=1e-5)
        loss, terms = model.negative_bound(model.training_batch((images,)), training=False)
        assert float(loss) == pytest.approx(float(terms["reconstruction_loss"]) + float(terms["kl_loss"]), rel=1e-5)
        model.train_step((images,))
