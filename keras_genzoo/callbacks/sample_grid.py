"""Writes a picture of samples after each epoch, always from the same codes."""

from pathlib import Path

import keras

from keras_genzoo import plots


class SampleGrid(keras.callbacks.Callback):
    """Writes `epoch_0001.png`, `epoch_0002.png`, ...: grids of `model.generate`, the same codes in each.

    Args:
        folder: Where to write; made if missing.
        num: Images in a grid, at least 1; `None` for eight rows, 64 images in a model without labels.
        seed: Seed of the codes.
        every: Epochs between grids, at least 1.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=8)
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8))
    >>> grids = SampleGrid(tempfile.mkdtemp(), num=16)
    >>> history = model.fit(digits, epochs=1, verbose=0, callbacks=[grids])
    """

    def __init__(self, folder, num=None, seed=0, every=1):
        super().__init__()
        self.folder = Path(folder)
        self.num = num
        self.seed = seed
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            columns = self.model.grid_columns if self.num is None else None
            images = self.model.generate(self.num or 8 * columns, seed=self.seed)
            plots.save_grid(images, self.folder / f"epoch_{epoch + 1:04d}.png", columns)
