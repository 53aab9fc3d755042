"""A count of training steps, for weights of a loss that change in the course of a training."""

import tensorflow as tf
from keras import ops

from keras_genzoo.utils.arguments import Steps


class StepCount:
    """Counts the training steps of a model.

    The count is a weight of the model, `<name>`: it is in `.keras` files, weights files, checkpoints and presets. A
    training that goes on from one of them counts on, so the steps are those of the weights and not those of one `fit`.
    Assign 0 to begin again. A model that lists it in `training_variables` begins at 0 from a preset, too.

    Args:
        model: The model; it keeps the variable as an attribute.
        name: Name of the variable and of the attribute.
    """

    def __init__(self, model, name="schedule_steps"):
        self.variable = model.add_weight(
            name=name, shape=(), initializer="zeros", dtype="float32", trainable=False, aggregation="mean"
        )
        setattr(model, name, self.variable)

    def fraction(self, steps):
        """How much of `steps` is over, in [0, 1], a scalar tensor; 1 where `steps` is 0."""
        return ops.clip(self.variable / float(steps), 0.0, 1.0) if steps else ops.ones((), "float32")

    def advance(self, loss):
        """Counts a step, once its loss is known: a batch that is refused must not count."""
        with tf.control_dependencies([loss]):
            # Above this number, float32 has no next integer.
            self.variable.assign(ops.minimum(self.variable + 1.0, float(Steps.most)))
