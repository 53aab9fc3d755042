"""Signals in arrays, npz files and wav files, and those that are made by code."""

import wave

import numpy as np
import pytest
from scipy.io import wavfile

from keras_genzoo.data import draw_signals, load, load_arrays, load_pairs
from keras_genzoo.data.parts import count_of
from keras_genzoo.data.sources import open_part
from keras_genzoo.data.views import public_source
from keras_genzoo.data.wav_files import read_wav, write_wav
from keras_genzoo.recipes import DataConfig, Recipe
from keras_genzoo.recipes.sizes import with_dataset_size

TONE = np.sin(np.arange(100) / 5.0).astype("float32")[:, None] * np.float32(0.5)


def power(values):
    return np.square(values.astype("float64")).mean(axis=(1, 2))


# -- made by code ------------------------------------------------------------------------------------------------------


def test_noise_has_the_stated_power_and_the_same_signals_below_it():
    clean = draw_signals("clean", 60, seed=5)
    assert clean.shape == (60, 512, 1) and clean.dtype == np.float32
    assert np.abs(clean).max(axis=(1, 2)).min() >= 0.15 and np.abs(clean).max() <= 0.4 + 1e-6
    for name in ("noisy", "signals:hum"):
        ratios = 10.0 * np.log10(power(clean) / power(draw_signals(name, 60, seed=5) - clean))
        assert -0.1 <= ratios.min() < 3.0 and 7.0 < ratios.max() <= 10.1


def test_hum_is_at_50_hz_and_white_noise_is_not():
    clean, noisy, hum = (draw_signals(name, 90, seed=1).astype("float64") for name in ("clean", "noisy", "hum"))
    spectra = [np.square(np.abs(np.fft.rfft(each - clean, axis=1))).mean(axis=(0, 2)) for each in (noisy, hum)]
    mains = round(50.0 / 1000.0 * 512)
    noise, hum = (spectrum[mains - 1 : mains + 2].max() / np.median(spectrum[15:40]) for spectrum in spectra)
    assert hum > 5.0 * noise


def test_a_signal_depends_on_its_number_and_the_seed_alone():
    np.testing.assert_array_equal(draw_signals("noisy", 5, seed=2)[:3], draw_signals("noisy", 3, seed=2))
    assert not np.array_equal(draw_signals("noisy", 3, seed=2), draw_signals("noisy", 3, seed=3))


def test_splits_of_made_signals_are_pairs_without_common_signals():
    dataset = load_pairs("signals:noisy", "signals:clean", paired=True, batch_size=50, split="test[:10%]")
    noisy, clean = next(iter(dataset))
    assert len(dataset) == 2 and dataset.num_images == 100
    assert (10.0 * np.log10(power(clean.numpy()) / power(noisy.numpy() - clean.numpy())) > -0.1).all()
    train, test = (load_arrays("signals:clean", split=split, limit=200)[0] for split in ("train", "test"))
    assert not {each.tobytes() for each in train} & {each.tobytes() for each in test}


# -- arrays ------------------------------------------------------------------------------------------------------------


def test_arrays_of_signals_are_floats_or_16_bit_integers(tmp_path):
    signals = np.random.default_rng(0).uniform(-1, 1, (5, 40, 2))
    np.savez(tmp_path / "a.npz", noisy_train=signals, noisy_test=signals[:2], clean=np.int16(signals[..., 0] * 32767))
    loaded, labels = load_arrays(tmp_path / "a.npz", image_key="noisy")
    np.testing.assert_array_equal(loaded, signals.astype("float32"))
    assert labels is None and len(load_arrays(tmp_path / "a.npz", split="test", image_key="noisy")[0]) == 2
    whole, _ = load_arrays(tmp_path / "a.npz", image_key="clean")
    np.testing.assert_allclose(whole, signals[..., :1], atol=1 / 10000)
    assert load_arrays(np.full((2, 30), -32768, "int16"))[0].min() == -1.0


def test_arrays_of_other_kinds_stay_what_they_were():
    assert load_arrays(np.zeros((3, 16)))[0].shape == (3, 16)  # points
    assert load_arrays(np.zeros((5, 40, 12)))[0].dtype == np.uint8  # grey images of 40x12
    assert load_arrays(np.full((3, 40, 12), -0.5))[0].dtype == np.float32  # no image has such values
    assert load_arrays(np.zeros((3, 40, 12), "int16"))[0].shape == (3, 40, 12)
    assert load(np.stack([TONE, -TONE]), batch_size=2).element_spec.shape == (None, 100, 1)


