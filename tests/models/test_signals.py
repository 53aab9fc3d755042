"""Models of signals: what they take, what they refuse, translation of any length, and what is exported."""

import json

import numpy as np
import pytest
import tensorflow as tf
from cases import SIGNALS, moved, state

import keras_genzoo
from keras_genzoo import layers, registry
from keras_genzoo.data.wav_files import write_wav
from keras_genzoo.networks.residual import residual_translator

ROWS = {case.name: case for case in SIGNALS}
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def translator():
    return ROWS["pix2pix"].build()


@pytest.fixture(scope="module")
def vae():
    return ROWS["vae"].build()


def noise(*shape):
    return RNG.uniform(-1, 1, shape).astype("float32")


# -- what is taken -----------------------------------------------------------------------------------------------------


# A condition as a plane, a posterior of its own, a prior of learned signals, codes that are shuffled.
@pytest.mark.parametrize("name", ["cvae", "hyperspherical_vae", "vamp_vae", "factor_vae"])
def test_variants_of_the_vae_take_a_step_on_signals(name):
    model = keras_genzoo.build(name, image_shape=(33, 2), latent_dim=4, base_filters=2, likelihood="gaussian", seed=0)
    labels = (np.arange(6, dtype="int32"),) if name == "cvae" else ()
    logs = model.train_step((noise(6, 33, 2), *labels))
    assert all(np.isfinite(float(value)) for value in logs.values())
    made = model.generate(3, seed=0)
    assert made.shape == (3, 33, 2) and made.dtype == np.float32 and np.abs(made).max() <= 1.0


def test_wrong_signals_are_refused_and_nothing_is_trained(vae):
    signals = noise(8, 33, 2)
    before = state(vae)
    wrong = [
        *(signals[0], signals[:, 1:], signals[..., :1], signals[:0], np.moveaxis(signals, 1, -1), signals[..., None]),
        *(np.int16(signals * 100), signals.astype(str), signals * 1.01, np.where(signals > 0.9, np.nan, signals)),
    ]
    for each in wrong:
        with pytest.raises(ValueError, match=r"Expected .*signal.* Received"):
            vae.fit(each, verbose=0)
        for use in (vae.encode, vae.reconstruct):
            if len(each):
                with pytest.raises(ValueError, match=r"Expected .*signal.* Received"):
                    use(each)
    with pytest.raises(ValueError, match=r"np.moveaxis\(signals, 1, -1\)"):
        vae.encode(np.moveaxis(signals, 1, -1))
    with pytest.raises(ValueError, match="of 16-bit integers: signals / 32768"):
        vae.encode(np.int16(signals * 100))
    batches = tf.data.Dataset.from_tensor_slices(np.where(signals > 0.9, np.nan, signals)).batch(4)
    for use in (vae.fit, vae.evaluate):
        with pytest.raises(ValueError, match=r"(?s)Expected signals with finite samples in -1..1.*Received"):
            use(batches, verbose=0)
    changed = moved(before, state(vae))  # a batch refused inside the graph has counted, and has drawn its noise
    assert [key for key in changed if "seed" not in key and "iteration" not in key] == []


def test_silent_signals_pass_all_networks(translator, vae):
    silence = np.zeros((2, 33, 2), "float32")
    for made in (translator.translate(silence), vae.reconstruct(silence)):
        assert np.isfinite(made).all()


@pytest.mark.parametrize(
    ("name", "args", "sentence"),
    [
        ("vae", {}, "Expected likelihood='gaussian' for signals"),
        ("dcgan", {"augmentations": ("flip",)}, "Expected a model of images for augmentations"),
        ("pix2pix", {"flip": True}, "Expected a model of images for crop and flip"),
        ("sagan", {}, "sagan takes no signals"),
        ("ladder_vae", {}, "ladder_vae takes no signals"),
        ("cut", {}, "cut takes no signals"),
        ("rbm", {}, "rbm takes no signals"),
        ("classifier", {}, "classifier takes no signals"),
    ],
)
def test_what_signals_do_not_fit_is_refused_at_once(name, args, sentence):
    with pytest.raises(ValueError, match=rf"{sentence}.* Received: .*image_shape=\(33, 2\)"):
        keras_genzoo.build(name, image_shape=(33, 2), **args)


@pytest.mark.parametrize("shape", [(16, 1), (65537, 1), (100, 0), (100, 17), (1, 1024), (100.5, 1), (28, 28)])
def test_a_shape_of_no_signal_is_refused(shape):
    with pytest.raises(
        ValueError, match=r"Expected .*image_shape=\(length, channels\) for signals of 17..65536.*Received"
    ):
        keras_genzoo.build("vae", image_shape=shape, likelihood="gaussian")


