"""What the callbacks of Keras need of a model with several optimizers, and those that cannot work."""

import keras


class SeveralOptimizers:
    """All optimizers of a model as its attribute `optimizer`, where callbacks of Keras look for them.

    `LearningRateScheduler` and `ReduceLROnPlateau` set the learning rate of each. It is not an optimizer itself, so
    that nothing is saved twice.
    """

    built = True

    def __init__(self, optimizers):
        self._optimizers = optimizers

    @property
    def optimizers(self):
        return self

    def __iter__(self):
        return iter(self._optimizers)

    @property
    def variables(self):
        return [variable for optimizer in self for variable in optimizer.variables]

    @property
    def iterations(self):
        return self._optimizers[-1].iterations


def show_optimizers(model):
    """Makes all optimizers of a model known to callbacks of Keras."""
    several = SeveralOptimizers([getattr(model, name) for name in model.optimizer_names])
    if "optimizer" not in model.optimizer_names:
        model.optimizer = several
    elif len(model.optimizer_names) > 1:
        model.optimizer.optimizers = several


def check_callbacks(model, callbacks):
    """Raises `ValueError` on a callback of Keras that would never do anything.

    Args:
        model: The model.
        callbacks: As given to `fit`.
    """
    callbacks = getattr(callbacks, "callbacks", callbacks)
    callbacks = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    losses = [*model.trackers]
    if "loss" not in losses and any(isinstance(each, keras.callbacks.TerminateOnNaN) for each in callbacks):
        raise ValueError(
            f"Expected keras_genzoo.callbacks.StopOnDivergence, which watches {', '.join(losses)}: TerminateOnNaN of "
            f"Keras watches 'loss' alone, which {model.model_name} does not log. Received: TerminateOnNaN"
        )
