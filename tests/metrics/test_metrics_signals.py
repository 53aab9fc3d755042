"""Signal-to-noise ratio and spectra: values by hand, and the evaluation of models of signals."""

import numpy as np
import pytest

import keras_genzoo
from keras_genzoo.metrics import snr, spectrum_error

RNG = np.random.default_rng(0)


def test_snr_is_that_of_each_signal_by_itself():
    clean = RNG.uniform(-0.3, 0.3, (3, 50, 2))
    noise = RNG.uniform(-0.2, 0.2, (3, 50, 2))
    expected = [10 * np.log10(np.sum(c**2) / np.sum(n**2)) for c, n in zip(clean, noise, strict=True)]
    np.testing.assert_allclose(snr(clean, clean + noise, per_signal=True), expected, rtol=1e-6)
    assert snr(clean, clean + noise) == pytest.approx(np.mean(expected), rel=1e-6)
    assert snr(clean, clean) == np.inf


def test_spectrum_error_is_that_of_mean_powers():
    noise = RNG.uniform(-1, 1, (4, 512, 1))
    assert spectrum_error(noise, noise) == 0.0
    assert spectrum_error(noise, noise / 2) == pytest.approx(20 * np.log10(2))
    assert spectrum_error(noise, 0 * noise) > 60.0  # silence is finite


@pytest.mark.parametrize(
    ("clean", "made", "sentence"),
    [
        (np.ones((2, 9, 1)), np.ones((2, 9, 2)), "of one shape"),
        (np.zeros((2, 9, 1)), np.ones((2, 9, 1)), "that are not silent.*2 of 2"),
        (np.ones((2, 9, 1)), np.full((2, 9, 1), np.nan), "finite samples"),
        (np.ones((0, 9, 1)), np.ones((0, 9, 1)), "n >= 1"),
        (np.ones((2, 9)), np.ones((2, 9)), "of one shape"),
    ],
)
def test_wrong_signals_have_no_ratio(clean, made, sentence):
    with pytest.raises(ValueError, match=rf"Expected .*{sentence}"):
        snr(clean, made)


def test_evaluate_compares_translations_with_the_truth_and_tells_that_of_the_input():
    model = keras_genzoo.build("pix2pix", image_shape=(512, 1), base_filters=2, num_levels=2, d_layers=1, seed=0)
    options = {"source_b": "signals:clean"}
    result = keras_genzoo.evaluate(model, "signals:noisy", num_images=20, data_options=options, progress=False)
    pairs = [keras_genzoo.data.load_arrays(f"signals:{name}", split="test")[0] for name in ("noisy", "clean")]
    rows = np.sort(np.random.default_rng(0).choice(1000, 20, replace=False))
    noisy, clean = (each[rows] for each in pairs)
    assert list(result) == ["snr"]
    assert result["snr"]["copy"] == pytest.approx(snr(clean, noisy))
    assert result["snr"]["value"] == pytest.approx(snr(clean, model.translate(noisy)), rel=1e-5)
    assert result["snr"]["protocol"]["direction"] == "a_to_b"


def test_evaluate_leaves_silent_signals_out_and_counts_them():
    clean = np.clip(0.2 * RNG.standard_normal((6, 40, 1)), -1, 1).astype("float32")
    noisy = np.clip(clean + 0.01, -1, 1)
    clean[2:4] = 0.0  # as in the pauses of a recording
    model = keras_genzoo.build("pix2pix", image_shape=(40, 1), base_filters=2, num_levels=2, d_layers=1, seed=0)
    result = keras_genzoo.evaluate(model, (noisy, clean), "snr", progress=False)["snr"]
    kept = [0, 1, 4, 5]
    assert result["copy"] == pytest.approx(snr(clean[kept], noisy[kept]))
    assert result["protocol"]["n_real"] == 4 and result["protocol"]["silent"] == 2
    with pytest.raises(ValueError, match="that are not silent"):
        keras_genzoo.evaluate(model, (noisy, np.zeros_like(clean)), "snr", progress=False)


def test_evaluate_measures_reconstructions_and_spectra_of_signals_alone():
    signals = np.clip(0.2 * RNG.standard_normal((12, 40, 1)), -1, 1).astype("float32")
    model = keras_genzoo.build("vae", image_shape=(40, 1), base_filters=2, likelihood="gaussian", seed=0)
    result = keras_genzoo.evaluate(model, signals, progress=False, floor=True)
    assert result["reconstruction_snr"]["value"] == pytest.approx(snr(signals, model.reconstruct(signals)), rel=1e-5)
    made = model.generate(12, seed=0)
    assert result["spectrum_error"]["value"] == pytest.approx(spectrum_error(signals, made), rel=1e-5)
    assert result["spectrum_error"]["floor"]["value"] < result["spectrum_error"]["value"]
    for wrong, sentence in (
        ({"metrics": "ssim"}, "Expected metrics of signals: snr, reconstruction_snr, spectrum_error"),
        ({"features": "mnist"}, "Expected no features"),
    ):
        with pytest.raises(ValueError, match=sentence):
            keras_genzoo.evaluate(model, signals, progress=False, **wrong)
    images = keras_genzoo.build("vae", image_shape=(8, 8, 1), base_filters=2)
    with pytest.raises(ValueError, match="Expected metrics of images.*'spectrum_error', for a model of images"):
        keras_genzoo.evaluate(images, "digits", "spectrum_error", progress=False)
