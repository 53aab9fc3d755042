"""CycleGAN: two translators between two sets of pictures without pairs, held together by the way back.

Zhu, Park, Isola and Efros, 2017, Unpaired image-to-image translation using cycle-consistent adversarial networks,
https://arxiv.org/abs/1703.10593.

A generator for each direction is trained against a discriminator of the domain that it leads to. What keeps a
translation to the picture it was made from is the way back: an image that is translated there and back again is to be
the same, measured by the mean absolute difference (equation 2). Where colours are to be kept, a generator is also asked
to leave images alone that are of its target domain already (section 5.2). The discriminators judge patches, by least
squares (section 4), and are shown images of earlier steps for half of the new ones.

The generators are residual networks with instance normalization and reflection padding (appendix 7.2). They differ in
this: the kernels of the convolutions that change the resolution are 4x4 and not 3x3, which the stride of 2 divides, so
that they leave no checkerboard; instance normalization has a scale and an offset, and the convolution before it no
bias. The discriminators have as many strided convolutions as suit the image: the paper's three, and its patches of 70
pixels, from 128 pixels on. A batch may have any size; the paper's is 1. The average of the generators' weights is an
addition.
"""

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.checks import check_at_least, check_none_or_at_least, check_weight
from keras_genzoo.layers import ImageHistory
from keras_genzoo.models._adversarial import SMALL_NORMAL, scores_of_both
from keras_genzoo.models._translation import Translator
from keras_genzoo.networks.patch import patch_discriminator
from keras_genzoo.networks.residual import residual_translator


