"""CycleGAN: two translators between two sets of unpaired images, with a cycle-consistency loss.

Zhu, Park, Isola and Efros, 2017, Unpaired image-to-image translation using cycle-consistent adversarial networks,
https://arxiv.org/abs/1703.10593.

A generator for each direction is trained against a discriminator of its target domain. The cycle-consistency loss keeps
the content of an image: an image that is translated to the other domain and back should equal the original, measured by
the mean absolute difference (equation 2). To preserve colours, the identity loss also asks a generator to leave images
of its target domain unchanged (section 5.2). The discriminators score patches, are trained with a least-squares loss
(section 4), and see generated images of earlier steps in place of half of the new ones.

The generators are residual networks with instance normalization and reflection padding (appendix 7.2).

Differences from the paper: the convolutions that change the resolution have 4x4 instead of 3x3 kernels, because a size
that is a multiple of the stride avoids checkerboard artifacts. Instance normalization has a scale and an offset, and
the convolution before it has no bias. The number of strided convolutions in the discriminators depends on the image
size: the paper's three, with its patches of 70 pixels, are used from 128 pixels on. Batches of any size are possible;
the paper uses 1. The moving average of the generators' weights is an addition.
"""

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.families import BaseTranslator
from keras_genzoo.families.two_player import SMALL_NORMAL, scores_of_both
from keras_genzoo.layers import ImageHistory
from keras_genzoo.networks.patch import patch_discriminator
from keras_genzoo.networks.residual import residual_translator
from keras_genzoo.utils.arguments import Choice, ImageShape, Integer, Weight
from keras_genzoo.utils.record import Record


