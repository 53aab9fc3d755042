"""The family of GANs: two networks, two optimizers, one training step."""

import itertools

import keras
import tensorflow as tf
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.checks import check_at_least, check_fraction
from keras_genzoo.layers import frozen_statistics
from keras_genzoo.models._adversarial import Adversarial
from keras_genzoo.models._base import noise_for_tests
from keras_genzoo.models._latent import LatentModel


class GAN(Adversarial, LatentModel):
    """A generator against a discriminator.

    One `train_step` makes `d_steps` updates of the discriminator and one of the generator. Each update differentiates
    with respect to one network and changes that network alone, moving statistics included. The last discriminator
    update and the generator update share one pass through the generator: about a fifth of the step.

    A variant overrides `discriminator_loss` or `generator_loss`, not the step. The losses get samples: what the
    discriminator takes, which is a batch of images, because a penalty needs images, or `[images, labels]` in a model
    that takes labels. A loss may log parts of itself with `log`, under names that the variant adds to `loss_names`. A
    network beside the two is trained by the optimizer under which `optimized_variables` names its weights.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Length of `z`, at least 1.
        d_steps: Discriminator updates for each generator update, at least 1. The batch of a step is divided among
            them, so that each sees other real images: for five updates on 64 images give batches of 320. The generator
            is trained on as many images as one of them.
        ema_decay: Decay of the exponential moving average of the generator's weights, in [0, 1); 0 keeps none. With an
            average, `generate`, metrics and export use it.
        seed: Seed of the random numbers in training steps.
        dtype: Dtype policy.
        name: Name of the Keras model.

    References:
        Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, algorithm 1; the average: Yazici et al., 2018,
        https://arxiv.org/abs/1806.04498.
    """

    training_arguments = (*LatentModel.training_arguments, "d_steps", "ema_decay")
    loss_names = ("d_loss", "g_loss")

    def __init__(self, image_shape, latent_dim, d_steps=1, ema_decay=0.999, seed=None, dtype=None, name=None):
        super().__init__(image_shape, seed=seed, dtype=dtype, name=name)
        check_at_least(1, latent_dim=latent_dim, d_steps=d_steps)
        check_fraction(ema_decay=ema_decay)
        self.latent_dim = latent_dim
        self.d_steps = d_steps
        self.ema_decay = ema_decay

    def set_networks(self, generator, discriminator):
        """Takes over the networks that a model's constructor has built.

        Args:
            generator: Functional model, `z` `(batch, latent_dim)` -> images in [-1, 1].
            discriminator: Functional model, images in [-1, 1] -> logits or scores.
        """
        self.generator = generator
        self.discriminator = discriminator
        self.ema_generator = keras.models.clone_model(generator) if self.ema_decay else None
        self.start_averages()
        self.finish_construction()

    @property
    def generator_network(self):
        return self.ema_generator if self.ema_decay else self.generator

    def averages(self):
        return [(self.ema_generator, self.generator)] if self.ema_decay else []

    def optimized_variables(self):
        return {
            "d_optimizer": self.discriminator.trainable_variables,
            "g_optimizer": self.generator.trainable_variables,
        }

    def call(self, inputs, training=False):
        return self.generator_network(inputs, training=training)

    # -- the losses that a variant overrides ----------------------------------------------------------------------

    def discriminator_loss(self, real, fake):
        """Loss of the discriminator: two samples with images in [-1, 1] -> scalar."""
        return losses.minimax_discriminator_loss(
            self.discriminator(real, training=True), self.discriminator(fake, training=True)
        )

    def generator_loss(self, fake):
        """Loss of the generator: a sample with generated images in [-1, 1] -> scalar."""
        return losses.non_saturating_generator_loss(self.discriminator(fake, training=True))

    # -- the step -------------------------------------------------------------------------------------------------

    def train_step(self, data):
        *parts, last = self.divide(self.real_sample(data))
        for real in parts:
            self.update_discriminator(real, self.sample_fake(real))
        d_loss, g_loss = self.update_both(last)
        if self.ema_decay:
            with tf.control_dependencies([g_loss]):  # a batch that is refused counts in no average
                self.update_ema()
        return self.results({"d_loss": d_loss, "g_loss": g_loss})

    def test_step(self, data):
        real = self.real_sample(data)
        with frozen_statistics(), noise_for_tests():
            fake = self.sample_fake(real)
            losses_of_batch = {"d_loss": self.discriminator_loss(real, fake), "g_loss": self.generator_loss(fake)}
        return self.results(losses_of_batch)

    def real_sample(self, data):
        """A training batch as the discriminator takes it: images, or `[images, labels]`."""
        return self.with_labels(*self.unpack(data))

    def divide(self, sample):
        """List of `d_steps` parts of a sample, as equal as can be; of fewer images, some are in several parts."""
        if self.d_steps == 1:
            return [sample]
        num = ops.shape(self.without_labels(sample)[0])[0]
        ends = [num * step // self.d_steps for step in range(self.d_steps + 1)]
        rows = [ops.arange(first, ops.maximum(end, first + 1)) for first, end in itertools.pairwise(ends)]
        return [keras.tree.map_structure(lambda x, row=row: ops.take(x, row, axis=0), sample) for row in rows]

    def make_fake(self, real):
        """A sample of as many generated images as there are real ones, with the real ones' labels."""
        images, labels = self.without_labels(real)
        z = self.codes_of(sampling.step_normal((ops.shape(images)[0], self.latent_dim), self.noise()))
        return self.with_labels(self.generator(self.with_labels(z, labels), training=True), labels)

    def sample_fake(self, real):
        """Like `make_fake`, and leaves the generator as it is."""
        with frozen_statistics():
            return self.make_fake(real)

    def update_discriminator(self, real, fake):
        """One update of the discriminator alone; returns its loss."""
        fake = keras.tree.map_structure(ops.stop_gradient, fake)
        with self.recording("d_optimizer") as tape:
            loss = self.discriminator_loss(real, fake)
        self.apply_gradients("d_optimizer", loss, tape)
        return loss

    def update_both(self, real):
        """One discriminator update, then one generator update through the same generated images."""
        with self.recording("g_optimizer") as tape:
            fake = self.make_fake(real)
            with tape.stop_recording():
                d_loss = self.update_discriminator(real, fake)
            with frozen_statistics():  # the discriminator judges in training mode and is not changed by it
                g_loss = self.generator_loss(fake)
        self.apply_gradients("g_optimizer", g_loss, tape)
        return d_loss, g_loss