def test_features_of_images_are_refused(vae, translator, tmp_path):
    signals = noise(4, 33, 2)
    uses = (
        lambda: vae.impute(signals, np.zeros((33, 2))),
        lambda: vae.export(tmp_path / "page", format="web"),
        lambda: translator.export(tmp_path / "a.tflite", format="litert", image_dtype="uint8"),
        lambda: keras_genzoo.plots.save_traversals(vae, signals, tmp_path / "a.png"),
    )
    for use in uses:
        with pytest.raises(ValueError, match="Expected .*Received"):
            use()
    assert not [*tmp_path.iterdir()]


# -- networks ----------------------------------------------------------------------------------------------------------


def test_instance_normalization_of_a_signal_is_that_of_an_image_of_one_column():
    signals = tf.constant(noise(3, 20, 2))
    flat, image = layers.InstanceNormalization(), layers.InstanceNormalization()
    for training in (False, True):
        expected = image(signals[:, :, None], training=training)[:, :, 0]
        np.testing.assert_allclose(flat(signals, training=training), expected, atol=1e-5)
    centred = signals - tf.reduce_mean(signals, axis=1, keepdims=True)
    np.testing.assert_allclose(flat(signals), centred / tf.math.reduce_std(signals, axis=1, keepdims=True), atol=1e-3)


def test_translations_are_not_shifted_against_their_signals():
    network = residual_translator((42, 1), 2, 1, kernel_initializer="ones")  # padded and cropped by 1 on both ends
    impulse = np.zeros((1, 42, 1), "float32")
    impulse[0, 20:22] = 1.0
    mirrored = np.asarray(network(impulse))
    np.testing.assert_allclose(mirrored, mirrored[:, ::-1], atol=1e-4)


# -- translation of any length -----------------------------------------------------------------------------------------


def test_signals_of_any_length_are_translated_in_windows(translator):
    for length in (1, 20, 33, 34, 200):
        signals = noise(2, length, 2)
        made = translator.translate(signals)
        assert made.shape == signals.shape and made.dtype == np.float32 and np.abs(made).max() <= 1.0
    several = [noise(20, 2), noise(50, 2)]
    for signal, made in zip(several, translator.translate(several), strict=True):
        np.testing.assert_allclose(made, translator.translate(signal[None])[0], atol=1e-6)
    for wrong in (noise(2, 0, 2), noise(2, 50, 1), noise(50, 2), 2 * noise(2, 50, 2), [noise(1, 50, 2)]):
        with pytest.raises(ValueError, match=r"Expected .*signals.* Received"):
            translator.translate(wrong)
    with pytest.raises(ValueError, match=r"Expected signals of shape \(batch, 33, 2\)"):
        translator.translate(noise(2, 50, 2), keep_size=False)


def test_a_wav_file_is_translated_by_its_path(translator, tmp_path):
    samples = noise(60, 2)
    write_wav(tmp_path / "a.wav", samples, 8000, "float32")
    np.testing.assert_array_equal(translator.translate(str(tmp_path / "a.wav")), translator.translate(samples[None]))
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match="Expected a whole wav file.*, in .*b.wav"):
        translator.translate(tmp_path / "b.wav")


# -- export ------------------------------------------------------------------------------------------------------------


def test_exported_signals_are_called_signal_and_have_their_range(translator, vae, tmp_path):
    report = translator.export(tmp_path / "model", format="saved_model")
    assert set(report.signatures) == {"serving_default", "translate", "a_to_b"}
    manifest = json.loads(next((tmp_path / "model").rglob("genzoo.json")).read_text())
    assert set(manifest["signatures"]["translate"]["inputs"]) == {"signal"}
    served, signals = tf.saved_model.load(report.path).signatures["translate"], noise(3, 33, 2)
    made = served(signal=tf.constant(signals))["signal"]
    np.testing.assert_allclose(made, translator.translate(signals), atol=1e-5)
    for wrong in (signals * 1.01 / np.abs(signals).max(), np.where(signals > 0.9, np.nan, signals)):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expected signal with values in -1..1"):
            served(signal=tf.constant(wrong))
    given = noise(20, 33, 2)
    report = vae.export(tmp_path / "a.tflite", format="litert", signature="reconstruct", images=given, measure=False)
    assert report.max_error < 1e-3
    with pytest.raises(ValueError, match="Expected signals with finite samples"):
        vae.export(tmp_path / "b.tflite", format="litert", signature="reconstruct", images=2 * given, measure=False)


def test_a_decoder_of_signals_begins_with_their_variance(vae):
    assert float(vae.pixel_log_var) == -6.0
    assert float(keras_genzoo.build("vae", likelihood="gaussian", base_filters=2).pixel_log_var) == 0.0
    assert "takes_signals" not in registry.describe("vae").arguments
