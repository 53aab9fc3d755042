"""Writes a picture of translations after each epoch, always of the same images or signals."""

from pathlib import Path

import keras

from keras_genzoo import plots
from keras_genzoo.utils.checks import check_at_least


class TranslationGrid(keras.callbacks.Callback):
    """Writes `epoch_0001.png`, `epoch_0002.png`, ...: a row of images, and their translations in the row below.

    Of signals, it draws curves: input and output, and the truth where it is given, beside each other.

    The grids contain images of the data set: check its licence before you publish them.

    Args:
        folder: Folder to write to; created if it does not exist.
        images: Dict of uint8 images `(n, height, width, channels)`, or of signals, by direction; each gives two rows of
            n.
        every: Number of epochs between grids, at least 1.
        targets: Dict of what the translations should be, by direction, which follows them; `None` for none.

    Example:

    >>> import tempfile, keras_genzoo
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8), limit=8)
    >>> model = keras_genzoo.build("cyclegan", image_shape=(8, 8, 1), base_filters=4, num_blocks=1)
    >>> model.compile(run_eagerly=True)  # faster for a single small batch
    >>> grids = TranslationGrid(tempfile.mkdtemp(), {"a_to_b": digits, "b_to_a": 255 - digits})
    >>> history = model.fit(digits, 255 - digits, epochs=1, verbose=0, callbacks=[grids])
    """

    def __init__(self, folder, images, every=1, targets=None):
        super().__init__()
        check_at_least(1, every=every)
        self.folder = Path(folder)
        self.images = images
        self.every = every
        self.targets = targets or {}

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            rows = [
                [batch, self.model.translate(batch, direction), *self._target(direction)]
                for direction, batch in self.images.items()
            ]
            plots.save_translations(rows, self.folder / f"epoch_{epoch + 1:04d}.png")

    def _target(self, direction):
        return [self.targets[direction]] if direction in self.targets else []