@pytest.mark.parametrize(
    ("source", "options", "sentence"),
    [
        (np.full((3, 2, 100), -0.5), {}, r"np.moveaxis\(signals, 1, -1\) where the channels come first"),
        (np.zeros((3, 1, 100), "int16"), {}, r"np.moveaxis\(signals, 1, -1\) where the channels come first"),
        (np.full((3, 100, 1), np.nan), {}, "Expected signals with finite samples in -1..1"),
        (np.full((3, 100), 1.01), {}, "Expected signals with finite samples in -1..1"),
        (np.zeros((3, 100), "int32"), {}, "Expected the given array to be"),
        (np.zeros((3, 100), "uint8"), {}, "Expected the given array to be"),
        (np.zeros((0, 100)), {}, "Expected at least one signal"),
        (np.zeros((3, 16), "int16"), {}, "Expected the given array to be signals"),
        (np.zeros((3, 100)), {"image_size": (64,)}, "Expected signals of 64 samples"),
        (np.zeros((3, 100, 3)), {"image_size": (100,), "channels": 2}, "Expected signals of 2 channels"),
        (np.zeros((3, 100)), {"image_size": (100,), "channels": 17}, "Expected channels to be 1..16"),
        (np.zeros((3, 100)), {"image_size": (10, 10)}, "Expected images for image_size"),
        ("digits", {"image_size": (100,)}, "Expected signals for image_size"),
        ("points:ring8", {"image_size": (100,)}, "Expected signals for image_size"),
        ("signals:loud", {}, "Expected one of signals:clean, signals:noisy, signals:hum"),
        ("left:signals:clean", {}, "Expected a folder or an npz file of images side by side"),
    ],
)
def test_what_is_no_array_of_signals_is_refused(source, options, sentence):
    with pytest.raises(ValueError, match=rf"{sentence}.*Received"):
        load_arrays(source, **options)


# -- wav files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (np.array([0, 128, 192], "uint8"), [-1.0, 0.0, 0.5]),
        (np.array([-32768, 0, 16384], "int16"), [-1.0, 0.0, 0.5]),
        (np.array([-(2**31), 0, 2**30], "int32"), [-1.0, 0.0, 0.5]),
        (np.array([-1.0, 0.0, 0.5], "float32"), [-1.0, 0.0, 0.5]),
        (np.array([-1.0, 0.0, 0.5], "float64"), [-1.0, 0.0, 0.5]),
    ],
    ids=lambda each: getattr(each, "dtype", None) and each.dtype.name,
)
def test_wav_files_of_each_type_have_one_range_and_are_written_as_they_were(tmp_path, stored, expected):
    wavfile.write(tmp_path / "a.wav", 8000, stored)
    recording = read_wav(tmp_path / "a.wav")
    assert recording.samples.dtype == np.float32 and recording.samples[:, 0].tolist() == expected
    write_wav(tmp_path / "b.wav", recording.samples, recording.rate, recording.dtype)
    assert (tmp_path / "b.wav").read_bytes()[-stored.nbytes :] == (tmp_path / "a.wav").read_bytes()[-stored.nbytes :]


