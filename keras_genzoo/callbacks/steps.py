"""Counts training steps."""

import keras
from keras import ops


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
        self.updates_of_epoch, self.rates = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.step_of_epoch = self.step
        self.updates_of_epoch = self.updates()

    def on_train_batch_end(self, batch, logs=None):
        """Counts; `batch` is the number of the last step of the call, from 0 in each epoch."""
        steps = (self.params or {}).get("steps")
        done = batch + 1
        if steps is None or done <= steps:
            self.rates = [number / done for number in self.made()]
        elif not self.ran_beyond(steps, done):
            done = steps
        self.step = self.step_of_epoch + done

    def updates(self):
        """Number of updates of each optimizer."""
        found = [getattr(self.model, name, None) for name in getattr(self.model, "optimizer_names", ("optimizer",))]
        inner = [getattr(optimizer, "inner_optimizer", optimizer) for optimizer in found if optimizer is not None]
        return [int(ops.convert_to_numpy(optimizer.iterations)) for optimizer in inner]  # a value, also of replicas

    def ran_beyond(self, steps, done):
        """Whether the last call of an epoch ran all its steps, though the epoch has fewer.

        Keras does so if `steps_per_epoch` is given and the data goes on; at the end of the data, it runs fewer. The
        updates that an optimizer makes in a step are known from earlier calls. Otherwise, an optimizer that makes one
        tells, or one whose number of updates divides by that of the steps that ran.
        """
        made = self.made()
        for number, rate in zip(made, self.rates, strict=False):
            if rate:
                return abs(number - rate * done) < abs(number - rate * steps)
        made = [number for number in made if number]
        if done in made or steps in made:
            return min(made) != steps
        return any(number % done == 0 and number % steps != 0 for number in made)

    def made(self):
        """Number of updates of each optimizer in this epoch."""
        return [now - before for now, before in zip(self.updates(), self.updates_of_epoch, strict=False)]
