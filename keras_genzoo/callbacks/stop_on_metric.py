"""Measures a metric in the course of a training, keeps the weights of its best value, and stops after the last one."""

import math
from pathlib import Path

import keras

from keras_genzoo.utils.atomic import write_atomically
from keras_genzoo.utils.checks import check_at_least, check_choice
from keras_genzoo.utils.text import counted

PREFIX = "stopping_"  # of the column in logs
_KEPT = 3  # files, so that those of the epochs before a checkpoint are there
_SUFFIX = ".weights.h5"


class StopOnMetric(keras.callbacks.Callback):
    """Stops training when a metric no longer gets better; `restore` then gives the model its best weights.

    The value is logged like a loss, as `stopping_<name>`, in the epochs in which it is measured. Training is left as it
    is, as long as `measure` draws its random numbers from seeds of its own, as `keras_genzoo.evaluate` does.

    Args:
        measure: Function of the model that gives a number. One that is not finite is never the best.
        folder: Folder for the best weights; created if it does not exist.
        name: Name of the metric, for logs and sentences.
        better: `"lower"` or `"higher"`.
        every: Epochs between two measurements, at least 1; the last epoch is always measured.
        patience: Measurements without a better value after which training stops, at least 1.
        epochs: Number of the last epoch; `None` takes that of `fit`.
        values: Earlier values of a run that is resumed, pairs `(epoch, value)`, epochs from 1; the best weights of them
            are in `folder`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[16])
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), limit=64)
    >>> values = iter([3.0, 1.0, 2.0, 2.5])
    >>> stop = StopOnMetric(lambda model: next(values), tempfile.mkdtemp(), "distance", patience=2)
    >>> history = model.fit(digits, epochs=9, verbose=0, callbacks=[stop])
    >>> stop.restore(model)
    'Stopped after epoch 4 of 9; kept the weights of epoch 2, of the best distance: 1 (the lowest of 4).'
    """

    def __init__(self, measure, folder, name="metric", better="lower", every=1, patience=5, epochs=None, values=()):
        super().__init__()
        check_at_least(1, every=every, patience=patience)
        check_choice(("lower", "higher"), better=better)
        self.measure, self.folder, self.name = measure, Path(folder), name
        self.better, self.every, self.patience = better, every, patience
        self.values = [(int(epoch), float(value)) for epoch, value in values]
        self.epochs = epochs

    @property
    def best(self):
        """Epoch and value of the best measurement, the first one of equal ones; `None` if none is finite."""
        finite = [each for each in self.values if math.isfinite(each[1])]
        sign = 1.0 if self.better == "lower" else -1.0
        return min(finite, key=lambda each: sign * each[1], default=None)

    @property
    def is_over(self):
        """Whether the last `patience` measurements were no better than the best one."""
        if self.best is None:
            return False
        return sum(epoch > self.best[0] for epoch, _ in self.values) >= self.patience

    def on_train_begin(self, logs=None):
        self.epochs = self.epochs or (self.params or {}).get("epochs")

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every and epoch + 1 != self.epochs:
            return
        value = float(self.measure(self.model))
        if logs is not None:
            logs[PREFIX + self.name] = value
        self.values.append((epoch + 1, value))
        if self.best is not None and self.best[0] == epoch + 1:
            write_atomically(self.path(epoch + 1), self.model.save_weights, suffix=_SUFFIX)
            for old in sorted(self.folder.glob(f"epoch_*{_SUFFIX}"))[:-_KEPT]:
                old.unlink()
        if self.is_over:
            self.model.stop_training = True

    def path(self, epoch):
        """The file of the weights of an epoch."""
        return self.folder / f"epoch_{epoch:08d}{_SUFFIX}"

    def restore(self, model):
        """Gives a model the best weights, and says so in one sentence; without any, the weights stay.

        Raises:
            FileNotFoundError: If their file is not there.
        """
        if self.best is None:
            return f"Kept the last weights: no {self.name} that is finite was measured."
        epoch, value = self.best
        if not self.path(epoch).is_file():
            raise FileNotFoundError(f"Expected the best weights in {self.path(epoch)}. Received: no such file")
        model.load_weights(self.path(epoch))
        last = self.values[-1][0]
        of = f" of {self.epochs}" if self.epochs else ""
        ended = (
            f"Stopped after epoch {last}{of}"
            if self.is_over and last != self.epochs
            else f"Trained {counted(last, 'epochs')}"
        )
        rank = f"the {self.better[:-2]}est of {len(self.values)}"
        return f"{ended}; kept the weights of epoch {epoch}, of the best {self.name}: {value:.6g} ({rank})."
