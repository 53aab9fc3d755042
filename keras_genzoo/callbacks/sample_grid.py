"""Writes a grid of samples after each epoch, always from the same codes."""

from pathlib import Path

import keras

from keras_genzoo import plots
from keras_genzoo.families.generation import grid_columns
from keras_genzoo.utils.checks import check_at_least, check_none_or_at_least


class SampleGrid(keras.callbacks.Callback):
    """Writes `epoch_0001.png`, `epoch_0002.png`, ...: grids of generated images, each from the same codes.

    Args:
        folder: Folder to write to; created if it does not exist.
        num: Number of images in a grid, at least 1; `None` for eight rows: 64 images for a model without labels.
        seed: Seed of the codes.
        every: Number of epochs between grids, at least 1.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[16])
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), limit=64)
    >>> grids = SampleGrid(tempfile.mkdtemp(), num=16)
    >>> history = model.fit(digits, epochs=1, verbose=0, callbacks=[grids])
    """

    def __init__(self, folder, num=None, seed=0, every=1):
        super().__init__()
        check_at_least(1, every=every)
        check_none_or_at_least(1, num=num)
        self.folder = Path(folder)
        self.num = num
        self.seed = seed
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            columns = grid_columns(self.model) if self.num is None else None
            images = self.model.generate(self.num or 8 * columns, seed=self.seed)
            plots.save_grid(images, self.folder / f"epoch_{epoch + 1:04d}.png", columns)
