"""Says on its way how far a training is and how long it will take, for logs without a progress bar."""

import time

from keras_genzoo.callbacks.steps import StepCounter
from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.text import duration

_FIRST_SECONDS = 5.0  # of steps, after the first one, before the time is estimated


class ProgressLines(StepCounter):
    """Prints an estimate of the time once some steps have run, and then a line per minute: steps, losses, time left.

    Args:
        steps: Number of steps of the whole training, at least 1.
        first_step: Number of steps before this call of `fit`.
        every: Seconds between two lines.
        bar: Whether Keras draws a progress bar on the same terminal. The estimate then begins on a new line, and there
            are no further lines.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), network="mlp", hidden_units=[16])
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), limit=64)
    >>> lines = ProgressLines(steps=1)
    >>> history = model.fit(digits, epochs=1, verbose=0, callbacks=[lines])
    """

    def __init__(self, steps, first_step=0, every=60.0, bar=False):
        super().__init__(first_step)
        check_at_least(1, steps=steps)
        self.steps = steps
        self.every = every
        self.bar = bar
        self.begin = None  # time and number of steps after the first step, which includes the compilation
        self.said = None  # time of the last line

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        now = time.perf_counter()
        if self.begin is None:
            self.begin = now, self.step
        elif self.said is None:
            if now - self.begin[0] >= _FIRST_SECONDS:
                self.say_estimate(now)
        elif not self.bar and now - self.said >= self.every:
            self.say_progress(now, logs or {})

    def on_epoch_end(self, epoch, logs=None):
        if self.said is None and self.begin is not None and self.step > self.begin[1]:  # an epoch of a few seconds
            self.say_estimate(time.perf_counter())

    def per_step(self, now):
        """Mean seconds of a step so far; what is written between epochs, checkpoints and grids, counts as well."""
        start, first = self.begin
        return (now - start) / (self.step - first)

    def say_estimate(self, now):
        """Prints how long the steps that are left will take."""
        self.said = now
        left, each = self.steps - self.step, self.per_step(now)
        if left > 0:
            text = f"About {duration(left * each)} for the {left} steps left, at {1000 * each:.3g} ms per step."
            print(f"\n{text}" if self.bar else text, flush=True)

    def say_progress(self, now, logs):
        """Prints the steps done, the losses and the time left."""
        self.said = now
        losses = ", ".join(f"{key} {float(value):.4g}" for key, value in logs.items())
        left = duration((self.steps - self.step) * self.per_step(now))
        print(f"Step {self.step} of {self.steps}: {losses}; about {left} left.", flush=True)
