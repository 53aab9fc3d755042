"""What commands read and write of a model of signals: wav files, NumPy files, and pictures."""

import sys
import warnings
from collections import Counter
from pathlib import Path

from keras_genzoo.cli.names import errors
from keras_genzoo.cli.pictures import check_folder_of, check_png_output, is_png, suffix_of
from keras_genzoo.utils.text import counted

ARRAYS, WAV = ".npz", ".wav"
EXPECTED = "Expected --out as a .wav file for one signal, a folder for one .wav file each, or a .npz or .png file"


def is_signal_file(out):
    """Whether a path is that of a file which signals alone are written to."""
    return suffix_of(out) in (ARRAYS, WAV)


def is_signal_source(source):
    """Whether a source says that it has signals: a wav file, a folder of such without images, or by its prefix."""
    from keras_genzoo.data.files import walk
    from keras_genzoo.data.wav import is_named_wav, is_wav

    if str(source).startswith(("wav:", "signals:")):
        return True
    path = Path(source).expanduser()
    if not path.is_dir():
        return is_named_wav(path)
    return bool(walk(path, is_wav)[0]) and not walk(path)[0]


def is_wav_input(source):
    """Whether a source is a wav file or a folder of such."""
    return is_signal_source(source) and not str(source).startswith("signals:")


def check_signals_output(out, num, rate, names):
    """Raises an error unless signals may be written to a path, and wav files, and these alone, have a sample rate.

    Args:
        out: The value of `--out`.
        num: Number of signals.
        rate: The value of `--sample-rate`, or `None`.
        names: Names of the files in a folder, without suffix.
    """
    suffix = suffix_of(out)
    if suffix not in ("", ARRAYS, WAV, ".png") or (suffix == WAV and num > 1):
        raise ValueError(f"{EXPECTED}. Received: {str(out)!r} for {counted(num, 'signals')}")
    if (rate is None) == (suffix in ("", WAV)):
        wanted = "--sample-rate with wav files" if rate is None else "no --sample-rate: only wav files have one"
        raise ValueError(f"Expected {wanted}. Received: --out {out}, --sample-rate {rate}")
    if is_png(out):
        return check_png_output(out)
    check_new([out] if suffix else [out / f"{name}{WAV}" for name in names])


def check_new(paths):
    """Raises an error unless files are new, each in a folder that exists or can be made."""
    for path in paths:
        if path.exists():
            raise FileExistsError(f"Expected --out as new files. Received: {str(path)!r}, which exists")
        check_folder_of(path)


def save_signals(signals, out, rate, names):
    """Writes generated signals to a path of `check_signals_output`: wav files of 16 bits, or `x` in a NumPy file."""
    from keras_genzoo import plots
    from keras_genzoo.data.wav_files import write_wav

    if is_png(out):
        plots.save_signals(signals, out)
    elif suffix_of(out) == ARRAYS:
        save_arrays(signals, out)
    else:
        paths = [out] if is_signal_file(out) else [out / f"{name}{WAV}" for name in names]
        for path, signal in zip(paths, signals, strict=True):
            write_wav(path, signal, rate)


def save_arrays(signals, out):
    """Writes signals as the array `x` of a NumPy file."""
    import numpy as np

    from keras_genzoo.utils.atomic import write_atomically

    def write(path):
        with path.open("wb") as file:
            np.savez_compressed(file, x=signals)

    write_atomically(out, write)


def translate_signals(model, source, out, direction, split, limit):
    """Translates wav files to wav files of the same names, rates and types, or arrays to an array.

    Returns:
        Number of signals.
    """
    if model.values.noun != "signals":
        raise ValueError(
            f"Expected a model of signals for {source} and {out}. Received: a model of {model.values.noun}, "
            f"image_shape={model.image_shape}"
        )
    path = Path(str(source).removeprefix("wav:")).expanduser()
    if is_wav_input(source):
        return _translate_files(model, path, out, direction)
    from keras_genzoo.data import load_arrays

    if suffix_of(out) != ARRAYS:
        raise ValueError(f"Expected --out as a .npz file for signals of {source}. Received: {str(out)!r}")
    check_new([out])
    signals, _ = load_arrays(source, split=split, limit=limit)
    made = model.translate(signals, direction)
    save_arrays(made, out)
    return len(made)


def _translate_files(model, path, out, direction):
    from rich.progress import track

    from keras_genzoo.data.parts import attempt
    from keras_genzoo.data.wav_files import read_wav, write_wav

    def made(file):
        recording = read_wav(file)
        return recording, translated(model, recording.samples, direction)

    files = _targets(path, out)
    failed, rates = [], Counter()
    for file, target in track(files.items(), "Translating", console=errors, disable=not sys.stderr.isatty()):
        result, error = attempt(made, file)
        if error is not None:
            failed.append(f"{file} ({error})")
            continue
        recording, samples = result
        write_wav(target, samples, recording.rate, recording.dtype)
        rates[recording.rate] += 1
    if len(failed) == len(files):
        raise ValueError(f"Expected wav files that can be translated. Received: {'; '.join(failed[:10])}")
    if failed:
        told = "; ".join(failed[:10])
        warnings.warn(
            f"Skipped {len(failed)} of {len(files)} wav files that cannot be translated: {told}", stacklevel=2
        )
    if len(rates) > 1:
        told = ", ".join(f"{count} of {rate} Hz" for rate, count in sorted(rates.items()))
        warnings.warn(
            f"Expected recordings of the sample rate that the model has learned from. Received: {told}", stacklevel=2
        )
    return len(files) - len(failed)


def _targets(path, out):
    """Dict of the file to write by the file to read, none of which exists."""
    from keras_genzoo.data.files import walk
    from keras_genzoo.data.wav import is_wav

    if not path.exists():
        raise FileNotFoundError(f"Expected a wav file or a folder of such. Received: {str(path)!r}, which is not there")
    if path.is_file():
        files = {path: out if is_signal_file(out) else out / path.name}
    else:
        files = {file: out / file.relative_to(path) for file in walk(path, is_wav)[0]}
        if path.resolve() in (out.resolve(), *out.resolve().parents):
            raise ValueError(
                f"Expected --out outside of the folder of --input. Received: {str(out)!r} in {str(path)!r}"
            )
    if not files:
        raise ValueError(f"Expected wav files. Received: {path} without any")
    if out.suffix and not out.is_dir() and (path.is_dir() or suffix_of(out) != WAV):
        wanted = "a folder" if path.is_dir() else "a .wav file or a folder"
        raise ValueError(f"Expected --out as {wanted} for {path}. Received: {str(out)!r}")
    check_new(files.values())
    return files


def translated(model, samples, direction):
    """A recording `(samples, channels)`, translated; each channel by itself by a model of one channel."""
    import numpy as np

    from keras_genzoo.data.signals import channels_of

    channels = model.image_shape[1]
    if channels == 1 and samples.shape[1] > 1:
        return np.concatenate([model.translate(each[None, :, None], direction)[0] for each in samples.T], axis=1)
    return model.translate(channels_of(samples, channels, "the recording")[None], direction)[0]
