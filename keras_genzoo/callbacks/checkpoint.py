"""Checkpoints that survive a crash, a full disk and Ctrl-C, and from which training resumes exactly."""

import os
import signal
import threading
from pathlib import Path

import keras
import numpy as np


class TrainingInterrupted(KeyboardInterrupt):
    """Training was interrupted by Ctrl-C and a checkpoint was written; the message has its path."""


class Checkpoint(keras.callbacks.Callback):
    """Saves model and optimizers after each epoch and on Ctrl-C, as `step_00000469.keras`.

    Each file is written under a temporary name and then renamed, so that earlier checkpoints survive a crash or a full
    disk. The name has the number of completed steps, from which the epoch and the batch to resume from follow. A model
    with non-finite weights is not saved.

    Args:
        folder: Folder to write to; created if it does not exist.
        first_step: Number of steps before this call of `fit`.
        keep: Number of checkpoints to keep, the newest ones, at least 1.
        every: Number of epochs between checkpoints, at least 1; the last epoch is always saved.

    Raises:
        TrainingInterrupted: From `fit`, on Ctrl-C, after the checkpoint was written. A second Ctrl-C during writing
            stops at once and leaves the earlier checkpoints.
        OSError: If a checkpoint cannot be written.

    Example:

    >>> import tempfile, keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[16])
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), limit=64)
    >>> checkpoint = Checkpoint(tempfile.mkdtemp())
    >>> history = model.fit(digits, epochs=1, verbose=0, callbacks=[checkpoint])
    >>> [path.name for path in list_checkpoints(checkpoint.folder)]
    ['step_00000001.keras']
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
        # Only the main thread receives signals; in another thread, Ctrl-C is not handled here.
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
        # Checked after the step, so that the model is between two steps. After the last step of an epoch, the other
        # callbacks must see the end of the epoch first, or the log would miss a row.
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
        """Writes a checkpoint and removes the oldest; returns its path."""
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
    """Number of steps in the name of a checkpoint: `step_00000469.keras` -> 469."""
    return int(Path(path).stem.removeprefix("step_"))
