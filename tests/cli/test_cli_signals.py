"""A model of signals on the command line: training, pictures and card, samples, and wav files through a translator."""

import numpy as np
import pytest
from PIL import Image

import keras_genzoo
from keras_genzoo import plots, presets
from keras_genzoo.data.wav_files import read_wav, write_wav


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    recipe = keras_genzoo.recipes.Recipe.from_dict(
        {
            "model": "pix2pix",
            "args": {"base_filters": 2, "num_levels": 2, "d_layers": 1},
            "data": {
                "source": "signals:noisy",
                "source_b": "signals:clean",
                "limit": 8,
                "batch_size": 4,
                "paired": True,
            },
            "epochs": 1,
            "evaluation": {"metrics": ["snr"], "num_images": 10},
        }
    )
    folder = tmp_path_factory.mktemp("runs") / "denoising"
    keras_genzoo.training.train(recipe, folder, verbose=0)
    return folder


@pytest.fixture(scope="module")
def vae(tmp_path_factory):
    model = keras_genzoo.build("vae", image_shape=(40, 2), base_filters=2, likelihood="gaussian", seed=0)
    return model.save_to_preset(tmp_path_factory.mktemp("vae") / "preset")


def test_a_run_takes_the_shape_of_its_signals_and_draws_input_output_and_truth(run):
    card = presets.card(str(run / "preset"))
    assert card["recipe"]["args"]["image_shape"] == [512, 1]
    assert set(card["metrics"]["snr"]) >= {"value", "copy", "protocol"}
    sizes = []
    for path in (run / "samples" / "epoch_0001.png", run / "preset" / "samples.png"):
        assert plots.is_own(path)
        with Image.open(path) as picture:
            sizes.append(picture.size)
    assert sizes[0][0] == pytest.approx(1.5 * sizes[1][0], rel=0.01)  # three columns, and two


@pytest.mark.filterwarnings("default:Expected recordings")
def test_wav_files_keep_their_names_rates_and_types(command, run, here):
    rng = np.random.default_rng(0)
    recordings = {
        "a.wav": (rng.uniform(-0.5, 0.5, (700, 1)), 8000, "int16"),
        "deep/b.WAV": (rng.uniform(-0.5, 0.5, (100, 2)), 44100, "float32"),
    }
    for name, each in recordings.items():
        write_wav(here / "in" / name, each[0].astype("float32"), *each[1:])
    code, out, err = command("translate", run, "--input", "in", "--out", "out")
    assert code == 0 and "2 signals, a_to_b: out" in out and "Received: 1 of 8000 Hz, 1 of 44100 Hz" in err
    model = keras_genzoo.build("pix2pix", weights=run / "preset")
    for name, (_, rate, dtype) in recordings.items():
        made, given = read_wav(here / "out" / name), read_wav(here / "in" / name)
        assert (made.rate, made.dtype) == (rate, dtype)
        for channel in range(given.samples.shape[1]):  # each by itself, by a model of one channel
            expected = model.translate(given.samples[None, :, channel : channel + 1])[0]
            np.testing.assert_allclose(made.samples[:, channel : channel + 1], expected, atol=1 / 32768)
    code, out, _ = command("translate", run, "--input", "in/a.wav", "--out", "one.wav")
    assert code == 0 and (here / "one.wav").read_bytes() == (here / "out" / "a.wav").read_bytes()
    code, out, _ = command("translate", run, "--input", "signals:noisy", "--limit", "3", "--out", "three.npz")
    assert code == 0 and np.load(here / "three.npz")["x"].shape == (3, 512, 1)


