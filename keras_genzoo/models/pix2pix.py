"""pix2pix: translation learned from matched pairs, with a discriminator that sees the input beside the output.

Isola, Zhu, Zhou and Efros, 2017, Image-to-image translation with conditional adversarial networks,
https://arxiv.org/abs/1611.07004.

The generator, a U-Net (section 3.2.1), minimizes -log D(a, G(a)), so that its output looks like an image that belongs
to the input, plus lambda times the mean absolute difference to the image that does belong to it (equations 3 and 4):
the difference alone gives blurred images, the discriminator the sharpness. The discriminator scores patches (section
3.2.2), and its loss is halved so that it learns more slowly than the generator (section 3.3).

Differences from the paper: instance normalization with a scale and an offset in place of batch normalization, which for
the paper's batches of one image is the same; no normalization at a resolution of one pixel, because the U-Net ends at
two; and dropout, the paper's only noise, acts in training alone, so that an image always has the same translation. The
moving average of the generator's weights is an addition.
"""

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.augmentations import resampled
from keras_genzoo.data.kinds import ImagePairs
from keras_genzoo.families import BaseTranslator
from keras_genzoo.families.two_player import SMALL_NORMAL, scores_of_both
from keras_genzoo.models.cyclegan import CycleGAN
from keras_genzoo.networks.patch import patch_discriminator
from keras_genzoo.networks.residual import residual_translator
from keras_genzoo.networks.unet import unet_translator
from keras_genzoo.utils.arguments import Choice, Flag, Fraction, ImageShape, Integer, Weight
from keras_genzoo.utils.record import Record


