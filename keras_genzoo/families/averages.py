"""Exponential moving averages of the weights of networks, which `generate`, `translate` and export use."""

import keras
from keras import ops

# Steps that pretrained weights count for. After 1, 20 and 100 steps of fine-tuning, an average then consists of itself
# by 90, 15 and 0.1 %. Counting from 0, it would be the raw network after a step; at 0.999 from the first step on, it
# would still consist of the old one by 61 % after 500.
PRETRAINED_STEPS = 90.0


class Average:
    """Averages of some networks of a model, moved once per training step.

    In step t, the decay is t / (t + 10), up to `decay`: an average forgets the random start. Of pretrained weights, t
    starts at 90. Classifier FID of 1,500 images of an earlier `dcgan_mnist`, without dense layers, trained on with
    the digits of scikit-learn (`benchmarks/average_start.py`):

    | steps | raw generator | average | constant decay of 0.999 |
    | --- | --- | --- | --- |
    | 1 | 367 | 367 | 367 |
    | 20 | 335 | 359 | 367 |
    | 100 | 86 | 120 | 365 |
    | 500 | 33 | 31 | 258 |

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
                average.name = f"ema_{network.name}"  # as `summary` shows it
                average.trainable = False
                self.pairs.append((average, network))
        self._restart()
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
            if len(average.weights) != len(network.weights):
                raise ValueError(
                    f"Expected as many weights of {network.name} as of its average: give ema_decay=0 to train layers "
                    f"with LoRA. Received: {len(network.weights)} weights, {len(average.weights)} in the average"
                )
            for old, new in zip(average.weights, network.weights, strict=True):
                old.assign(old + (new - old) * ops.cast(1.0 - decay, new.dtype))

    def reset(self):
        """Counts the steps from those of pretrained weights on: a short fine-tuning then reaches the averages."""
        self.steps.assign(PRETRAINED_STEPS)

    def start_from(self, variables, pretrained):
        """Takes pretrained weights without averages, which then start at the networks.

        Args:
            variables: Variables of the model, without the count of the steps.
            pretrained: The same variables of a model that keeps no averages.
        """
        for variable, value in zip(self._followed(variables), pretrained, strict=True):
            variable.assign(value)
        self._restart()

    def give_to(self, others, variables):
        """Gives a model without averages the averages as its networks, and all else as it is.

        Args:
            others: Variables of that model.
            variables: The variables of the model of these averages, without the count of the steps.
        """
        self.replace()
        for other, variable in zip(others, self._followed(variables), strict=True):
            other.assign(variable)

    def _followed(self, variables):
        averages = {id(weight) for average, _ in self.pairs for weight in average.weights}
        return [variable for variable in variables if id(variable) not in averages]

    def _restart(self):
        for average, network in self.pairs:
            average.set_weights(network.get_weights())

    def replace(self):
        """Gives the networks the weights of their averages."""
        for average, network in self.pairs:
            network.set_weights(average.get_weights())

    def without_steps(self, variables):
        """`variables` without the count of the steps."""
        return [variable for variable in variables if variable is not self.steps]
