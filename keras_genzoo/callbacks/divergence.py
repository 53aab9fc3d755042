"""Stops training at the first non-finite loss."""

import math

from keras_genzoo.callbacks.steps import StepCounter


class TrainingDiverged(ArithmeticError):
    """A loss is NaN or infinite; the message names the loss and the step."""


class StopOnDivergence(StepCounter):
    """Raises `TrainingDiverged` after the first step whose losses are not all finite.

    Put it before `Checkpoint` in the list, so that a diverged model is not saved.

    Args:
        first_step: Number of steps before this call of `fit`, for the message.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[16])
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), limit=64)
    >>> history = model.fit(digits, epochs=1, verbose=0, callbacks=[StopOnDivergence()])
    """

    def on_train_batch_end(self, batch, logs=None):
        before = self.step
        super().on_train_batch_end(batch, logs)
        wrong = [f"{key} = {float(value)}" for key, value in (logs or {}).items() if not math.isfinite(float(value))]
        if wrong:
            several = self.step - before > 1  # with steps_per_execution, only the last of several steps is seen
            where = f"in steps {before + 1} to {self.step}" if several else f"at step {self.step}"
            raise TrainingDiverged(f"Expected finite losses. Received: {', '.join(wrong)} {where}")