@keras.saving.register_keras_serializable(package="keras_genzoo")
class CycleGAN(BaseTranslator):
    """Translates images between two domains, trained on unpaired images of both.

    Shapes: `generator_ab`, `generator_ba` `(batch, height, width, channels)` -> the same, both in [-1, 1];
    `discriminator_a`, `discriminator_b` images in [-1, 1] -> scores `(batch, rows, columns, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1703.10593, equations 1 to 3, section 4 and appendix 7.

    Example:

    >>> import keras_genzoo
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8), limit=64)
    >>> model = keras_genzoo.build("cyclegan", image_shape=(8, 8, 1), base_filters=4, num_blocks=1)
    >>> history = model.fit(digits, 255 - digits[::-1], epochs=1, verbose=0)
    >>> model.translate(digits[:4], "a_to_b").shape
    (4, 8, 8, 1)
    """

    image_shape = ImageShape((128, 128, 3), "`(height, width, channels)` of both domains, or `(length, channels)`.")
    network = Choice(
        "residual",
        "`'residual'` for the paper's generators; `'separable'` for such with depthwise separable convolutions in the "
        "blocks (https://arxiv.org/abs/2003.08936), a fraction of the weights, for devices.",
        choices=("residual", "separable"),
    )
    base_filters = Integer(
        64,
        "Filters of the generators at full resolution; four times as many in the residual blocks. The paper's 64 need "
        "a GPU; 16 to 32 are practical on a few CPU cores.",
    )
    d_base_filters = Integer(
        None, "Filters of the first convolution of the discriminators; `None` for `base_filters`.", optional=True
    )
    num_blocks = Integer(
        None,
        "Number of residual blocks in a generator; `None` for the numbers of the paper: 6 up to 128 pixels, 9 above.",
        low=0,
        optional=True,
    )
    d_layers = Integer(
        None,
        "Number of strided convolutions in a discriminator: with 1, 2, 3 of them, patches have 16, 34, 70 pixels per "
        "side. `None` for 3 from 128 pixels on, 2 from 64, 1 below.",
        optional=True,
    )
    upsampling = Choice(
        "transposed",
        "How generators double the resolution: `'transposed'` convolutions, as in the paper, or `'nearest'`, repeated "
        "pixels and a convolution, which leaves no fine texture on plain areas.",
        choices=("transposed", "nearest"),
    )
    cycle_weight = Weight(10.0, "Weight of the cycle-consistency loss (the paper's lambda).", training=True)
    identity_weight = Weight(
        0.5,
        "Weight of the identity loss, as a multiple of `cycle_weight`. With 0 it is not computed, which saves two of "
        "six passes through the generators.",
        training=True,
    )
    history_size = Integer(
        50,
        "Number of generated images of earlier steps that are kept for each discriminator; 0 keeps none.",
        low=0,
        training=True,
    )

    takes_signals = True

    @property
    def loss_names(self):
        return ("d_loss", "g_loss", "cycle_loss", *(("identity_loss",) if self.identity_weight else ()))

    def build_networks(self):
        """Builds both generators, both discriminators, and their histories of generated images."""
        shared = dict(kernel_initializer=SMALL_NORMAL, dtype=self.dtype_policy)
        generators = {
            direction: residual_translator(
                self.image_shape,
                self.base_filters,
                self.num_blocks,
                self.network == "separable",
                upsampling=self.upsampling,
                name=f"generator_{direction}",
                **shared,
            )
            for direction in self.directions
        }
        self.set_generators(**generators)
        filters = self.base_filters if self.d_base_filters is None else self.d_base_filters
        for domain in "ab":
            name = f"discriminator_{domain}"
            setattr(self, name, patch_discriminator(self.image_shape, filters, self.d_layers, name=name, **shared))
            history = ImageHistory(self.history_size, self.image_shape) if self.history_size else None
            setattr(self, f"history_{domain}", history)

    @property
    def network_variables(self):
        kept = [id(variable) for variable in self._history_variables()]
        return [variable for variable in super().network_variables if id(variable) not in kept]

    def _history_variables(self):
        return [*self.history_a.variables, *self.history_b.variables] if self.history_size else []

    def count_params(self):
        """Number of all weights, without the images in the histories."""
        return super().count_params() - sum(
            variable.value.shape.num_elements() for variable in self._history_variables()
        )

    def optimized_variables(self):
        return {
            "d_optimizer": self.discriminator_a.trainable_variables + self.discriminator_b.trainable_variables,
            "g_optimizer": self.generator_ab.trainable_variables + self.generator_ba.trainable_variables,
        }

    # -- losses ---------------------------------------------------------------------------------------------------

    def make_fake(self, real):
        """Translates a training batch in both directions.

        Args:
            real: Record of images `a` and `b` in [-1, 1].

        Returns:
            Record of `a` and `b`, the images translated to each domain; with an identity loss also of `same_a` and
            `same_b`, the outputs of the generators for images of their target domain.
        """
        fake_b, same_b = self._translate_and_keep(self.generator_ab, real.a, real.b)
        fake_a, same_a = self._translate_and_keep(self.generator_ba, real.b, real.a)
        same = dict(same_a=same_a, same_b=same_b) if self.identity_weight else {}
        return Record(a=fake_a, b=fake_b, **same)

    def _translate_and_keep(self, generator, source, target):
        """Outputs of a generator for images of its source and target domains, from one pass.

        The second one is `None` without an identity loss.
        """
        if not self.identity_weight:
            return generator(source, training=True), None
        num = ops.shape(source)[0]
        both = generator(ops.concatenate([source, target], axis=0), training=True)
        return both[:num], both[num:]

    def generator_loss(self, real, fake):
        """Sum of the losses of both generators: equation 3 with the identity loss of section 5.2; logs the terms."""
        cycled_a, cycled_b = self.generator_ba(fake.b, training=True), self.generator_ab(fake.a, training=True)
        scores = [self.discriminator_a(fake.a, training=True), self.discriminator_b(fake.b, training=True)]
        # Twice the usual least-squares loss, which halves the squares: the paper's cycle weight assumes whole squares.
        adversarial = 2.0 * sum(losses.least_squares_generator_loss(each) for each in scores)
        terms = {"cycle_loss": _mean_difference(cycled_a, real.a) + _mean_difference(cycled_b, real.b)}
        if self.identity_weight:
            terms["identity_loss"] = _mean_difference(fake.same_a, real.a) + _mean_difference(fake.same_b, real.b)
        self.log(terms)
        cycle = terms["cycle_loss"] + self.identity_weight * terms.get("identity_loss", 0.0)
        return adversarial + self.cycle_weight * cycle

    def discriminator_loss(self, real, fake):
        """Sum of the losses of both discriminators: records of images `a` and `b` in [-1, 1] -> scalar."""
        sides = ((self.discriminator_a, real.a, fake.a), (self.discriminator_b, real.b, fake.b))
        return sum(losses.least_squares_discriminator_loss(*scores_of_both(*side)) for side in sides)

    def shown(self, fake):
        """Replaces some of the translated images by images of earlier steps (section 4)."""
        if not self.history_size:
            return fake
        noise = [sampling.step_uniform((ops.shape(images)[0], 2), self.noise()) for images in (fake.a, fake.b)]
        return fake.replace(a=self.history_a(fake.a, noise[0]), b=self.history_b(fake.b, noise[1]))


def _mean_difference(images, others):
    """Mean absolute difference of images in [-1, 1]: a scalar in [0, 2]."""
    return ops.mean(ops.abs(images - others))
