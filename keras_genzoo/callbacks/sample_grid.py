"""Writes a picture of samples after each epoch, always from the same codes: images, points or signals."""

from pathlib import Path

import keras

from keras_genzoo import plots
from keras_genzoo.families.generation import shown_samples
from keras_genzoo.utils.checks import check_at_least, check_none_or_at_least


class SampleGrid(keras.callbacks.Callback):
    """Writes `epoch_0001.png`, `epoch_0002.png`, ...: grids of generated images, each from the same codes.

    Of a model of points, it draws the points over the true modes: see `keras_genzoo.plots.save_points`; of a model of
    signals, curves.

    Args:
        folder: Folder to write to; created if it does not exist.
        num: Number of images in a grid, at least 1; `None` for eight rows: 64 images for a model without labels; or
            for 2,500 points, or 16 signals.
        seed: Seed of the codes.
        every: Number of epochs between grids, at least 1.
        modes: Points only: the true modes, as `keras_genzoo.data.modes_of` gives them; `None` for none.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[16])
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), limit=64)
    >>> grids = SampleGrid(tempfile.mkdtemp(), num=16)
    >>> history = model.fit(digits, epochs=1, verbose=0, callbacks=[grids])
    """

    def __init__(self, folder, num=None, seed=0, every=1, modes=None):
        super().__init__()
        check_at_least(1, every=every)
        check_none_or_at_least(1, num=num)
        self.folder = Path(folder)
        self.num = num
        self.seed = seed
        self.every = every
        self.modes = modes

    def on_train_begin(self, logs=None):
        if self.modes is not None:
            self.model.values.check_points("modes")

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            num, columns = shown_samples(self.model) if self.num is None else (self.num, None)
            samples = self.model.generate(num, seed=self.seed)
            plots.save_samples(samples, self.folder / f"epoch_{epoch + 1:04d}.png", columns, self.modes)