@keras.saving.register_keras_serializable(package="keras_genzoo")
class CycleGAN(Translator):
    """Translates images between two domains, learned from unpaired examples of both.

    Args:
        image_shape: `(height, width, channels)` of both domains, sides of 8..256 pixels, 1 or 3 channels.
        base_filters: Filters of the generators at full resolution, at least 1; four times as many in the residual
            blocks. The paper's 64 are for a GPU: 16 to 32 train on a few cores.
        d_base_filters: Filters of the discriminators' first convolution; `None` for as many as `base_filters`.
        num_blocks: Residual blocks of a generator, at least 0; `None` for the paper's: 6 up to 128 pixels, 9 above.
        d_layers: Strided convolutions of a discriminator, at least 1: 1, 2, 3 judge patches of 16, 34, 70 pixels.
            `None` for 3 from 128 pixels on, 2 from 64, 1 below.
        cycle_weight: Weight of the way there and back (the paper's lambda), at least 0.
        identity_weight: Weight of leaving images of the target domain alone, as a multiple of `cycle_weight`, at least
            0; 0 saves two of six passes through the generators.
        history_size: Generated images that each discriminator keeps to be shown again, at least 0.
        **kwargs: `ema_decay`, `seed`, `dtype` and `name`: see `keras_genzoo.models.Translator`.

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

    training_arguments = (*Translator.training_arguments, "cycle_weight", "identity_weight", "history_size")

    def __init__(
        self,
        image_shape=(128, 128, 3),
        base_filters=64,
        d_base_filters=None,
        num_blocks=None,
        d_layers=None,
        cycle_weight=10.0,
        identity_weight=0.5,
        history_size=50,
        **kwargs,
    ):
        super().__init__(image_shape, **kwargs)
        check_at_least(1, base_filters=base_filters)
        check_at_least(0, history_size=history_size)
        check_none_or_at_least(1, d_base_filters=d_base_filters, d_layers=d_layers)
        check_none_or_at_least(0, num_blocks=num_blocks)
        check_weight(cycle_weight=cycle_weight, identity_weight=identity_weight)
        self.base_filters = base_filters
        self.d_base_filters = d_base_filters
        self.num_blocks = num_blocks
        self.d_layers = d_layers
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.history_size = history_size
        with sampling.seeded_initializers(self.seed):
            self.build_networks()
        self.finish_construction()

    @property
    def loss_names(self):
        return ("d_loss", "g_loss", "cycle_loss", *(("identity_loss",) if self.identity_weight else ()))

    def build_networks(self):
        """Builds both generators, both discriminators, and the histories of these."""
        shared = dict(kernel_initializer=SMALL_NORMAL, dtype=self.dtype_policy)
        generators = {
            direction: residual_translator(
                self.image_shape, self.base_filters, self.num_blocks, name=f"generator_{direction}", **shared
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
        """Number of all weights; images that a history keeps are none."""
        return super().count_params() - sum(
            variable.value.shape.num_elements() for variable in self._history_variables()
        )

    def optimized_variables(self):
        return {
            "d_optimizer": self.discriminator_a.trainable_variables + self.discriminator_b.trainable_variables,
            "g_optimizer": self.generator_ab.trainable_variables + self.generator_ba.trainable_variables,
        }

    # -- losses ---------------------------------------------------------------------------------------------------

    def generator_terms(self, real_a, real_b):
        """What the generators make of a batch, and what is held against it.

        Args:
            real_a: Images of domain a in [-1, 1].
            real_b: Images of domain b in [-1, 1].

        Returns:
            Tuple of a dict of scalars, `adversarial_loss`, `cycle_loss` and, where it has a weight, `identity_loss`,
            none of them weighted yet and each the sum of both directions; and of the images translated to a and to b.
        """
        fake_b, same_b = self._translate_and_keep(self.generator_ab, real_a, real_b)
        fake_a, same_a = self._translate_and_keep(self.generator_ba, real_b, real_a)
        cycled_a, cycled_b = self.generator_ba(fake_b, training=True), self.generator_ab(fake_a, training=True)
        judged_a, judged_b = self.discriminator_a(fake_a, training=True), self.discriminator_b(fake_b, training=True)
        # The squares are not halved here: the cycle's weight is the one that the paper gives beside whole ones.
        adversarial = 2.0 * sum(losses.least_squares_generator_loss(scores) for scores in (judged_a, judged_b))
        terms = {
            "adversarial_loss": adversarial,
            "cycle_loss": _mean_difference(cycled_a, real_a) + _mean_difference(cycled_b, real_b),
        }
        if self.identity_weight:
            terms["identity_loss"] = _mean_difference(same_a, real_a) + _mean_difference(same_b, real_b)
        return terms, fake_a, fake_b

    def _translate_and_keep(self, generator, source, target):
        """Translations of `source`, and what becomes of images of the target domain, in one pass."""
        if not self.identity_weight:
            return generator(source, training=True), None
        num = ops.shape(source)[0]
        both = generator(ops.concatenate([source, target], axis=0), training=True)
        return both[:num], both[num:]

    def generator_loss(self, terms):
        """Weighted sum of the terms: equation 3, with the identity term of section 5.2."""
        cycle = terms["cycle_loss"] + self.identity_weight * terms.get("identity_loss", 0.0)
        return terms["adversarial_loss"] + self.cycle_weight * cycle

    def discriminator_loss(self, real_a, real_b, fake_a, fake_b):
        """Loss of both discriminators together: real and translated images in [-1, 1] -> scalar."""
        loss = 0.0
        for discriminator, real, fake in (
            (self.discriminator_a, real_a, fake_a),
            (self.discriminator_b, real_b, fake_b),
        ):
            loss += losses.least_squares_discriminator_loss(*scores_of_both(discriminator, real, fake))
        return loss

    # -- the step -------------------------------------------------------------------------------------------------

    def train_step(self, data):
        real_a, real_b = self.unpack(data)
        terms, fake_a, fake_b = self.update_generators(real_a, real_b)
        d_loss = self.update_discriminators(real_a, real_b, fake_a, fake_b)
        if self.ema_decay:
            self.update_ema()
        return self.results({"d_loss": d_loss, **terms})

    def test_step(self, data):
        real_a, real_b = self.unpack(data)
        terms, fake_a, fake_b = self.generator_terms(real_a, real_b)
        return self.results({"d_loss": self.discriminator_loss(real_a, real_b, fake_a, fake_b), **self._shown(terms)})

    def update_generators(self, real_a, real_b):
        """One update of both generators alone; returns the logged losses and the images translated to a and to b."""
        with self.recording("g_optimizer") as tape:
            terms, fake_a, fake_b = self.generator_terms(real_a, real_b)
            loss = self.generator_loss(terms)
        self.apply_gradients("g_optimizer", loss, tape)
        return self._shown(terms), fake_a, fake_b

    def update_discriminators(self, real_a, real_b, fake_a, fake_b):
        """One update of both discriminators alone, on translated images mixed with older ones; returns the loss."""
        fake_a, fake_b = self.with_history(self.history_a, fake_a), self.with_history(self.history_b, fake_b)
        with self.recording("d_optimizer") as tape:
            loss = self.discriminator_loss(real_a, real_b, fake_a, fake_b)
        self.apply_gradients("d_optimizer", loss, tape)
        return loss

    def with_history(self, history, fake):
        """As many translated images, some of them from earlier steps."""
        fake = ops.stop_gradient(fake)
        if history is None:
            return fake
        return history(fake, sampling.step_uniform((ops.shape(fake)[0], 2), self.noise()))

    def _shown(self, terms):
        """The losses of the generators as they are logged."""
        logged = {key: value for key, value in terms.items() if key in self.loss_names}
        return {"g_loss": self.generator_loss(terms), **logged}


def _mean_difference(images, others):
    """Mean absolute difference of pixels in [-1, 1]: a scalar in [0, 2]."""
    return ops.mean(ops.abs(images - others))