@pytest.mark.filterwarnings("default:Skipped")
def test_wav_files_that_cannot_be_written_or_read_are_told(command, run, here):
    write_wav(here / "in" / "a.wav", np.zeros((50, 1), "float32"), 8000)
    (here / "in" / "broken.wav").write_bytes(b"RIFF")
    code, out, err = command("translate", run, "--input", "in", "--out", "out")
    assert code == 0 and "1 signal," in out and "Skipped 1 of 2 wav files that cannot be translated" in err
    before = sorted(here.rglob("*"))
    for arguments, sentence in (
        (("in", "--out", "out"), "Expected --out as new files"),
        (("in", "--out", "in/new"), "Expected --out outside of the folder of --input"),
        (("in", "--out", "one.wav"), "Expected --out as a folder"),
        (("in/a.wav", "--out", "in/a.wav"), "Expected --out as new files"),
        (("in/a.wav", "--out", "a.png"), "Expected --out as a .wav file or a folder"),
        (("in/broken.wav", "--out", "b.wav"), "Expected wav files that can be translated"),
        (("in/nope.wav", "--out", "b.wav"), "Expected a wav file or a folder of such"),
        (
            ("in/a.wav", "--out", "b.wav", "--model-size"),
            "Expected no --model-size: --input is of signals. Received: --m",
        ),
        (("in/a.wav", "--out", "b.wav", "--limit", "1"), "Expected no --limit"),
        (("wav:none", "--out", "b"), "Expected a wav file or a folder of such"),
        (("signals:noisy", "--out", "b"), "Expected --out as a .npz file"),
    ):
        code, _, err = command("translate", run, "--input", *arguments)
        assert code == 2 and sentence in err and "Received" in err, (arguments, err)
    assert sorted(here.rglob("*")) == before


@pytest.mark.filterwarnings("default:Skipped", "default:Expected recordings")
def test_recordings_that_do_not_suit_the_model_are_named(command, here):
    keras_genzoo.build("cyclegan", image_shape=(64, 2), base_filters=2, num_blocks=0).save(here / "two.keras")
    for name, channels, rate in (("a", 2, 8000), ("m", 6, 8000), ("z", 1, 44100)):
        write_wav(here / "in" / f"{name}.wav", np.zeros((99, channels), "float32"), rate)
    code, out, err = command("translate", "two.keras", "--input", "in", "--out", "out")
    assert code == 0 and "2 signals" in out
    assert "Skipped 1 of 3 wav files that cannot be translated" in err and "m.wav" in err and "6 channels" in err
    assert "Received: 1 of 8000 Hz, 1 of 44100 Hz" in err
    assert sorted(path.name for path in (here / "out").iterdir()) == ["a.wav", "z.wav"]


def test_a_model_of_images_takes_no_wav_files(command, here):
    args = dict(image_shape=(8, 8, 1), base_filters=2, num_blocks=0)
    keras_genzoo.build("cyclegan", **args).save_to_preset(here / "images")
    write_wav(here / "a.wav", np.zeros((50, 1), "float32"), 8000)
    code, _, err = command("translate", here / "images", "--input", "a.wav", "--out", "b.wav")
    assert code == 2 and "Expected a model of signals for a.wav" in err
    for out in ("a.npz", "b.wav"):
        code, _, err = command("sample", here / "images", "--out", out)
        assert code == 2 and "Expected" in err


def test_sample_writes_wav_files_arrays_or_a_picture(command, vae, here):
    expected = keras_genzoo.build("vae", weights=vae).generate(3, seed=4, start=1)
    options = ("--num", "3", "--start", "1", "--seed", "4")
    code, out, err = command("sample", vae, "--out", "a.npz", *options)
    assert (code, err) == (0, "") and "3 signals of seed 4" in out
    np.testing.assert_allclose(np.load(here / "a.npz")["x"], expected, atol=1e-5)
    code, _, _ = command("sample", vae, "--out", "folder", *options, "--sample-rate", "8000")
    recording = read_wav(here / "folder" / "000002.wav")
    assert code == 0 and (recording.rate, recording.dtype) == (8000, "int16")
    np.testing.assert_allclose(recording.samples, expected[1], atol=1 / 32768)
    assert command("sample", vae, "--out", "a.png")[0] == 0 and plots.is_own(here / "a.png")
    before = sorted(here.rglob("*"))
    for arguments, sentence in (
        (("a.npz",), "Expected --out as new files"),
        (("folder", *options, "--sample-rate", "8000"), "Expected --out as new files"),
        (("b.wav", "--num", "2", "--sample-rate", "8000"), "Expected --out as a .wav file for one signal"),
        (("b.wav", "--num", "1"), "Expected --sample-rate with wav files"),
        (("b.npz", "--sample-rate", "8000"), "Expected no --sample-rate"),
        (("b.npy",), "Expected --out as a .wav file"),
    ):
        code, _, err = command("sample", vae, "--out", *arguments)
        assert code == 2 and sentence in err and "Received" in err, (arguments, err)
    assert sorted(here.rglob("*")) == before