def test_wav_files_of_24_bits_have_the_range_of_the_others(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(3)
        file.setframerate(44100)
        file.writeframes(b"".join(int(v).to_bytes(3, "little", signed=True) for v in (-(2**23), 2**22, 0, -(2**21))))
    assert read_wav(tmp_path / "a.wav").samples.tolist() == [[-1.0, 0.5], [0.0, -0.25]]


@pytest.fixture
def folder(tmp_path):
    """Two folders of 100 samples in `s0`, and 50 in `s1`, of which b is minus a."""
    for name, sign in (("a", 1.0), ("b", -1.0)):
        write_wav(tmp_path / name / "s0.wav", sign * TONE, 8000, "float32")
        write_wav(tmp_path / name / "deep" / "s1.WAV", sign * TONE[50:], 8000, "float32")
    return tmp_path


def test_windows_cover_each_file_and_the_last_one_ends_with_it(folder):
    windows, _ = load_arrays(f"wav:{folder / 'a'}", image_size=(40,))
    starts = [(50, 0), (50, 10), (0, 0), (0, 40), (0, 60)]  # in deep/s1 and s0
    np.testing.assert_array_equal(windows, np.stack([TONE[first + at : first + at + 40] for first, at in starts]))
    assert load_arrays(f"wav:{folder / 'a'}", image_size=(50,), channels=2)[0].shape == (3, 50, 2)
    assert load(f"wav:{folder / 'a'}", image_size=(40,), batch_size=2).num_images == 5
    stereo = np.concatenate([TONE, -TONE], axis=1)
    write_wav(folder / "stereo.wav", stereo, 8000, "float32")
    assert not load_arrays(f"wav:{folder / 'stereo.wav'}", image_size=(100,), channels=1)[0].any()
    write_wav(folder / "stereo.wav", np.tile(stereo, (11, 1)), 8000, "float32")
    assert load_arrays(f"wav:{folder / 'stereo.wav'}", channels=2)[0].shape == (2, 1024, 2)  # of the default length


def test_windows_of_two_folders_are_matched_by_the_names_of_their_files(folder):
    sources = [f"wav:{folder / name}" for name in "ab"]
    dataset = load_pairs(*sources, paired=True, image_size=(30,), batch_size=3)
    pairs = [tuple(part.numpy() for part in pair) for pair in dataset]
    assert dataset.num_images == sum(len(a) for a, _ in pairs) == 6
    for a, b in pairs:
        np.testing.assert_array_equal(a, -b)
    write_wav(folder / "b" / "s0.wav", TONE[1:], 8000, "float32")
    with pytest.raises(ValueError, match="Expected matched wav files of one length.*s0.wav of 100.*s0.wav of 99"):
        load_pairs(*sources, paired=True, image_size=(30,))
    write_wav(folder / "b" / "s0.wav", TONE, 16000, "float32")
    with pytest.raises(ValueError, match="Expected wav files of one sample rate.*8000.*16000"):
        load_pairs(*sources, paired=True, image_size=(30,))
    for path in [path for path in (folder / "b").rglob("*") if path.is_file()]:
        write_wav(path, TONE, 16000, "float32")
    with pytest.raises(ValueError, match="Expected wav files of one sample rate in both domains.*8000.*16000"):
        load_pairs(*sources, image_size=(30,))
    with pytest.raises(ValueError, match="Expected wav files in both domains"):
        load_pairs(sources[0], np.zeros((2, 30, 1)), paired=True, image_size=(30,))


def test_files_that_hold_no_signal_are_named_and_left_out(folder):
    a, b = folder / "a", folder / "b"
    whole = (a / "s0.wav").read_bytes()
    (a / "broken.wav").write_bytes(b"RIFF" + whole[4:30])
    (a / "cut.wav").write_bytes(whole[:-40])
    wavfile.write(a / "nan.wav", 8000, np.full(90, np.nan, "float32"))
    wavfile.write(a / "loud.wav", 8000, np.full(90, 1.5, "float32"))
    wavfile.write(a / "short.wav", 8000, np.zeros(39, "int16"))
    (a / "notes.txt").write_text("")
    with pytest.warns() as told:
        windows, _ = load_arrays(f"wav:{a}", image_size=(40,))
    assert len(windows) == 5
    texts = " ".join(str(each.message) for each in told)
    assert "1 .txt" in texts and "Skipped 4 of 7" in texts and "Skipped 1 of 3" in texts
    for name in ("broken", "cut", "nan", "loud", "short"):
        assert f"{name}.wav" in texts
    wavfile.write(b / "nan.wav", 8000, np.zeros(90, "int16"))  # the partner of a file that cannot be read
    with pytest.warns(UserWarning):
        assert load_pairs(f"wav:{a}", f"wav:{b}", paired=True, image_size=(40,)).num_images == 5
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="not all that are shorter than a window of 200"):
        load_arrays(f"wav:{a}", image_size=(200,))


def test_folders_of_wav_files_have_splits_of_whole_files(folder):
    for name in ("train", "test"):
        for number in range(4):
            write_wav(folder / "c" / name / f"{number}.wav", TONE * (1 + number) / 5, 8000, "float32")
    windows, _ = load_arrays(f"wav:{folder / 'c'}", split="train[:50%]", image_size=(25,))
    assert len(windows) == 8 and len({float(np.abs(each).max()) > 0 for each in windows}) == 1
    rest, _ = load_arrays(f"wav:{folder / 'c'}", split="train[50%:]", image_size=(25,))
    assert not {each.tobytes() for each in windows} & {each.tobytes() for each in rest}
    assert len(load_arrays(f"wav:{folder / 'c'}", split="test", image_size=(100,))[0]) == 4


@pytest.mark.parametrize("source", ["", "/none", "/a/s0.wav/none"])
def test_a_folder_without_wav_files_is_refused(folder, source):
    (folder / "empty").mkdir()
    path = folder / "empty" if not source else f"{folder}{source}"
    with pytest.raises((ValueError, FileNotFoundError), match=r"Expected .*wav files.*Received"):
        load_arrays(f"wav:{path}")
    with pytest.raises(ValueError, match=r"Expected images .*1 .wav files \(wav:"):
        load_arrays(folder / "a" / "deep") if not source else load_arrays(f"folder:{folder / 'b' / 'deep'}")


def test_windows_and_not_files_are_counted_and_cards_have_no_folders(folder):
    source = f"wav:{folder / 'a'}"
    assert count_of(open_part(source), (40, 1)) == 5 and count_of(open_part("digits")) == 1500
    recipe = Recipe("beta_tc_vae", args={"image_shape": [40, 1]}, data=DataConfig(source))
    assert with_dataset_size(recipe).args["dataset_size"] == 5
    assert public_source(source) == "wav:a"


@pytest.mark.parametrize("shape", [(28, 28), (10, 784), (28, 28, 3), (28, 28, 1)])
def test_one_image_and_images_in_rows_are_no_signals(shape):
    pixels = np.random.default_rng(0).random(shape, dtype="float32")
    with pytest.raises(ValueError, match="signals, which have values below 0 .2 . x - 1.*Received: shape"):
        load_arrays(pixels)
    assert load_arrays(2 * pixels - 1)[0].shape == (*shape, 1)[:3]
