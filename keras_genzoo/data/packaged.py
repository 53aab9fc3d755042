"""Data sets of other packages: the digits of scikit-learn, and those of `keras.datasets`."""

import functools

import numpy as np
from PIL import Image

from keras_genzoo.data.parts import ArrayPart
from keras_genzoo.data.pixels import to_bytes
from keras_genzoo.utils.cache import one_at_a_time
from keras_genzoo.utils.text import nearest

KERAS = ("cifar10", "cifar100", "fashion_mnist", "mnist")
DIGITS_TRAIN = 1500  # of 1,797


def digits_splits(_):
    """The digits of scikit-learn, 8x8, values 0..16; the last 297 are `test`."""

    @functools.cache
    def read():
        from sklearn.datasets import load_digits

        digits = load_digits()
        return np.rint(digits.images[..., None] * (255 / 16)).astype(np.uint8), digits.target

    def part(rows):
        images, labels = read()
        return ArrayPart(images[rows], labels[rows], "digits", (28, 28), Image.Resampling.BICUBIC)

    return {"train": lambda: part(slice(DIGITS_TRAIN)), "test": lambda: part(slice(DIGITS_TRAIN, None))}


def keras_splits(name):
    """A data set of `keras.datasets`, which downloads it once."""
    if name not in KERAS:
        raise ValueError(f"Expected keras: and one of {', '.join(KERAS)}. Received: {name!r}; {nearest(name, KERAS)}")

    @functools.cache
    def read():
        import keras

        try:
            with one_at_a_time(f"keras_{name}"):
                return getattr(keras.datasets, name).load_data()
        except Exception as error:  # Keras raises a bare Exception where the download fails
            raise ConnectionError(
                f"Expected a network to download keras:{name}. Received: {error}. Without one use npz:PATH, "
                "folder:PATH or digits"
            ) from error

    def part(i):
        images, labels = read()[i]
        return ArrayPart(to_bytes(images, f"keras:{name}"), labels, f"keras:{name}")

    return {"train": lambda: part(0), "test": lambda: part(1)}
