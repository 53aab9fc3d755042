"""Stops training at the first non-finite loss."""

import math

import keras


class TrainingDiverged(ArithmeticError):
    """A loss is NaN or infinite; the message names the loss and the step."""


class StopOnDivergence(keras.callbacks.Callback):
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

    def __init__(self, first_step=0):
        super().__init__()
        self.step = first_step

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        wrong = [f"{key} = {float(value)}" for key, value in (logs or {}).items() if not math.isfinite(float(value))]
        if wrong:
            raise TrainingDiverged(f"Expected finite losses. Received: {', '.join(wrong)} at step {self.step}")
