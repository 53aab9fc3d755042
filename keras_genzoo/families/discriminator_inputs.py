"""What a discriminator sees of images in training: augmented, and with noise that fades."""

import tensorflow as tf
from keras import ops

from keras_genzoo import augmentations, sampling
from keras_genzoo.families.step_count import StepCount
from keras_genzoo.layers import frozen_statistics

INTERVAL = 4  # steps, in one of which it is seen how well the discriminator separates: 2006.06676, section 3.1
STEPS = 4_000_000  # the count of steps begins anew: float32 is exact up to 16 million
RAMP_IMAGES = 100_000  # real images over which the probability could rise from 0 to 1; 500,000 in the paper


class DiscriminatorInputs:
    """Augmentations and instance noise of a GAN, for real and generated images alike.

    With `augmentation_target`, the probability of an augmentation adapts: in one of four steps, it rises where the
    discriminator separates real from generated images more than the target, and falls otherwise. Which of the four is
    drawn: in epochs of four steps, every fourth step would be the last one, with its short batch. How well it separates
    is the mean of sign(D(x) - D(G(z))) over the pairs of a batch: 0 where it guesses, 1 where it is never wrong. The
    paper takes the mean of sign(D(x)), which has a meaning for logits alone; this measure has one for any score.

    The probability and the counts are weights of the model, so that a training that goes on from a file goes on with
    them; they belong to a training, and not to the networks.

    Args:
        model: The GAN, with the arguments of `BaseGAN`; it keeps the variables as attributes.

    References:
        Karras et al., 2020, https://arxiv.org/abs/2006.06676, section 3.1; instance noise: Soenderby et al., 2016,
        https://arxiv.org/abs/1610.04490, section 2.
    """

    def __init__(self, model):
        self.model = model
        self.variables = {}
        self.noise_steps = self.probability = None
        if model.instance_noise_steps:
            self.noise_steps = StepCount(model, "instance_noise_steps_done")
            self.variables["instance_noise_steps_done"] = self.noise_steps.variable
        if model.augmentation_target:
            if (
                tf.distribute.get_strategy().num_replicas_in_sync > 1
            ):  # batch normalization cannot wait for other replicas inside of a condition
                raise ValueError(
                    "Expected augmentation_target=0 under tf.distribute: the probability of augmentations adapts on "
                    f"one device alone. Received: augmentation_target={model.augmentation_target}"
                )
            self.probability = self._scalar("augmentation_probability")
            self.steps = self._scalar("augmentation_steps")

    def _scalar(self, name):
        options = dict(shape=(), initializer="zeros", dtype="float32", trainable=False, aggregation="mean")
        self.variables[name] = self.model.add_weight(name=name, **options)
        return self.variables[name]

    def __call__(self, batch):
        """The record with the images that the discriminator sees; drawn anew in each call."""
        model, images = self.model, batch.images
        if model.augmentations:
            probability = 1.0 if self.probability is None else self.probability
            images = augmentations.augmented(images, model.noise(), model.augmentations, probability)
        if model.instance_noise:
            images = images + self._noise_level() * sampling.step_normal(ops.shape(images), model.noise())
        return batch if images is batch.images else batch.replace(images=images)

    def _noise_level(self):
        faded = self.noise_steps.fraction(self.model.instance_noise_steps) if self.noise_steps else 0.0
        return self.model.instance_noise * (1.0 - faded)

    def advance(self, real, loss):
        """Counts a step, and adapts the probability.

        Args:
            real: The training batch.
            loss: A loss of the step, scalar: a batch that is refused must not count.
        """
        if self.noise_steps:
            self.noise_steps.advance(loss)
        if self.probability is None:
            return
        with tf.control_dependencies([loss]):
            adapted = ops.cond(self._is_due(), lambda: self._adapted(real), lambda: self.probability + 0.0)
            self.probability.assign(adapted)
            self.steps.assign((self.steps + 1.0) % STEPS)

    def _is_due(self):
        """Whether this step is the one of its four in which the probability adapts."""
        steps = ops.cast(self.steps, "int32")
        chosen = tf.random.stateless_uniform((), [steps // INTERVAL, 0], maxval=INTERVAL, dtype="int32")
        return ops.equal(steps % INTERVAL, chosen)

    def _adapted(self, real):
        """The probability after a look at one batch."""
        model = self.model
        with frozen_statistics():
            real_scores, fake_scores = model.scores(self(real), self(model.make_fake(real)))
        separation = ops.mean(ops.sign(real_scores - fake_scores))
        images = ops.cast(ops.shape(real.images)[0], "float32") * model.d_steps * INTERVAL  # `real` is one of the parts
        step = ops.sign(separation - model.augmentation_target) * images / RAMP_IMAGES
        return ops.clip(self.probability + step, 0.0, 1.0)
