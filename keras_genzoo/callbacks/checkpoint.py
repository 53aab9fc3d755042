"""Checkpoints that a crash, a full disk or Ctrl-C cannot spoil, and the exact place where to go on."""

import os
import signal
import threading
from pathlib import Path

import keras
import numpy as np


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C came, and a checkpoint was written; the message says where."""


class Checkpoint(keras.callbacks.Callback):
    """Saves model and optimizers after each epoch and on Ctrl-C, as `step_00000469.keras`.

    A file is written beside the others and then renamed, so the one before survives a crash or a full disk. Its name
    holds the number of steps made, which tells where to go on: the epoch, and the batch in it. A model with a weight
    that is no number is not saved.

    Args:
        folder: Where to write; made if missing.
        first_step: Steps made before this `fit`.
        keep: Number of newest files that are kept, at least 1.
        every: Epochs between checkpoints, at least 1; the last epoch is always saved.

    Raises:
        TrainingInterrupted: From `fit`, on Ctrl-C, after the checkpoint is on disk. A second Ctrl-C while it is being
            written stops at once, and leaves the checkpoints before.
        OSError: If a checkpoint cannot be written.
    """

    def __init__(self, folder, first_step=0, keep=2, every=1):
        super().__init__()
        self.folder = Path(folder)
        self.step = first_step
        self.keep = keep
        self.every = every
        self.interrupted = False

    def on_train_begin(self, logs=None):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.interrupted = False
        # Signals reach the main thread alone; elsewhere (a notebook's worker, a test) Ctrl-C is not ours to handle.
        self.handles_signal = threading.current_thread() is threading.main_thread()
        if self.handles_signal:
            self.previous = signal.signal(signal.SIGINT, self.on_interrupt)

    def on_interrupt(self, number, frame):
        self.interrupted = True
        self.restore_signal()  # so that a second Ctrl-C stops at once

    def restore_signal(self):
        if self.handles_signal:
            signal.signal(signal.SIGINT, self.previous)
            self.handles_signal = False

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        # Asked after the step, so that the model is between two steps; after the last one of an epoch the other
        # callbacks are to see its end first, or the log would lack a row for good.
        if self.interrupted and batch + 1 != self.params.get("steps"):
            self.stop()

    def on_epoch_end(self, epoch, logs=None):
        if self.interrupted:
            self.stop()
        if (epoch + 1) % self.every == 0 or epoch + 1 == self.params.get("epochs"):
            self.save()

    def stop(self):
        path = self.save()
        raise TrainingInterrupted(f"Interrupted after step {self.step}; checkpoint: {path}")

    def on_train_end(self, logs=None):
        self.restore_signal()

    def save(self):
        """Writes a checkpoint of this moment and removes the oldest; returns its path."""
        path = self.folder / f"step_{self.step:08d}.keras"
        for variable in self.model.weights:
            if not np.all(np.isfinite(np.asarray(variable, "float32"))):
                raise ArithmeticError(f"Expected finite weights. Received: {variable.path} with NaN or infinity")
        scratch = path.with_name(f".{path.name}.part.keras")
        try:
            self.model.save(scratch)
            os.replace(scratch, path)
        except OSError as error:
            raise OSError(f"The checkpoint {path} could not be written ({error}); older ones are unchanged.") from error
        finally:
            scratch.unlink(missing_ok=True)
        for old in list_checkpoints(self.folder)[: -self.keep]:
            old.unlink()
        return path


def list_checkpoints(folder):
    """Paths of the checkpoints in a folder, oldest first."""
    return sorted(Path(folder).glob("step_*.keras"))


def checkpoint_step(path):
    """Number of steps that a checkpoint's name states: `step_00000469.keras` -> 469."""
    return int(Path(path).stem.removeprefix("step_"))
