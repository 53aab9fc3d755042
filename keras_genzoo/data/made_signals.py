"""The sources `signals:...`: signals made by code from a seed, clean and with noise of known kinds."""

import functools
import math

import numpy as np
from scipy.signal import lfilter

from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.text import nearest

LENGTH = 512  # samples
RATE = 1000  # samples per second, which mains hum of 50 Hz is stated in
NUM = {"train": 8000, "test": 1000}  # signals of a split
SEEDS = {"train": 0, "test": 1}
SNR_DB = (0.0, 10.0)  # range of the ratio of the powers of signal and noise
PEAK = (0.15, 0.4)  # range of the largest size of a clean signal: noise then rarely reaches 1
_POLE = (0.5, 0.98)  # of coloured noise: power falls with frequency


def _harmonics(rng, time):
    """A tone with up to five harmonics that fall off, and a slow change of loudness."""
    base = rng.uniform(4.0, 30.0) / len(time)  # cycles per sample
    waves = [
        rng.uniform(0.3, 1.0) / number * np.sin(2.0 * np.pi * (number * base * time + rng.random()))
        for number in range(1, rng.integers(2, 6))
    ]
    return sum(waves) * (1.0 + 0.5 * np.sin(2.0 * np.pi * (time / len(time) * rng.uniform(0.5, 2.0) + rng.random())))


def _chirp(rng, time):
    """A tone whose frequency rises or falls evenly, within an envelope."""
    first, last = rng.uniform(2.0, 60.0, 2) / len(time)
    phase = first * time + 0.5 * (last - first) * time**2 / len(time)
    width = rng.uniform(0.2, 0.6) * len(time)
    middle = rng.uniform(0.3, 0.7) * len(time)
    return np.sin(2.0 * np.pi * (phase + rng.random())) * np.exp(-0.5 * np.square((time - middle) / width))


def _pulses(rng, time):
    """A train of pulses like those of an electrocardiogram: a low wave, a sharp one, and a broad one."""
    period = rng.uniform(80.0, 200.0)
    waves = ((-0.18, 0.12, 0.025), (-0.03, -0.15, 0.01), (0.0, 1.0, 0.012), (0.035, -0.25, 0.012), (0.28, 0.3, 0.05))
    total, beat = np.zeros(len(time)), -rng.random() * period
    while beat < len(time) + period:
        for place, height, width in waves:
            total += height * np.exp(-0.5 * np.square((time - beat - place * period) / (width * period)))
        beat += period * rng.uniform(0.95, 1.05)
    return total - total.mean()


KINDS = (_harmonics, _chirp, _pulses)


def _white(rng, length):
    return rng.standard_normal(length)


def _coloured(rng, length):
    pole = rng.uniform(*_POLE)
    settled = math.ceil(5.0 / (1.0 - pole))
    return lfilter([1.0], [1.0, -pole], rng.standard_normal(settled + length))[settled:]


def _synthetic(rng, length):
    """White and coloured noise in a random share of the power."""
    share = rng.random()
    return math.sqrt(share) * _scaled(_white(rng, length)) + math.sqrt(1.0 - share) * _scaled(_coloured(rng, length))


def _mains(rng, length):
    """Mains hum with harmonics, single impulses, and coloured noise: like what a recording picks up."""
    time = np.arange(length) / RATE
    base = rng.uniform(49.8, 50.2)
    hum = sum(
        rng.uniform(0.2, 1.0) / number * np.sin(2.0 * np.pi * (number * base * time + rng.random()))
        for number in (1, 2, 3, 5)
    )
    impulses = np.zeros(length)
    places = rng.integers(0, length, rng.integers(2, 7))
    impulses[places] = rng.choice((-1.0, 1.0), len(places)) * rng.uniform(0.5, 1.0, len(places))
    impulses = lfilter([1.0], [1.0, -0.6], impulses)
    shares = rng.dirichlet((2.0, 1.0, 2.0))
    parts = (_scaled(hum), _scaled(impulses), _scaled(_synthetic(rng, length)))
    return sum(math.sqrt(share) * part for share, part in zip(shares, parts, strict=True))


def _scaled(values):
    """Values of a power of 1."""
    return values / np.sqrt(np.mean(np.square(values)))


NOISES = {"noisy": _synthetic, "hum": _mains}
NAMES = ("clean", *NOISES)


def draw_signals(name, num, seed=0):
    """Draws signals of a source: any number of them, by a seed of its own.

    A third each are tones with harmonics, chirps, and pulses like those of an electrocardiogram, of a largest size of
    0.15 to 0.4. Noise is added at a signal-to-noise ratio drawn from 0 to 10 dB. Signal i is the same for any `num`,
    and signal i of `"noisy"` and `"hum"` is signal i of `"clean"` with noise.

    Args:
        name: `"clean"`; `"noisy"`, with white and coloured noise; or `"hum"`, with mains hum of 50 Hz and its
            harmonics, impulses, and white and coloured noise, at 1,000 samples per second; with or without `signals:`.
        num: Number of signals, at least 1.
        seed: Integer of at least 0.

    Returns:
        float32 array `(num, 512, 1)` in [-1, 1].

    Example:

    >>> clean, noisy = (draw_signals(name, 6, seed=3) for name in ("clean", "noisy"))
    >>> clean.shape, str(clean.dtype), bool(abs(clean - noisy).max() > 0.01)
    ((6, 512, 1), 'float32', True)
    """
    check_at_least(1, num=num)
    check_at_least(0, seed=seed)
    key = known_name(name)
    time = np.arange(LENGTH, dtype="float64")
    signals = np.empty((num, LENGTH, 1), "float32")
    for index in range(num):
        rng = np.random.default_rng((seed, index))
        signal = KINDS[index % len(KINDS)](rng, time)
        signal *= rng.uniform(*PEAK) / np.abs(signal).max()
        if key in NOISES:
            signal = with_noise(signal, NOISES[key](rng, LENGTH), rng.uniform(*SNR_DB))
        signals[index, :, 0] = np.clip(signal, -1.0, 1.0)
    return signals


def with_noise(signal, noise, snr_db):
    """A signal with noise of a power that gives this signal-to-noise ratio in dB."""
    return signal + _scaled(noise) * np.sqrt(np.mean(np.square(signal))) * 10.0 ** (-snr_db / 20.0)


def known_name(name):
    """The name of a source without `signals:`; raises `ValueError` if there is none of this name."""
    key = name.removeprefix("signals:") if isinstance(name, str) else name
    if key not in NAMES:
        known = [f"signals:{each}" for each in NAMES]
        hint = f"; {nearest(name, known)}" if isinstance(name, str) else ""
        raise ValueError(f"Expected one of {', '.join(known)}. Received: {name!r}{hint}")
    return key


@functools.lru_cache(maxsize=8)
def split_of(name, split):
    """All signals of a split of a source, made once."""
    signals = draw_signals(name, NUM[split], SEEDS[split])
    signals.flags.writeable = False
    return signals
