"""Exponential moving averages of the weights of networks, which `generate`, `translate` and export use."""

import keras
from keras import ops


class Average:
    """Averages of some networks of a model, moved once per training step.

    The count of the steps is a weight of the model, `ema_steps`, so that a training that goes on counts on.

    Args:
        model: The model; it keeps the networks and their averages as attributes.
        decay: In [0, 1); 0 keeps no averages.
        networks: Dict of networks by attribute of the model; their averages become attributes `ema_<attribute>`, `None`
            where none are kept.

    References:
        Yazici et al., 2018, https://arxiv.org/abs/1806.04498.
    """

    def __init__(self, model, decay, networks):
        self.decay, self.pairs = decay, []
        for attribute, network in networks.items():
            average = keras.models.clone_model(network) if decay else None
            setattr(model, f"ema_{attribute}", average)
            if decay:
                average.trainable = False
                average.set_weights(network.get_weights())
                self.pairs.append((average, network))
        self.steps = model.ema_steps = model.add_weight(
            name="ema_steps", shape=(), initializer="zeros", dtype="float32", trainable=False, aggregation="mean"
        )

    def update(self):
        """Moves the averages towards their networks; early on faster, so that they forget the random start."""
        if not self.pairs:
            return
        self.steps.assign_add(1.0)
        decay = ops.minimum(self.decay, self.steps / (self.steps + 10.0))
        for average, network in self.pairs:
            for old, new in zip(average.weights, network.weights, strict=True):
                old.assign(old + (new - old) * ops.cast(1.0 - decay, new.dtype))

    def reset(self):
        """Counts the steps from 0 again, or a short fine-tuning would hardly reach the averages."""
        self.steps.assign(0.0)

    def without_steps(self, variables):
        """`variables` without the count of the steps."""
        return [variable for variable in variables if variable is not self.steps]
