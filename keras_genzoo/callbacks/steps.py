"""Counts training steps."""

import keras


class StepCounter(keras.callbacks.Callback):
    """Base of callbacks that count steps: `step` is the number of completed steps.

    With `steps_per_execution` above 1, Keras calls callbacks once for several steps, and the last call of an epoch may
    stand for fewer.

    Args:
        first_step: Number of steps before this call of `fit`.
    """

    def __init__(self, first_step=0):
        super().__init__()
        self.step = self.step_of_epoch = first_step

    def on_epoch_begin(self, epoch, logs=None):
        self.step_of_epoch = self.step

    def on_train_batch_end(self, batch, logs=None):
        """Counts; `batch` is the number of the last step of the call, from 0 in each epoch."""
        steps = (self.params or {}).get("steps")
        done = batch + 1 if steps is None else min(batch + 1, steps)
        self.step = self.step_of_epoch + done
