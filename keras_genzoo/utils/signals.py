"""Signals as users pass and receive them: checks of shape, type and range.

Outside and inside of a model, signals are float32 in [-1, 1], of shape `(batch, length, channels)`: the convention of
audio. Networks see them as they are, so that a saved or exported model needs no data to be right.
"""

import numpy as np

from keras_genzoo.utils.arrays import as_array, check_dense, check_range

MIN_LENGTH, MAX_LENGTH = 17, 65536  # an array (n, 16) holds points
MAX_CHANNELS = 16
LIMIT = 1.0  # largest size of a sample

OUT_OF_RANGE = (
    "Expected signals with finite samples in -1..1 (divide them by their largest size, and 16-bit integers by 32768). "
    "Received: values outside"
)


def is_signal_shape(shape):
    """Whether a value for `image_shape` is that of signals, `(length, channels)`.

    Example:

    >>> is_signal_shape((1024, 1)), is_signal_shape((28, 28, 1)), is_signal_shape((2,))
    (True, False, False)
    """
    return isinstance(shape, (list, tuple)) and len(shape) == 2


def check_signal_shape(shape):
    """Returns `(length, channels)` of a signal as integers, or raises `ValueError` if one is out of its range."""
    whole = all(isinstance(side, (int, np.integer)) and not isinstance(side, bool) for side in shape)
    length, channels = shape
    if not whole or not MIN_LENGTH <= length <= MAX_LENGTH or not 1 <= channels <= MAX_CHANNELS:
        raise ValueError(
            "Expected image_shape=(height, width, channels) for images, or image_shape=(length, channels) for signals "
            f"of {MIN_LENGTH}..{MAX_LENGTH} samples in 1..{MAX_CHANNELS} channels. Received: image_shape={shape!r}"
        )
    return int(length), int(channels)


def is_array_of_signals(shape):
    """Whether an array of this shape may hold signals, `(n, length, channels)`."""
    return len(shape) == 3 and MIN_LENGTH <= shape[1] <= MAX_LENGTH and 1 <= shape[2] <= MAX_CHANNELS


def check_spec(shape, dtype, signal_shape=None):
    """Raises `ValueError` if a batch of this static shape and dtype cannot be signals of `signal_shape`.

    Args:
        shape: Static shape of the batch; unknown dimensions are `None`.
        dtype: Name of its dtype, of a float type.
        signal_shape: `(length, channels)` of a model, or `None` for any; `None` in it for any length.
    """
    length, channels = signal_shape or (None, None)
    wanted = f"(batch, {length or 'length'}, {channels or 'channels'})"
    fits = len(shape) == 3 and all(
        want is None or have in (None, want) for have, want in zip(shape[1:], (length, channels), strict=True)
    )
    if not fits:
        raise ValueError(
            f"Expected signals of shape {wanted}{_advice(shape, channels)}. Received: shape {tuple(shape)}"
        )
    if "float" not in str(dtype):
        advice = " (of 16-bit integers: signals / 32768)" if str(dtype) == "int16" else ""
        raise ValueError(f"Expected signals as floats in -1..1{advice}. Received: dtype {dtype}")


def _advice(shape, channels):
    if len(shape) == 2 and channels == 1:
        return " (signals[..., None] of one channel)"
    if len(shape) == 3 and channels is not None and shape[1] == channels:
        return " (np.moveaxis(signals, 1, -1) where the channels come first)"
    return ""


def check_signals(signals, signal_shape=None):
    """Raises `ValueError` unless `signals` is a batch of signals, values included.

    Args:
        signals: Array `(batch, length, channels)` of floats.
        signal_shape: As for `check_spec`.

    Example:

    >>> check_signals(np.zeros((3, 100, 1), "float32"), (100, 1))
    """
    check_dense(signals, "signals")
    signals = signals if hasattr(signals, "dtype") else as_array(signals, "signals")
    check_spec(tuple(signals.shape), getattr(signals.dtype, "name", str(signals.dtype)), signal_shape)
    check_range(np.asarray(signals, "float32"), OUT_OF_RANGE, LIMIT)
