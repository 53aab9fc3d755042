"""Metrics of signals: signal-to-noise ratio against clean ones, and the difference of power spectra."""

import numpy as np

from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_flag
from keras_genzoo.utils.signals import check_signals, is_signal_shape

SEGMENT = 256  # samples of a segment of Welch's method, at most
_QUIET = 1e-10  # power, relative to the mean of real signals, below which nothing is heard: -100 dB


def snr(clean, signals, per_signal=False):
    """Computes the signal-to-noise ratio of signals against clean ones in dB.

    It is the power of a clean signal over that of the difference, over all samples and channels of the signal.

    Args:
        clean: What the signals should be: floats in [-1, 1], (n, length, channels).
        signals: same shape.
        per_signal: whether to return one value per signal instead of the mean of these values.

    Returns:
        float in dB, higher is better, infinite where a signal equals the clean one. Or float64 (n,).

    Raises:
        ValueError: if the shapes differ, there are no signals, values are out of range, or a clean signal is silent.

    Example:

    >>> import numpy as np
    >>> clean = np.full((1, 100, 1), 0.5, "float32")
    >>> round(snr(clean, clean + 0.05), 3)
    20.0
    """
    check_flag(per_signal=per_signal)
    clean, signals = as_array(clean, "clean signals"), as_array(signals, "signals")
    if clean.shape != signals.shape or clean.ndim != 3 or not clean.size:
        raise ValueError(
            "Expected clean signals and signals of one shape (n, length, channels), n >= 1. "
            f"Received: {clean.shape} and {signals.shape}"
        )
    check_signals(clean)
    check_signals(signals)
    power = np.square(clean, dtype="float64").sum(axis=(1, 2))
    silent = int((power == 0.0).sum())
    if silent:
        raise ValueError(
            f"Expected clean signals that are not silent, which have no signal-to-noise ratio. Received: {silent} of "
            f"{len(clean)} that are 0 throughout"
        )
    noise = np.square(clean.astype("float64") - signals).sum(axis=(1, 2))
    with np.errstate(divide="ignore"):
        values = 10.0 * np.log10(power / noise)
    return values if per_signal else float(values.mean())


def snr_of_heard(made, clean, per_image=False):
    """The same of signals against the clean ones that are not silent; where all are silent, `snr` says so."""
    heard = clean.any(axis=(1, 2))
    made, clean = (made[heard], clean[heard]) if heard.any() else (made, clean)
    return snr(clean, made, per_signal=per_image)


def number_of_silent(clean):
    """How many signals `snr_of_heard` leaves out; `None` for none."""
    return int((~clean.any(axis=(1, 2))).sum()) or None


def spectrum_error(real, fake):
    """Computes how far the mean power spectrum of signals is from that of real ones, in dB.

    Spectra are by Welch's method, with segments of at most 256 samples, and means over signals and channels. Powers
    more than 100 dB below the mean power of the real signals count as this low.

    Args:
        real: floats in [-1, 1], (n, length, channels).
        fake: floats in [-1, 1], (m, length, channels).

    Returns:
        float, the mean absolute difference over frequencies in dB; lower is better.

    Raises:
        ValueError: if the lengths or channels differ, there are no signals, values are out of range, or all real
            signals are silent.

    Example:

    >>> import numpy as np
    >>> noise = np.random.default_rng(0).uniform(-1, 1, (4, 100, 1))
    >>> round(spectrum_error(noise, noise / 10), 3)
    20.0
    """
    real, fake = as_array(real, "real signals"), as_array(fake, "generated signals")
    check_signals(real)
    check_signals(fake, real.shape[1:])
    if not len(real) or not len(fake):
        raise ValueError(f"Expected at least one signal in each set. Received: {len(real)} and {len(fake)}")
    spectra = [_spectrum(signals) for signals in (real, fake)]
    if not spectra[0].any():
        raise ValueError("Expected real signals that are not all silent. Received: signals of 0 throughout")
    least = _QUIET * spectra[0].mean()
    first, second = (10.0 * np.log10(np.maximum(spectrum, least)) for spectrum in spectra)
    return float(np.abs(first - second).mean())


def _spectrum(signals):
    """Mean power at each frequency, float64."""
    from scipy.signal import welch

    segment = min(SEGMENT, signals.shape[1])
    return welch(np.asarray(signals, "float64"), nperseg=segment, detrend=False, axis=1)[1].mean(axis=(0, 2))


def makes_signals(model):
    """Whether a model, or any object with `generate`, makes signals and not images, by its `image_shape`."""
    return is_signal_shape(getattr(model, "image_shape", None))
