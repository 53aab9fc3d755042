"""Stops training after a given time."""

import time

from keras_genzoo.callbacks.steps import StepCounter
from keras_genzoo.utils.checks import is_number


class TimeLimit(StepCounter):
    """Stops `fit` after the first step that ends later than `seconds` after the start.

    With `steps_per_execution` above 1, the time is looked at once for each call of several steps.

    Args:
        seconds: Wall time, above 0.
        on_step: Function called after each step with the elapsed seconds, for example to update a progress bar.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[16])
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), limit=64)
    >>> history = model.fit(digits, epochs=1000, verbose=0, callbacks=[TimeLimit(0.01)])
    """

    def __init__(self, seconds, on_step=None):
        super().__init__()
        if not is_number(seconds) or not seconds > 0:
            raise ValueError(f"Expected seconds above 0. Received: seconds={seconds!r}")
        self.seconds = seconds
        self.on_step = on_step

    @property
    def steps(self):
        """Number of completed steps."""
        return self.step

    def on_train_begin(self, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        elapsed = time.perf_counter() - self.start
        if self.on_step is not None:
            self.on_step(elapsed)
        if elapsed >= self.seconds:
            self.model.stop_training = True
