"""Exported files draw codes from the sampler that was fitted, as `generate` does."""

import numpy as np
import pytest
import tensorflow as tf

import keras_genzoo
from keras_genzoo.export.runners import litert_runner
from keras_genzoo.families.samplers import SAMPLERS


@pytest.fixture(scope="module", params=[*SAMPLERS])
def model(request):
    model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4, seed=0)
    means = model.encoder.get_layer("z_mean")
    means.set_weights([5.0 * weight + 3.0 for weight in means.get_weights()])  # codes far from the prior
    model.fit_sampler(request.param, np.random.default_rng(0).random((40, 8, 8, 1), "float32"), size=4)
    return model


def test_files_draw_codes_of_the_fitted_sampler(model, tmp_path):
    expected = model.generate(6, seed=3).astype(int)
    assert np.abs(expected - model.generate(6, seed=3, sampler="prior")).max() > 3
    served = tf.saved_model.load(model.export(tmp_path / "saved", warmup=False).path).signatures
    numbers = dict(num=tf.constant(6), seed=tf.constant(3, tf.int64), start=tf.constant(0, tf.int64))
    assert np.abs(served["generate"](**numbers)["image"].numpy().astype(int) - expected).max() <= 1
    source = getattr(model, f"{[*model.samplers][0]}_sampler")
    noise = np.random.default_rng(1).standard_normal((3, source.noise_dim)).astype("float32")
    images = np.asarray(model.decode(source.from_normal(noise)))
    np.testing.assert_allclose(served["sample"](noise=tf.constant(noise))["image"], images, atol=1e-5)
    report = model.export(tmp_path / "a.tflite", format="litert", signature="sample", measure=False)
    np.testing.assert_allclose(litert_runner(report.path, "sample")({"noise": noise})["image"], images, atol=1e-4)
