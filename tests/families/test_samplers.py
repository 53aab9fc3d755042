"""Samplers of codes that are fitted to codes of images, against scikit-learn and SciPy."""

import numpy as np
import pytest
import scipy.stats
from sklearn.mixture import GaussianMixture

import keras_genzoo
from keras_genzoo import building, latent
from keras_genzoo.families.code_sampling import Codes, draw_codes
from keras_genzoo.families.samplers import SAMPLERS, AggregateSampler, MixtureSampler, TwoStageSampler

RNG = np.random.default_rng(0)
ARGS = dict(image_shape=(8, 8, 1), latent_dim=3, base_filters=4, seed=0)


def draws(sampler, num=20000):
    return np.asarray(sampler.from_normal(RNG.standard_normal((num, sampler.noise_dim)).astype("float32")), "float64")


def bent(num, seed):
    """Codes on a thin ring, which no Gaussian resembles."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0.0, 2.0 * np.pi, num)
    return (2.0 * np.stack([np.cos(angle), np.sin(angle)], 1) + 0.1 * rng.standard_normal((num, 2))).astype("float32")


@pytest.fixture(scope="module")
def vae():
    return keras_genzoo.build("vae", **ARGS)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (60, 8, 8, 1), dtype="uint8")


@pytest.mark.parametrize("kind", SAMPLERS)
def test_sampler_that_is_not_fitted_draws_standard_normals(kind):
    codes = draws(SAMPLERS[kind](3, 4))
    assert scipy.stats.kstest(codes.ravel(), "norm").pvalue > 1e-3
    np.testing.assert_allclose(np.cov(codes.T), np.eye(3), atol=0.05)


def test_mixture_draws_as_that_of_scikit_learn():
    codes = np.concatenate([RNG.normal(-2, 0.5, (300, 2)), RNG.normal(1, 1, (900, 2)) @ [[1, 0.8], [0, 0.6]]])
    sampler = MixtureSampler(2, 2)
    sampler.fit(Codes(codes.astype("float32")), seed=0)
    reference = GaussianMixture(2, random_state=0).fit(codes)
    drawn, expected = draws(sampler), reference.sample(20000)[0]
    np.testing.assert_allclose(drawn.mean(axis=0), expected.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(expected.T), atol=0.1)
    assert reference.score(drawn) == pytest.approx(reference.score(expected), abs=0.05)
    labels = reference.predict(drawn)
    np.testing.assert_allclose(np.bincount(labels) / 20000, np.bincount(reference.predict(expected)) / 20000, atol=0.02)


def test_ways_follow_the_sampler_that_codes_are_drawn_from(images):
    model = keras_genzoo.build("autoencoder", **ARGS, samplers={"mixture": 2})
    # Two components far from the origin, flat along the way between them; a great circle would leave both.
    means = np.float32([[4.0, 5.0, 0.0], [4.0, -5.0, 0.0]])
    factors = np.broadcast_to(np.float32([[0.1, 0, 0], [0.3, 0.2, 0], [0, 0, 0.1]]), (2, 3, 3))
    model.mixture_sampler.assign([0.3, 0.7], means, factors)
    ways = latent.path(model, means, steps=10)
    np.testing.assert_allclose(ways[[0, -1]], means, atol=1e-5)
    np.testing.assert_allclose(ways[:, 0], 4.0, atol=1e-5)
    z = np.asarray(model.latent_sample(2, 0))
    rows = latent.interpolate(model, 1, 3, seed=0)[0]
    np.testing.assert_array_equal(rows, latent.decode(model, latent.path(model, z, steps=2)))


def test_aggregate_posterior_is_the_mean_of_the_posteriors():
    means, deviations = RNG.normal(0, 3, (5, 2)).astype("float32"), RNG.uniform(0.1, 1, (5, 2)).astype("float32")
    sampler = AggregateSampler(2, 5)
    sampler.fit(Codes(means, means, deviations), seed=0)
    drawn = draws(sampler)[:, 0]

    def distribution(x):
        return scipy.stats.norm.cdf(x[:, None], means[:, 0], deviations[:, 0]).mean(axis=1)

    assert scipy.stats.kstest(drawn, lambda x: distribution(np.atleast_1d(x))).pvalue > 1e-3


def test_aggregate_of_a_deterministic_encoder_is_its_codes():
    codes = RNG.normal(size=(6, 2)).astype("float32")
    sampler = AggregateSampler(2, 6)
    sampler.fit(Codes(codes), seed=0)
    assert {tuple(code) for code in draws(sampler, 500).astype("float32")} == {tuple(code) for code in codes}


def test_second_stage_learns_codes_that_are_no_gaussian():
    sampler = TwoStageSampler(2, 64)
    sampler.fit(Codes(bent(2000, 0)), seed=0)
    radius = np.linalg.norm(draws(sampler, 2000), axis=1)
    # A Gaussian of the same mean and covariance has 22 % inside of 1, and a standard deviation of the radius of 0.93.
    assert np.mean(radius < 1.0) < 0.1 and radius.std() < 0.5
    assert np.median(radius) == pytest.approx(2.0, abs=0.15)


def test_codes_are_drawn_by_index_from_the_posteriors(vae, images):
    codes = draw_codes(vae, images, 3, 16, {})
    z_mean, z_log_var = vae.encode(images)
    np.testing.assert_allclose(codes.means, z_mean, atol=1e-5)
    np.testing.assert_allclose(codes.deviations, np.exp(0.5 * z_log_var), rtol=1e-5)
    assert scipy.stats.kstest(((codes.draws - z_mean) / codes.deviations).ravel(), "norm").pvalue > 1e-3
    np.testing.assert_allclose(draw_codes(vae, images, 3, 7, {}).draws, codes.draws, atol=1e-5)


def test_generate_takes_a_fitted_sampler_and_keeps_it_in_files(images, tmp_path):
    model = keras_genzoo.build("vae", **ARGS)
    prior = model.generate(6, seed=1)
    model.fit_sampler("mixture", images, size=3)
    np.testing.assert_array_equal(model.generate(6, seed=1, sampler="prior"), prior)
    mixture = model.generate(6, seed=1)
    assert (mixture != prior).any()
    np.testing.assert_array_equal(model.generate(2, seed=1, start=4, sampler="mixture"), mixture[4:])
    model.fit_sampler("two_stage", images, size=4)
    model.fit_sampler("mixture", images, size=2)  # another size takes the place of the first, and stays the default
    assert model.samplers == {"mixture": 2, "two_stage": 4}
    mixture, second = (model.generate(6, seed=1, sampler=kind) for kind in ("mixture", "two_stage"))
    model.save(tmp_path / "model.keras")
    model.save_to_preset(tmp_path / "preset")
    for copy in (
        keras_genzoo.load(tmp_path / "model.keras"),
        keras_genzoo.build("vae", weights=tmp_path / "preset"),
        model.copy_as("float32"),
    ):
        np.testing.assert_allclose(copy.generate(6, seed=1), mixture, atol=1)
        np.testing.assert_allclose(copy.generate(6, seed=1, sampler="two_stage"), second, atol=1)
        assert not any("sampler" in weight.path for weight in copy.trainable_weights)


def test_codes_of_images_with_labels_need_them(images, tmp_path):
    model = keras_genzoo.build("cvae", **ARGS, num_classes=3)
    with pytest.raises(ValueError, match="Expected labels"):
        model.fit_sampler("mixture", images, size=2)
    model.fit_sampler("mixture", images, size=2, labels=np.arange(60) % 3)
    model.save(tmp_path / "model.keras")
    made = model.generate(4, seed=1, labels=2)
    assert (made != model.generate(4, seed=1, labels=2, sampler="prior")).any()
    np.testing.assert_allclose(keras_genzoo.load(tmp_path / "model.keras").generate(4, seed=1, labels=2), made, atol=1)


@pytest.mark.parametrize("name", ["iaf_vae", "vae_gan"])
def test_a_model_with_networks_of_its_own_keeps_its_fitted_sampler(name, images, tmp_path):
    known = building.model_class(name).arguments()
    args = {key: value for key, value in ARGS.items() if key in known}
    model = keras_genzoo.build(name, **args, samplers={"mixture": 2})
    model.fit_sampler("mixture", images, size=2)
    model.save_to_preset(tmp_path / "preset")
    for copy in (model.copy_as("float32"), keras_genzoo.build(name, weights=tmp_path / "preset")):
        np.testing.assert_allclose(copy.generate(4, seed=1), model.generate(4, seed=1), atol=1)


@pytest.mark.parametrize("name", ["a.weights.h5", "a.keras", "a.weights.json"])
@pytest.mark.parametrize("kind", ["aggregate", "two_stage"])
def test_weights_of_a_fitted_sampler_are_not_left_out(kind, name, vae, images, tmp_path):
    fitted = keras_genzoo.build("vae", **ARGS)
    fitted.fit_sampler(kind, images, size=4)
    if name.endswith(".keras"):
        fitted.save(tmp_path / name)
    else:
        fitted.save_weights(tmp_path / name, **({"max_shard_size": 1e-5} if name.endswith(".json") else {}))
    before = vae.get_weights()
    with pytest.raises(ValueError, match=f"samplers={{'{kind}': size}}. Received: one without {kind}"):
        vae.load_weights(tmp_path / name)
    assert all(map(np.array_equal, before, vae.get_weights()))
    same = keras_genzoo.build("vae", samplers={kind: 4}, **ARGS)
    same.load_weights(tmp_path / name)
    np.testing.assert_array_equal(same.generate(3, seed=0), fitted.generate(3, seed=0))


def test_weights_without_the_sampler_of_a_model_leave_it_as_it_is(vae, images, tmp_path):
    vae.save_weights(tmp_path / "without.weights.h5")
    model = keras_genzoo.build("vae", **{**ARGS, "seed": 5})
    model.fit_sampler("mixture", images, size=3)
    model.save_weights(tmp_path / "three.weights.h5")
    before = model.get_weights()
    with pytest.raises(ValueError, match="samplers={'mixture': 3}, as this one. Received: those of one without mix"):
        model.load_weights(tmp_path / "without.weights.h5")
    assert all(map(np.array_equal, before, model.get_weights()))
    other = keras_genzoo.build("vae", samplers={"mixture": 4}, **ARGS)
    with pytest.raises(ValueError, match="samplers={'mixture': 4}, as this one. Received: those of one with other"):
        other.load_weights(tmp_path / "three.weights.h5")


def test_numbers_of_codes_are_checked(vae):
    for args in ((-1, 0), (2, 0.5), (2, 0, -3)):
        with pytest.raises(ValueError, match=r"Expected (num|seed|start) to be an integer.*Received"):
            vae.latent_sample(*args)


def test_samplers_are_drawn_from_once_they_are_fitted(images):
    model = keras_genzoo.build("vae", **ARGS, samplers={"mixture": 3, "two_stage": 4})
    prior = model.generate(6, seed=1, sampler="prior")
    np.testing.assert_array_equal(model.generate(6, seed=1), prior)
    with pytest.raises(ValueError, match="Expected a sampler that has been fitted, .* Received: sampler='mixture'"):
        model.generate(6, seed=1, sampler="mixture")
    model.fit_sampler("two_stage", images, size=4)
    assert (model.generate(6, seed=1) != prior).any()
    np.testing.assert_array_equal(model.generate(6, seed=1), model.generate(6, seed=1, sampler="two_stage"))
    with pytest.warns(UserWarning, match="Training moves the codes, to which the samplers two_stage were fitted: call"):
        model.fit(images, verbose=0)


def test_wrong_samplers_are_refused_and_leave_the_model(vae, images):
    with pytest.raises(ValueError, match=r"did you mean 'mixture'\? Received: sampler='mixtur'"):
        vae.generate(1, sampler="mixtur")
    with pytest.raises(ValueError, match=r"Expected a sampler of prior, .* Received: sampler=\['prior'\]"):
        vae.generate(1, sampler=["prior"])
    with pytest.raises(
        ValueError, match=r"fit_sampler\('aggregate', images\). Received: sampler='aggregate', of prior"
    ):
        vae.generate(1, sampler="aggregate")
    for wrong, message in (
        (("mixtures", images), "Expected sampler to be one of 'mixture', 'aggregate', 'two_stage'"),
        (("mixture", images[:3]), "Expected at least 10 images to fit mixture: 10. Received: 3 images"),
        (("mixture", images, 0), "Expected size to be an integer of at least 1"),
        (("mixture", images[:, :4]), "Expected images"),
    ):
        with pytest.raises(ValueError, match=message):
            vae.fit_sampler(*wrong)
    assert vae.samplers is None and not hasattr(vae, "mixture_sampler")
