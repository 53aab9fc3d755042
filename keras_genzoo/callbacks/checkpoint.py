"""Checkpoints that survive a crash, a full disk, Ctrl-C and SIGTERM, and from which training resumes exactly."""

import os
import signal
import threading
from pathlib import Path

import numpy as np

from keras_genzoo.callbacks.steps import StepCounter
from keras_genzoo.utils.checkpoint_files import add_note, checkpoint_step, list_checkpoints
from keras_genzoo.utils.checks import check_at_least

__all__ = ["Checkpoint", "TrainingInterrupted", "TrainingTerminated", "checkpoint_step", "list_checkpoints"]


class TrainingInterrupted(KeyboardInterrupt):
    """Training was interrupted by Ctrl-C and a checkpoint was written; the message has its path."""

    exit_code = 128 + signal.SIGINT


class TrainingTerminated(TrainingInterrupted):
    """The same by SIGTERM, as a container or a job that reaches its limit receives it."""

    exit_code = 128 + signal.SIGTERM


_SIGNALS = {
    signal.SIGINT: ("Interrupted", TrainingInterrupted),
    signal.SIGTERM: ("Terminated", TrainingTerminated),
}


class Checkpoint(StepCounter):
    """Saves model and optimizers after each epoch, on Ctrl-C and on SIGTERM, as `step_00000469.keras`.

    Each file is written under a temporary name and then renamed, so that earlier checkpoints survive a crash or a full
    disk. The name has the number of completed steps, from which the epoch and the batch to resume from follow. A model
    with non-finite weights is not saved.

    Args:
        folder: Folder to write to; created if it does not exist.
        first_step: Number of steps before this call of `fit`.
        keep: Number of checkpoints to keep, the newest ones, at least 1.
        every: Number of epochs between checkpoints, at least 1; the last epoch is always saved.
        note: Function that returns a dict of plain values to keep in each file, which
            `keras_genzoo.utils.checkpoint_files.read_note` reads; `None` for no note.

    Raises:
        TrainingInterrupted: From `fit`, on Ctrl-C, after the checkpoint was written. A second Ctrl-C during writing
            stops at once and leaves the earlier checkpoints.
        TrainingTerminated: The same on SIGTERM.
        ValueError: If `steps_per_execution` is above 1 and the number of steps of an epoch is not known.
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

    def __init__(self, folder, first_step=0, keep=2, every=1, note=None):
        super().__init__(first_step)
        check_at_least(0, first_step=first_step)
        check_at_least(1, keep=keep, every=every)
        self.folder = Path(folder)
        self.keep = keep
        self.every = every
        self.note = note
        self.received = None  # the signal that is to stop training
        self.previous = {}  # handlers by signal, while ours are installed

    def on_train_begin(self, logs=None):
        if self.params.get("steps") is None and self.model.steps_per_execution > 1:
            raise ValueError(
                "Expected data of a known number of batches, or steps_per_execution=1, to count steps. "
                f"Received: data of unknown length, and steps_per_execution={self.model.steps_per_execution}"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self.received = None
        self.restore_signals()  # of an earlier `fit` that an exception has ended
        # Only the main thread may install handlers; in another thread, signals are not handled here.
        if threading.current_thread() is threading.main_thread():
            self.previous = {number: signal.signal(number, self.on_signal) for number in _SIGNALS}

    def on_signal(self, number, frame):
        """Has training stop after the current step; a second signal of either kind acts as before training."""
        self.restore_signals()
        if _is_fitting(self.model, frame):
            self.received = number
        else:  # an exception of another callback has ended `fit` without on_train_end
            signal.raise_signal(number)

    def restore_signals(self):
        """Installs the handlers from before training."""
        while self.previous:
            number, handler = self.previous.popitem()
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: not installed by Python

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        # Checked after the step, so that the model is between two steps. After the last step of an epoch, the other
        # callbacks must see the end of the epoch first, or the log would miss a row.
        steps = self.params.get("steps")
        if self.received is not None and (steps is None or batch + 1 < steps):
            self.stop()

    def on_epoch_end(self, epoch, logs=None):
        if self.received is not None:
            self.stop()
        last = epoch + 1 == self.params.get("epochs") or self.model.stop_training
        if (epoch + 1) % self.every == 0 or last:
            self.save()

    def stop(self):
        """Writes a checkpoint and raises the exception of the signal."""
        path = self.save()
        word, error = _SIGNALS[self.received]
        raise error(f"{word} after step {self.step}; checkpoint: {path}")

    def on_train_end(self, logs=None):
        self.restore_signals()

    def save(self):
        """Writes a checkpoint and removes the oldest; returns its path."""
        path = self.folder / f"step_{self.step:08d}.keras"
        for variable in self.model.weights:
            if not np.all(np.isfinite(np.asarray(variable, "float32"))):
                raise ArithmeticError(f"Expected finite weights. Received: {variable.path} with NaN or infinity")
        scratch = path.with_name(f".{path.name}.part.keras")
        try:
            self.model.save(scratch)
            if self.note is not None:
                add_note(scratch, self.note())
            os.replace(scratch, path)
        except OSError as error:
            raise OSError(f"The checkpoint {path} could not be written ({error}); older ones are unchanged.") from error
        finally:
            scratch.unlink(missing_ok=True)
        for old in list_checkpoints(self.folder)[: -self.keep]:
            old.unlink()
        return path


def _is_fitting(model, frame):
    """Whether `model.fit` is among the calls that lead to a frame."""
    while frame is not None:
        if frame.f_code.co_name == "fit" and frame.f_locals.get("self") is model:
            return True
        frame = frame.f_back
    return False
