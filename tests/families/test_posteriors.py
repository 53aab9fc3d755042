"""Every kind of posterior: densities of its draws, imputation, and samplers of its codes."""

import numpy as np
import pytest

import keras_genzoo
from keras_genzoo import building

SHAPE = (8, 8, 1)
WITH_DENSITY = ["vae", "chain_vae", "ladder_vae", "hyperspherical_vae", "categorical_vae"]
NO_REAL_NUMBERS = ["hyperspherical_vae", "categorical_vae", "vq_vae"]
SMALL = dict(image_shape=SHAPE, base_filters=4, latent_dim=3, num_classes=3, num_latents=3, num_categories=4, seed=0)


def build(name, **args):
    known = building.model_class(name).arguments()
    return keras_genzoo.build(name, **{key: value for key, value in {**SMALL, **args}.items() if key in known})


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (30, *SHAPE), dtype="uint8")


@pytest.mark.parametrize("name", WITH_DENSITY)
def test_density_of_a_given_code_is_that_of_its_draw(name, images):
    model = build(name)
    posterior = model.posterior(model.encoded(model.to_network(images[:2]))).repeat(20)
    noise = np.random.default_rng(2).standard_normal((40, posterior.noise_dim)).astype("float32")
    z, log_q = posterior.draw(noise)
    if name == "categorical_vae":  # whose draw calls it
        log_q = np.sum(np.where(np.asarray(z) > 0.5, np.reshape(posterior.log_q, (40, -1)), 0.0), axis=-1)
    np.testing.assert_allclose(posterior.log_density(z), log_q, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", [*WITH_DENSITY, "iaf_vae", "vq_vae"])
def test_missing_pixels_are_filled_by_codes_of_any_kind(name, images):
    model, missing = build(name, binarize=True), np.arange(8) < np.full((8, 1), 4)
    black_and_white = 255 * (images[:4] > 127).astype("uint8")
    filled = model.impute(black_and_white, missing, steps=4, seed=1)
    np.testing.assert_array_equal(filled[:, ~missing], black_and_white[:, ~missing])
    if name != "vq_vae":  # which draws no codes
        assert (filled != model.impute(black_and_white, missing, steps=4, seed=2)).any()
    if name in WITH_DENSITY:
        assert model.impute(black_and_white, missing, steps=4, metropolis=True).shape == filled.shape
        return
    with pytest.raises(ValueError, match=f"{name} does not know the density"):
        model.impute(black_and_white, missing, steps=4, metropolis=True)


def test_missing_pixels_of_a_model_with_labels_need_them(images):
    model, missing = build("cvae"), np.arange(8) < np.full((8, 1), 4)
    with pytest.raises(ValueError, match="Expected labels"):
        model.impute(images, missing, steps=2)
    first, second = (model.impute(images, missing, steps=2, labels=np.full(30, label)) for label in (0, 1))
    assert (first != second).any()


@pytest.mark.parametrize("name", NO_REAL_NUMBERS)
def test_codes_that_are_no_real_numbers_are_sampled_as_they_are(name, images, tmp_path):
    model = build(name)
    for kind in ("mixture", "two_stage"):
        with pytest.raises(ValueError, match=f"Expected no sampler but aggregate, .* {name}.* Received: {kind}"):
            model.fit_sampler(kind, images)
    model.fit_sampler("aggregate", images, size=30)
    model.save_to_preset(tmp_path / "preset")
    codes = np.asarray(model.latent_sample(200, seed=0))
    assert len(np.unique(codes, axis=0)) <= 30
    book = {tuple(vector) for vector in np.asarray(model.quantizer.codebook).tolist()} if name == "vq_vae" else None
    valid = {
        "hyperspherical_vae": lambda: np.linalg.norm(codes, axis=1),
        "categorical_vae": lambda: codes.reshape(-1, 3, 4).max(axis=-1),
        "vq_vae": lambda: [vector in book for vector in map(tuple, codes.reshape(-1, model.code_dim).tolist())],
    }
    np.testing.assert_allclose(valid[name](), 1.0, atol=1e-6)
    np.testing.assert_allclose(
        keras_genzoo.from_preset(tmp_path / "preset").generate(5, seed=0), model.generate(5, seed=0), atol=1
    )
