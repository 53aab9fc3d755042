"""Learning rates and grids of images for TensorBoard, beside the losses that the callback of Keras writes."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image


class Board(keras.callbacks.Callback):
    """Writes to TensorBoard after each epoch: the learning rate of each optimizer, and the grid of samples.

    Args:
        folder: Folder of the event file; created if it does not exist.
        samples: Folder of `SampleGrid` or `TranslationGrid`, which stands before this callback in the list; `None` for
            learning rates alone.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[16])
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), limit=64)
    >>> history = model.fit(digits, epochs=1, verbose=0, callbacks=[Board(tempfile.mkdtemp())])
    """

    def __init__(self, folder, samples=None):
        super().__init__()
        self.folder = Path(folder)
        self.samples = None if samples is None else Path(samples)
        self.writer = None

    def on_train_begin(self, logs=None):
        self.writer = tf.summary.create_file_writer(str(self.folder))

    def on_epoch_end(self, epoch, logs=None):
        with self.writer.as_default():
            for name in self.model.optimizer_names:
                optimizer = getattr(self.model, name)
                optimizer = getattr(optimizer, "inner_optimizer", optimizer)
                tf.summary.scalar(f"learning_rate/{name}", float(optimizer.learning_rate), step=epoch)
            grid = None if self.samples is None else self.samples / f"epoch_{epoch + 1:04d}.png"
            if grid is not None and grid.is_file():
                with Image.open(grid) as image:
                    pixels = np.asarray(image.convert("RGB"))
                tf.summary.image("samples", pixels[None], step=epoch)
        self.writer.flush()

    def on_train_end(self, logs=None):
        if self.writer is not None:
            self.writer.close()
