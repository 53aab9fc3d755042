"""Which parts of a code are in use: known cases, and what a training says of them."""

import re

import numpy as np
import pytest
from scipy import stats

import keras_genzoo
from keras_genzoo import building, callbacks, training
from keras_genzoo.families.code_use import code_use_line
from keras_genzoo.recipes import Recipe


def set_codes(model, **values):
    """Makes the encoder ignore the image but for `values`, one row of constants for each code name."""
    for layer in model.encoder.layers:
        if layer.name in values:
            kernel, bias = layer.get_weights()
            layer.set_weights([np.zeros_like(kernel), np.asarray(values[layer.name], "float32")])


def test_known_divergences_of_each_dimension(digits):
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=3)
    set_codes(model, z_mean=[0.0, 2.0, 0.0], z_log_var=[0.0, 0.0, np.log(0.25)])
    np.testing.assert_allclose(model.code_use(digits[0][:5]), [0.0, 2.0, 0.5 * (0.25 - 1 + np.log(4))], atol=1e-6)
    line = code_use_line(model, digits[0][:5])
    assert line == "Codes: 2 of 3 latent dimensions in use; a larger reconstruction_weight uses more of them."


def test_divergences_of_a_chain_add_up_to_its_own(digits):
    model = keras_genzoo.build("chain_vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=3)
    set_codes(model, z_correlation=[0.3, 0.8, -0.5], z_mean=[1.0, 0.0, 0.5], z_log_var=[-1.0, 0.0, -2.0])
    posterior = model.posterior(model.encoded(model.to_network(digits[0][:1])))
    m, log_s2, a = (
        np.asarray(each, "float64")[0] for each in (posterior.z_mean, posterior.z_log_var, posterior.z_coupling)
    )
    inverse = np.diag(np.exp(-0.5 * log_s2)) @ (np.eye(3) - np.diag(a[1:], -1))
    covariance = np.linalg.inv(inverse.T @ inverse)
    whole = 0.5 * (np.trace(covariance) + m @ m - 3 - np.linalg.slogdet(covariance)[1])
    assert model.code_use(digits[0][:4]).sum() == pytest.approx(whole, rel=1e-5)
    assert model.code_use(digits[0][:4])[0] == pytest.approx(0.5 * (np.exp(-1) + 1 - 1 + 1), rel=1e-5)


def test_learned_prior_is_measured_by_the_variance_of_means(digits):
    model = keras_genzoo.build("mixture_vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=2)
    means = model.encode(digits[0][:50])[0]
    np.testing.assert_allclose(model.code_use(digits[0][:50], batch_size=7), means.var(axis=0), rtol=1e-5)


def test_categorical_variable_with_equal_logits_is_unused(digits):
    sizes = dict(num_latents=2, num_categories=3, network="mlp", hidden_units=[4])
    model = keras_genzoo.build("categorical_vae", image_shape=(8, 8, 1), **sizes)
    rates = np.array([0.7, 0.2, 0.1])
    set_codes(model, logits=[1.0, 1.0, 1.0, *np.log(rates)])
    expected = [0.0, np.log(3) - stats.entropy(rates)]
    np.testing.assert_allclose(model.code_use(digits[0][:4]), expected, atol=1e-6)


@pytest.mark.parametrize("dim", [2, 10])
def test_directions_that_say_nothing_are_unused(dim, digits):
    sizes = dict(network="mlp", hidden_units=[4], latent_dim=dim)
    model = keras_genzoo.build("hyperspherical_vae", image_shape=(8, 8, 1), **sizes)
    set_codes(model, z_spread=[-20.0], z_direction=np.ones(dim))
    assert model.code_use(digits[0][:4]) == pytest.approx([0.0], abs=1e-6)
    set_codes(model, z_spread=[20.0])
    assert model.code_use(digits[0][:4])[0] > 1.0


@pytest.mark.parametrize(("name", "parts"), [("ladder_vae", 3), ("hyperspherical_vae", 1), ("iaf_vae", None)])
def test_every_kind_of_posterior_has_a_use(name, parts, digits):
    model = keras_genzoo.build(name, image_shape=(8, 8, 1), base_filters=8)
    assert model.code_use(digits[0][:4]).shape == (parts or model.latent_dim,)


def test_codebook_that_uses_one_code_is_reported(digits):
    model = keras_genzoo.build(
        "vq_vae", image_shape=(8, 8, 1), base_filters=8, num_codes=4, code_dim=2, prior_filters=8
    )
    model.quantizer.codebook.assign([[0, 0], [1e3, 0], [0, 1e3], [1e3, 1e3]])
    np.testing.assert_array_equal(model.code_use(digits[0][:4]), [4, 0, 0, 0])
    assert code_use_line(model, digits[0][:4]).startswith("Codes: 1 of 4 codes in use; a larger dead_below")


def test_advice_names_arguments_of_the_model():
    with_codes = [cls for cls in map(building.model_class, keras_genzoo.list_models()) if hasattr(cls, "code_use")]
    assert len(with_codes) > 10
    for cls in with_codes:
        words = re.findall(r"\w+", cls.advice_on_unused_codes)
        named = [word for word in words if "_" in word or word in cls.arguments()]
        assert named and set(named) <= set(cls.arguments()), cls


def test_callback_says_it_once_and_refuses_other_models(digits, capsys):
    model = keras_genzoo.build("cvae", image_shape=(8, 8, 1), num_classes=10, network="mlp", hidden_units=[4])
    images, labels = digits[0][:32], digits[1][:32]
    model.fit(images, labels, epochs=2, verbose=0, callbacks=[callbacks.ReportCodeUse(images, labels=labels)])
    (line,) = capsys.readouterr().out.splitlines()
    assert line == code_use_line(model, images, labels=labels)
    gan = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=4)
    with pytest.raises(ValueError, match="Expected a model with a method code_use, .* Received: DCGAN"):
        gan.fit(images, verbose=0, callbacks=[callbacks.ReportCodeUse(images)])


def test_a_training_from_a_recipe_says_it_at_its_end(tmp_path, capsys):
    recipe = Recipe.from_dict(
        {
            "model": "vq_vae",
            "args": {"image_shape": [8, 8, 1], "base_filters": 4, "num_codes": 6, "code_dim": 2, "prior_filters": 2},
            "data": {"source": "digits", "limit": 64, "batch_size": 32},
            "epochs": 1,
        }
    )
    training.train(recipe, tmp_path / "run", verbose=2, evaluate=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Codes: ")]
    assert len(lines) == 1 and " of 6 codes in use" in lines[0]


@pytest.mark.parametrize("wrong", [dict(images=1), dict(images=8)], ids=["one image", "without labels"])
def test_callback_refuses_what_does_not_fit_before_the_first_step(wrong, digits):
    model = keras_genzoo.build("cvae", image_shape=(8, 8, 1), num_classes=10, network="mlp", hidden_units=[4])
    before = [np.array(weight) for weight in model.trainable_weights]
    report = callbacks.ReportCodeUse(digits[0][: wrong["images"]])
    with pytest.raises(ValueError, match="^Expected "):
        model.fit(digits[0][:8], digits[1][:8], verbose=0, callbacks=[report])
    for weight, value in zip(model.trainable_weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_divergence_of_levels_is_estimated_as_it_depends_on_draws(digits):
    model = keras_genzoo.build("ladder_vae", image_shape=(8, 8, 1), base_filters=8)
    posterior = model.posterior(model.encoded(model.to_network(digits[0][:2])))
    assert posterior.divergence(model.prior) is None and posterior.divergences(model.prior).shape == (2, 3)


def test_one_image_is_too_few(digits):
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[4], latent_dim=3)
    with pytest.raises(ValueError, match="Expected at least 2 images. Received: 1"):
        model.code_use(digits[0][:1])
