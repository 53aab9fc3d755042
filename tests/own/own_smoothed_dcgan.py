"""A DCGAN with one-sided label smoothing: the discriminator's target for real images is below 1.

Salimans et al., 2016, Improved techniques for training GANs, https://arxiv.org/abs/1606.03498, section 3.4.
"""

from keras import ops

import keras_genzoo
from keras_genzoo import losses
from keras_genzoo.models.dcgan import DCGAN
from keras_genzoo.utils.arguments import Fraction


@keras_genzoo.register("own_smoothed_dcgan")
class OwnSmoothedDCGAN(DCGAN):
    """Generates images by a DCGAN whose discriminator is kept from being too sure."""

    label_smoothing = Fraction(0.1, "How far the target for real images is below 1.", training=True)

    def discriminator_loss(self, real, fake):
        logits = self.judge(real)
        # The cross entropy of a target 1 - s is that of 1, and s times the logit.
        smoothing = self.label_smoothing * ops.mean(logits)
        return losses.minimax_discriminator_loss(logits, self.judge(fake)) + smoothing
