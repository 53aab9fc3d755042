"""Signals in arrays: `(n, length, channels)` or `(n, length)`, floats in [-1, 1] or 16-bit integers."""

import functools

import numpy as np

from keras_genzoo.data.made_signals import NUM, known_name, split_of
from keras_genzoo.data.parts import Part, check_asked
from keras_genzoo.utils.pixels import MIN_SIDE
from keras_genzoo.utils.points import MAX_COORDINATES
from keras_genzoo.utils.signals import MAX_CHANNELS, MAX_LENGTH, MIN_LENGTH, check_signals, is_array_of_signals

FULL_SCALE = 32768  # of 16-bit integers, which stand for -1..1


class SignalPart(Part):
    """Signals in memory.

    Args:
        signals: Array `(n, length, channels)` of floats in [-1, 1].
        labels: Array of `n` labels, not yet checked, or None.
        name: Name of the source in error messages.
    """

    in_memory = True
    of_signals = True

    def __init__(self, signals, labels, name):
        if not len(signals):
            raise ValueError(f"Expected at least one signal in {name}. Received: shape {signals.shape}")
        super().__init__(len(signals), labels, name)
        self.images = np.asarray(signals, "float32")

    def __len__(self):
        return len(self.images)

    def take(self, rows):
        """The signals of these numbers as a part."""
        labels = None if self.labels is None else self.labels[rows]
        return SignalPart(self.images[rows], labels, self.name)._with_classes_of(self)

    def shape(self, image_size, channels):
        """`(length, channels)` of the signals for a given `image_size=(length,)` and `channels`, which may be None."""
        check_asked(self, image_size, channels)
        length = self.images.shape[1]
        if image_size is not None and image_size[0] != length:
            raise ValueError(
                f"Expected signals of {image_size[0]} samples, as the model takes them. "
                f"Received: {self.name}, signals of {length} samples"
            )
        channels_of(self.images[:0], channels or self.images.shape[2], self.name)
        return length, channels or self.images.shape[2]

    def arrays(self, shape):
        """float32 signals `(n, length, channels)` and the labels, not yet checked, or None."""
        return channels_of(self.images, shape[1], self.name), self.labels


def channels_of(signals, channels, name):
    """Signals `(..., c)` with another number of channels: one is their mean, and one is repeated for several.

    >>> channels_of(np.array([[0.0, 1.0]]), 1, "a signal").tolist()
    [[0.5]]
    """
    has = signals.shape[-1]
    if channels == has:
        return signals
    if channels == 1:
        return signals.mean(axis=-1, keepdims=True, dtype="float32")
    if has == 1:
        return np.repeat(signals, channels, axis=-1)
    raise ValueError(
        f"Expected signals of {channels} channels, or of one, which is repeated. Received: {name}, of {has} channels"
    )


def are_signals(values):
    """Whether an array holds signals, and neither images nor points.

    Bytes are images. Signals of one channel may come without it, `(n, length)`. Of three axes, the last has the
    channels: fewer than the columns of an image, or values that no image has, below 0 or of 16 bits.
    """
    if values.dtype.kind != "f" and values.dtype != np.int16:
        return False
    if values.ndim == 2:
        return values.shape[1] > MAX_COORDINATES or values.dtype == np.int16
    if values.ndim != 3 or values.dtype == np.int16:
        return values.ndim == 3
    beyond_images = values.shape[2] < MIN_SIDE or bool((values < 0).any())
    return beyond_images and (is_array_of_signals(values.shape) or _channels_first(values.shape))


def _channels_first(shape):
    """Whether an array of this shape may hold signals `(n, channels, length)`."""
    return is_array_of_signals((shape[0], shape[2], shape[1]))


def signal_part(values, labels, name):
    """The part of an array for which `are_signals` holds."""
    signals = values[..., None] if values.ndim == 2 else values
    if not is_array_of_signals(signals.shape):
        first = _channels_first(signals.shape)
        advice = " (np.moveaxis(signals, 1, -1) where the channels come first)" if first else ""
        raise ValueError(
            f"Expected {name} to be signals (n, length, channels) of {MIN_LENGTH}..{MAX_LENGTH} samples in "
            f"1..{MAX_CHANNELS} channels{advice}. Received: shape {values.shape}"
        )
    if signals.dtype == np.int16:
        signals = signals / np.float32(FULL_SCALE)
    check_signals(signals)
    if signals.any() and signals.min() >= 0.0:  # one image without its batch axis, or images in rows
        raise ValueError(
            f"Expected {name} to be signals, which have values below 0 (2 * x - 1 of values in [0, 1]), or images "
            f"(n, height, width, channels). Received: shape {values.shape}, values of at least 0"
        )
    return SignalPart(signals, labels, name)


def signals_splits(name):
    """The splits of the source `signals:NAME`."""
    known_name(name)

    def part(split):
        return SignalPart(split_of(name, split), None, f"signals:{name}")

    return {split: functools.partial(part, split) for split in NUM}
