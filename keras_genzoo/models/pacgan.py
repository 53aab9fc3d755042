"""PacGAN: a GAN whose discriminator judges several images at once.

Lin et al., 2017, PacGAN: the power of two samples in generative adversarial networks,
https://arxiv.org/abs/1712.04086.

The discriminator sees a pack of m images of one kind, real or generated, one after another on the channel axis, and
gives one logit D(x_1, ..., x_m) for all of them (section 2.1). A generator that makes the same images again and again
is found out, because packs of real images differ more. Only the discriminator's input is another one: networks, losses
and optimizers are those of `dcgan`.

Packs are of consecutive images of a batch. If their number is not a multiple of `packing`, the last pack is filled up
with the first images of the batch; it has no image twice unless the batch, or its part for one of `d_steps` updates,
has fewer than `packing` images. A training whose first batch is as small as that is refused: its packs would say
nothing.
"""

import keras
from keras import ops

from keras_genzoo.families import StandardGAN
from keras_genzoo.families.batch_sizes import enough_at_first, normalizes_vectors
from keras_genzoo.models.dcgan import DCGAN, INITIAL_WEIGHTS
from keras_genzoo.models.gan import GAN
from keras_genzoo.utils.arguments import Integer


@keras.saving.register_keras_serializable(package="keras_genzoo")
class PacGAN(StandardGAN):
    """Generates images by a GAN whose discriminator compares the images of a pack.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `discriminator`
    packs `(packs, height, width, packing * channels)` -> logits `(packs, 1)`. `judge` packs the images of a batch.

    Raises:
        ValueError: If an argument is out of its range, or the first batch of a training has too few images.

    References:
        https://arxiv.org/abs/1712.04086, section 2.1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("pacgan", image_shape=(8, 8, 1), base_filters=8)
    >>> history = model.fit(keras_genzoo.data.load("digits", image_size=(8, 8)), epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    packing = Integer(2, "Images that the discriminator sees at once (the paper's m).")

    label_smoothing = GAN.label_smoothing
    label_noise = GAN.label_noise

    generator_options = INITIAL_WEIGHTS
    discriminator_options = INITIAL_WEIGHTS

    discriminator_loss = GAN.discriminator_loss
    noisy = GAN.noisy
    generator_loss = DCGAN.generator_loss

    @property
    def discriminator_shape(self):
        *sides, channels = self.image_shape
        return (*sides, self.packing * channels)

    def unpack(self, data):
        batch = super().unpack(data)
        normalizes = normalizes_vectors(self.discriminator)  # over packs, of which there have to be two
        least = (self.packing + normalizes) * self.d_steps
        updates = f" for each of {self.d_steps} updates" if self.d_steps > 1 else ""
        why = f"packing={self.packing}{', and two packs to normalize' if normalizes else ''}{updates}"
        sentence = f"Expected batches of at least {least} images: {why}. Received: fewer"
        return enough_at_first(batch, least, self.d_optimizer, sentence)

    def judge(self, batch):
        """Logits of the packs of a record, `(packs, 1)`, in training mode."""
        return self.discriminator(self.packs(batch.images), training=True)

    def packs(self, images):
        """Images `(n, ..., channels)` -> packs `(ceil(n / packing), ..., packing * channels)`."""
        num = ops.shape(images)[0]
        rows = -(-num // self.packing) * self.packing
        filled = ops.take(images, ops.arange(rows, dtype="int32") % num, axis=0)
        return ops.concatenate([filled[first :: self.packing] for first in range(self.packing)], axis=-1)
