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
        self.updates_of_epoch = []

    def on_epoch_begin(self, epoch, logs=None):
        self.step_of_epoch = self.step
        self.updates_of_epoch = self.updates()

    def on_train_batch_end(self, batch, logs=None):
        """Counts; `batch` is the number of the last step of the call, from 0 in each epoch."""
        steps = (self.params or {}).get("steps")
        done = batch + 1
        if steps is not None and done > steps and not self.ran_beyond(steps, done):
            done = steps
        self.step = self.step_of_epoch + done

    def updates(self):
        """Number of updates of each optimizer."""
        found = [getattr(self.model, name, None) for name in getattr(self.model, "optimizer_names", ("optimizer",))]
        inner = [getattr(optimizer, "inner_optimizer", optimizer) for optimizer in found if optimizer is not None]
        return [int(optimizer.iterations) for optimizer in inner]

    def ran_beyond(self, steps, done):
        """Whether the last call of an epoch ran all its steps, though the epoch has fewer.

        Keras does so if `steps_per_epoch` is given and the data goes on; at the end of the data, it runs fewer. Each
        step makes the same number of updates, so their number divides by that of the steps that ran.
        """
        made = [now - before for now, before in zip(self.updates(), self.updates_of_epoch, strict=False)]
        return any(number and number % done == 0 and number % steps != 0 for number in made)
