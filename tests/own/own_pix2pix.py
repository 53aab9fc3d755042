"""A translator learned from matched pairs: an adversary that sees input and output together, and an L1 loss.

Isola et al., 2017, Image-to-image translation with conditional adversarial networks, https://arxiv.org/abs/1611.07004,
equations 1, 3 and 4.
"""

import keras
from keras import layers, ops

import keras_genzoo
from keras_genzoo import losses
from keras_genzoo.families import BaseTranslator, ImagePairs, two_player
from keras_genzoo.families.two_player import SMALL_NORMAL
from keras_genzoo.networks.patch import default_num_layers, patch_scores
from keras_genzoo.networks.residual import residual_translator
from keras_genzoo.utils.arguments import Integer, Weight


@keras_genzoo.register("own_pix2pix")
class OwnPix2Pix(BaseTranslator):
    """Translates images of domain a to domain b, learned from matched pairs.

    Shapes: `generator_ab` images in [-1, 1] -> images in [-1, 1]; `discriminator` `[a, b]` -> logits
    `(batch, rows, columns, 1)`.
    """

    base_filters = Integer(64, "Filters at full resolution.")
    num_blocks = Integer(6, "Residual blocks of the generator.", low=0)
    l1_weight = Weight(100.0, "Weight of the mean absolute error.", training=True)

    data_kind = ImagePairs(paired=True)
    directions = ("a_to_b",)
    discriminator_first = True
    loss_names = ("d_loss", "g_loss", "l1_loss")

    def build_networks(self):
        shared = dict(kernel_initializer=SMALL_NORMAL, dtype=self.dtype_policy)
        self.set_generators(a_to_b=residual_translator(self.image_shape, self.base_filters, self.num_blocks, **shared))
        a, b = (keras.Input(self.image_shape, name=name) for name in "ab")
        both = layers.Concatenate(dtype=self.dtype_policy)([a, b])
        scores = patch_scores(both, self.base_filters, default_num_layers(self.image_shape), **shared)
        self.discriminator = keras.Model([a, b], scores, name="discriminator")

    def optimized_variables(self):
        return {
            "d_optimizer": self.discriminator.trainable_variables,
            "g_optimizer": self.generator_ab.trainable_variables,
        }

    def make_fake(self, real):
        """A record of the inputs `a` and their translations `b`."""
        return real.replace(b=self.generator_ab(real.a, training=True))

    def discriminator_loss(self, real, fake):
        return losses.minimax_discriminator_loss(*two_player.scores_of_both(self.discriminator, real, fake))

    def generator_loss(self, real, fake):
        logits = self.discriminator(fake.feed(self.discriminator), training=True)
        l1_loss = ops.mean(ops.abs(fake.b - real.b))
        self.log({"l1_loss": l1_loss})
        return losses.non_saturating_generator_loss(logits) + self.l1_weight * l1_loss
