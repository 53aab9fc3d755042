"""A CSV log with one row per epoch, which a resumed run continues."""

import csv
import os
import time
from pathlib import Path

import keras


class EpochLog(keras.callbacks.Callback):
    """Appends a row to a CSV file after each epoch: `epoch` (from 1), `seconds`, and the means of all losses.

    Args:
        path: The file; created with a header if it does not exist. Rows of epochs that are trained again are removed
            first, so that each epoch has one row.
        seconds: Seconds that an interrupted run has already trained in its first epoch here; added to the row of it.

    Example:

    >>> import pathlib, tempfile, keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[16])
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), limit=64)
    >>> log = EpochLog(pathlib.Path(tempfile.mkdtemp()) / "log.csv")
    >>> history = model.fit(digits, epochs=2, verbose=0, callbacks=[log])
    >>> [row["epoch"] for row in read_log(log.path)]
    [1, 2]
    """

    def __init__(self, path, seconds=0.0):
        super().__init__()
        self.path = Path(path)
        self.before = seconds
        self.start = None

    def on_epoch_begin(self, epoch, logs=None):
        rows = [row for row in read_log(self.path) if row["epoch"] <= epoch]
        self.rows = rows
        self.start, self.before = time.perf_counter() - self.before, 0.0

    def elapsed(self):
        """Seconds in the current epoch that no row states yet."""
        return 0.0 if self.start is None else time.perf_counter() - self.start

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch + 1, "seconds": round(self.elapsed(), 3)}
        self.start = None
        self.rows.append({**row, **{key: float(value) for key, value in (logs or {}).items()}})
        fields = list(dict.fromkeys(key for row in self.rows for key in row))
        scratch = self.path.with_name(f".{self.path.name}.part")
        try:
            with open(scratch, "w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, fields, restval="")
                writer.writeheader()
                writer.writerows(self.rows)
            os.replace(scratch, self.path)
        finally:
            scratch.unlink(missing_ok=True)


def read_log(path):
    """Rows of a log as dicts of numbers, `epoch` an integer; empty if the file does not exist."""
    path = Path(path)
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        rows = [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]
    return [{**row, "epoch": int(row["epoch"])} for row in rows]
