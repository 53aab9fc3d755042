"""Two-player training: updates of generators and discriminators, in either order, and scores in one pass."""

import keras
import tensorflow as tf
from keras import ops

from keras_genzoo.layers import frozen_statistics

OPTIMIZERS = ("d_optimizer", "g_optimizer")
# Initial weights from N(0, 0.02): https://arxiv.org/abs/1511.06434, section 4.
SMALL_NORMAL = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02}}


def default_optimizers():
    """Adam with learning rate 0.0002 and beta_1 0.5, which DCGAN introduced and most models have kept."""
    return {name: keras.optimizers.Adam(2e-4, beta_1=0.5) for name in OPTIMIZERS}


def update_both(
    model, generate, discriminator_loss, generator_loss, prepare=lambda fake: fake, discriminator_first=True
):
    """One update of each player, both through the same generated batch.

    Each update differentiates with respect to what its optimizer trains and changes that alone: the discriminator sees
    the batch without its gradient, and while the generator's loss is computed all moving statistics rest.

    Args:
        model: The model, with the optimizers `d_optimizer` and `g_optimizer`.
        generate: Function without arguments that returns the generated batch, a `Record`.
        discriminator_loss: Function of the generated batch that returns a scalar.
        generator_loss: Function of the generated batch that returns a scalar.
        prepare: Function of the generated batch that returns the discriminator's input, for example with images of
            earlier steps.
        discriminator_first: Whether the discriminator is updated before the generator's loss is computed; else after
            the generator's update.

    Returns:
        Tuple of the two losses, the discriminator's first.
    """

    def update_discriminator(fake):
        fixed = prepare(fake.map(ops.stop_gradient))
        return model.update("d_optimizer", lambda: discriminator_loss(fixed))

    with model.recording("g_optimizer") as tape:
        fake = generate()
        if discriminator_first:
            with tape.stop_recording():
                d_loss = update_discriminator(fake)
        with frozen_statistics():
            g_loss = generator_loss(fake)
    model.apply_gradients("g_optimizer", g_loss, tape)
    if not discriminator_first:
        d_loss = update_discriminator(fake)
    return d_loss, g_loss


def finish_step(model, g_loss):
    """Moves the model's averages, once the step's losses are known."""
    with tf.control_dependencies([g_loss]):  # a batch that is refused must not move the average
        model.average.update()


def scores_of_both(discriminator, real, fake):
    """Scores of real and of generated samples from one pass, faster than two.

    For discriminators that judge each image by itself: batch normalization would mix the two.

    Args:
        discriminator: Functional network.
        real: `Record` with the fields that the network takes; or what it takes itself.
        fake: The same, generated.

    Returns:
        Tuple of two tensors, the scores of `real` and of `fake`.
    """
    real, fake = (each.feed(discriminator) if hasattr(each, "feed") else each for each in (real, fake))
    num = ops.shape(keras.tree.flatten(real)[0])[0]
    both = keras.tree.map_structure(lambda *parts: ops.concatenate(parts, axis=0), real, fake)
    scores = discriminator(both, training=True)
    return scores[:num], scores[num:]
