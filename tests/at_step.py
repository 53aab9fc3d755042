"""A callback for tests that have something happen in the middle of a training."""

import keras


class At(keras.callbacks.Callback):
    """Calls `function(model)` after step number `step`, counted from 1 over the epochs of one `fit`."""

    def __init__(self, step, function):
        super().__init__()
        self.left, self.function = step, function

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            self.function(self.model)
