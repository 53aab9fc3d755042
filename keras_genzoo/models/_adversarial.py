"""What models share that train generators against discriminators: optimizers, averages, scores in one pass."""

import keras
from keras import ops

# First weights from N(0, 0.02), which https://arxiv.org/abs/1511.06434, section 4, brought in.
SMALL_NORMAL = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02}}


class Adversarial:
    """Gives a `ZooModel` its optimizers and moving averages; the model says in `averages` which networks have one.

    The model has `ema_decay`: 0 for no averages. It calls `start_averages` once its networks exist.
    """

    optimizer_names = ("d_optimizer", "g_optimizer")

    def default_optimizers(self):
        """Adam with learning rate 0.0002 and beta_1 0.5, which DCGAN brought in and most models have kept."""
        return {name: keras.optimizers.Adam(2e-4, beta_1=0.5) for name in self.optimizer_names}

    def averages(self):
        """List of `(average, network)`, two models of one architecture each; empty without averages."""
        raise NotImplementedError

    def start_averages(self):
        """Sets the averages to the present weights of their networks, and makes the count of their steps."""
        for average, network in self.averages():
            average.trainable = False
            average.set_weights(network.get_weights())
        self.ema_steps = self.add_weight(
            name="ema_steps", shape=(), initializer="zeros", dtype="float32", trainable=False, aggregation="mean"
        )

    @property
    def network_variables(self):
        return [variable for variable in self.weights if variable is not self.ema_steps]

    def update_ema(self):
        """Moves the averages towards their networks; early on faster, so that they forget the random start."""
        self.ema_steps.assign_add(1.0)
        decay = ops.minimum(self.ema_decay, self.ema_steps / (self.ema_steps + 10.0))
        for average, network in self.averages():
            for old, new in zip(average.weights, network.weights, strict=True):
                old.assign(old + (new - old) * ops.cast(1.0 - decay, new.dtype))

    def after_pretrained(self):
        self.ema_steps.assign(0.0)  # or a short fine-tuning would hardly reach the averages, which are what is used


def scores_of_both(discriminator, real, fake):
    """Scores of real and of generated samples from one pass, faster than two.

    For discriminators that judge each image by itself: batch normalization would mix the two.

    Args:
        discriminator: Network that takes samples.
        real: Images, or `[images, labels]`.
        fake: The same structure, generated.

    Returns:
        Tuple of two tensors, the scores of `real` and of `fake`.
    """
    num = ops.shape(keras.tree.flatten(real)[0])[0]
    both = keras.tree.map_structure(lambda *parts: ops.concatenate(parts, axis=0), real, fake)
    scores = discriminator(both, training=True)
    return scores[:num], scores[num:]
