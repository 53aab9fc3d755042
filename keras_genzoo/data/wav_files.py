"""Wav files: read as floats in [-1, 1] with their sample rate, and written as they are read."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.io import wavfile

from keras_genzoo.utils.atomic import write_atomically
from keras_genzoo.utils.signals import check_signals

_BENIGN = "Chunk \\(non-data\\) not understood"  # notes of programs beside the samples


class Recording(NamedTuple):
    """A wav file in memory.

    Fields:
        samples: float32 `(samples, channels)` in [-1, 1].
        rate: Samples per second.
        dtype: Type of the samples in the file, as SciPy names it: `"uint8"`, `"int16"`, `"int32"` or `"float32"`.
    """

    samples: np.ndarray
    rate: int
    dtype: str


def read_wav(path):
    """Reads a wav file: integers of 8, 16, 24 or 32 bits, or floats in [-1, 1].

    Args:
        path: The file.

    Returns:
        `Recording`.

    Raises:
        ValueError: If the file is no whole wav file, has no samples, or floats beyond 1 in size or that are not finite.
        OSError: If it cannot be read.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> write_wav(path, np.full((4, 1), 0.5, "float32"), 8000)
    >>> read_wav(path).rate, read_wav(path).samples[0].tolist()
    (8000, [0.5])
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", wavfile.WavFileWarning)
        warnings.filterwarnings("ignore", _BENIGN, wavfile.WavFileWarning)
        try:
            rate, samples = wavfile.read(path)
        except OSError:
            raise
        except Exception as error:  # SciPy raises many kinds of them for a broken header
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ValueError(f"Expected a whole wav file. Received: one that SciPy does not read: {reason}") from error
    samples = samples[:, None] if samples.ndim == 1 else samples
    if not samples.size or rate < 1:
        raise ValueError(f"Expected a wav file with samples. Received: {len(samples)} samples, {rate} per second")
    scaled = _scaled(samples)
    check_signals(scaled[None])
    return Recording(scaled, int(rate), samples.dtype.name)


def _scaled(samples):
    if samples.dtype.kind == "f":
        return samples.astype("float32")
    if samples.dtype == np.uint8:  # of which 128 is silence
        return (samples.astype("float32") - 128.0) / np.float32(128.0)
    full = -float(np.iinfo(samples.dtype).min)  # 24 bits are the upper ones of 32
    return (samples / full).astype("float32")


def write_wav(path, samples, rate, dtype="int16"):
    """Writes a wav file atomically.

    Args:
        path: The file; its folder is created.
        samples: Floats `(samples, channels)` in [-1, 1].
        rate: Samples per second.
        dtype: Type of the samples in the file: see `Recording`.
    """
    check_signals(np.asarray(samples)[None])
    if np.dtype(dtype).kind == "f":
        stored = np.asarray(samples, dtype)
    elif dtype == "uint8":
        stored = np.clip(np.rint(samples * 128.0) + 128.0, 0, 255).astype("uint8")
    else:
        limits = np.iinfo(dtype)
        stored = np.clip(np.rint(np.asarray(samples, "float64") * -limits.min), limits.min, limits.max).astype(dtype)
    write_atomically(path, lambda target: wavfile.write(target, int(rate), stored))
