"""Ends a training after a given time."""

import time

import keras


class TimeLimit(keras.callbacks.Callback):
    """Ends `fit` after the first step that finishes later than `seconds` after the start.

    Args:
        seconds: Wall time, above 0.
        on_step: Function called after each step with the seconds so far, for example to move a progress bar.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), base_filters=8)
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1000, verbose=0, callbacks=[TimeLimit(1)])
    """

    def __init__(self, seconds, on_step=None):
        super().__init__()
        if not seconds > 0:
            raise ValueError(f"Expected seconds above 0. Received: seconds={seconds!r}")
        self.seconds = seconds
        self.on_step = on_step
        self.steps = 0

    def on_train_begin(self, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        elapsed = time.perf_counter() - self.start
        if self.on_step is not None:
            self.on_step(elapsed)
        if elapsed >= self.seconds:
            self.model.stop_training = True