@keras.saving.register_keras_serializable(package="keras_genzoo")
class Pix2Pix(BaseTranslator):
    """Translates images of domain a to domain b, trained on matched pairs.

    Shapes: `generator_ab` `(batch, height, width, channels)` -> the same, both in [-1, 1]; `discriminator` an image and
    its translation, stacked as channels `(batch, height, width, 2 * channels)`, -> logits `(batch, rows, columns, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1611.07004, equations 1, 3 and 4 and section 3.

    Example:

    >>> import keras_genzoo
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8), limit=64)
    >>> model = keras_genzoo.build("pix2pix", image_shape=(8, 8, 1), base_filters=4)
    >>> history = model.fit(digits, 255 - digits, epochs=1, verbose=0)
    >>> model.translate(digits[:4]).shape
    (4, 8, 8, 1)
    """

    image_shape = ImageShape((256, 256, 3), "`(height, width, channels)` of both domains, or `(length, channels)`.")
    network = Choice(
        "unet",
        "`'unet'` for the paper's generator; `'residual'` for that of `cyclegan`; `'separable'` for that one with "
        "depthwise separable convolutions in the blocks, a fraction of the weights, for devices.",
        choices=("unet", "residual", "separable"),
    )
    base_filters = Integer(
        64, "Filters of the generator's first convolution; doubled at each lower resolution, up to 8 times as many."
    )
    num_levels = Integer(
        None,
        "U-Net only: halvings of the resolution; `None` for as many as leave sides of at least 2 pixels.",
        optional=True,
        only={"network": ("unet",)},
    )
    dropout = Fraction(
        0.5,
        "Share of the features that is set to zero in training: at the U-Net's three lowest levels, or within each "
        "residual block.",
        training=True,
    )
    num_blocks = CycleGAN.num_blocks
    d_base_filters = Integer(
        None, "Filters of the first convolution of the discriminator; `None` for `base_filters`.", optional=True
    )
    d_layers = Integer(
        None,
        "Number of strided convolutions in the discriminator: with 1, 2, 3 of them, patches have 16, 34, 70 pixels per "
        "side. `None` for 3 from 128 pixels on, 2 from 64, 1 below.",
        optional=True,
    )
    upsampling = CycleGAN.upsampling
    crop = Fraction(
        0.0,
        "Share of each side that is cut away in training, at the same random place of both images, which are then "
        "enlarged to their size; 0.1 in the paper.",
        training=True,
    )
    flip = Flag(False, "Whether half of the pairs are mirrored in training, at random.", training=True)
    l1_weight = Weight(100.0, "Weight of the mean absolute difference (the paper's lambda).", training=True)

    data_kind = ImagePairs(paired=True)
    directions = ("a_to_b",)
    discriminator_first = True
    takes_signals = True
    loss_names = ("d_loss", "g_loss", "l1_loss")

    def check_arguments(self):
        super().check_arguments()
        if self.crop or self.flip:
            self.values.check_images("crop and flip")
        if self.network == "unet" and self.num_blocks is not None:
            raise ValueError(f"Expected no num_blocks with network='unet'. Received: num_blocks={self.num_blocks}")

    def build_networks(self):
        shared = dict(kernel_initializer=SMALL_NORMAL, dtype=self.dtype_policy)
        self.set_generators(a_to_b=self.build_generator(name="generator_ab", **shared))
        *sides, channels = self.image_shape
        filters = self.d_base_filters or self.base_filters
        self.discriminator = patch_discriminator((*sides, 2 * channels), filters, self.d_layers, **shared)

    def build_generator(self, **options):
        """Functional model from images in [-1, 1] to images in [-1, 1]."""
        sizes, options = (self.image_shape, self.base_filters), options | {"upsampling": self.upsampling}
        if self.network == "unet":
            return unet_translator(*sizes, self.num_levels, self.dropout, **options)
        separable = self.network == "separable"
        return residual_translator(*sizes, self.num_blocks, separable, self.dropout, **options)

    def optimized_variables(self):
        return {
            "d_optimizer": self.discriminator.trainable_variables,
            "g_optimizer": self.generator_ab.trainable_variables,
        }

    # -- data ------------------------------------------------------------------------------------------------------

    def prepared(self, real):
        """Pairs after the random crops and mirrors of section 3.3, the same of both images of a pair."""
        if not (self.crop or self.flip):
            return real
        images = stacked(real)
        numbers = sampling.step_uniform((ops.shape(images)[0], 3), self.noise())
        factor = ops.ones_like(numbers[:, 0]) / (1.0 - self.crop)
        shifts = [
            (2.0 * numbers[:, axis] - 1.0) * (1.0 / (1.0 - self.crop) - 1.0) * (length - 1) / 2
            for axis, length in enumerate(images.shape[1:3])
        ]
        sign = ops.where(numbers[:, 2] < 0.5, -1.0, 1.0) if self.flip else 1.0
        images = resampled(images, (factor, shifts[0]), (sign * factor, shifts[1]))
        a, b = ops.split(images, 2, axis=-1)
        return Record(a=a, b=b)

    # -- losses ---------------------------------------------------------------------------------------------------

    def make_fake(self, real):
        """The record of the images `b` that belong to `a`, as the generator makes them, beside the same `a`."""
        return Record(a=real.a, b=self.generator_ab(real.a, training=True))

    def discriminator_loss(self, real, fake):
        """Half the minimax loss of the logits of real and of translated pairs."""
        logits = scores_of_both(self.discriminator, stacked(real), stacked(fake))
        return 0.5 * losses.minimax_discriminator_loss(*logits)

    def generator_loss(self, real, fake):
        """Equation 4, with the non-saturating loss; logs the mean absolute difference of images in [-1, 1]."""
        l1_loss = ops.mean(ops.abs(real.b - fake.b))
        self.log({"l1_loss": l1_loss})
        logits = self.discriminator(stacked(fake), training=True)
        return losses.non_saturating_generator_loss(logits) + self.l1_weight * l1_loss


def stacked(pair):
    """The images of a record of pairs as one, `b` behind `a` in the channels."""
    return ops.concatenate([pair.a, pair.b], axis=-1)
