"""ACGAN: a conditional GAN whose discriminator also says the class of an image.

Odena, Olah and Shlens, 2016, Conditional image synthesis with auxiliary classifier GANs,
https://arxiv.org/abs/1610.09585.

The generator gets z and the label c. The discriminator does not get the label: it gives the probability P(S|X) that an
image is real, and, from the same features, class probabilities P(C|X). With

    L_S = E log P(S = real|X_real) + E log P(S = fake|X_fake)    (equation 2)
    L_C = E log P(C = c|X_real) + E log P(C = c|X_fake)          (equation 3)

the discriminator maximizes L_S + L_C and the generator L_C - L_S. The logged `classifier_loss` is -L_C.

Differences from the paper: the networks are those of `dcgan`; the generator's part of L_S is the non-saturating loss
-E log P(S = real|X_fake); the label is appended to z one-hot; dropout is off by default (0.5 in the paper); and
`classifier_weight` weighs L_C, which is 1 in the paper.
"""

import keras
from keras import layers, ops

from keras_genzoo.data.kinds import LabelledImages
from keras_genzoo.families import StandardGAN
from keras_genzoo.models.cgan import CGAN
from keras_genzoo.models.dcgan import DCGAN, INITIAL_WEIGHTS
from keras_genzoo.models.gan import GAN
from keras_genzoo.networks.heads import with_heads
from keras_genzoo.utils.arguments import Weight


@keras.saving.register_keras_serializable(package="keras_genzoo")
class ACGAN(StandardGAN):
    """Generates images of given classes by a GAN with an auxiliary classifier: `generate(16, labels=3)`.

    Shapes: `generator` `[(batch, latent_dim), (batch,)]` -> `(batch, height, width, channels)` in [-1, 1];
    `discriminator` images in [-1, 1] -> dict of `logits` `(batch, 1)` and `class_logits` `(batch, num_classes)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1610.09585, equations 2 and 3 and figure 2.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("acgan", image_shape=(8, 8, 1), base_filters=8)
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), labels=True)
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.generate(4, seed=0, labels=[1, 1, 7, 7]).shape
    (4, 8, 8, 1)
    """

    num_classes = CGAN.num_classes
    class_names = CGAN.class_names
    classifier_weight = Weight(
        1.0,
        "Weight of the cross-entropy of the classes, in the losses of both networks. Less, such as 0.3, helps where "
        "the generator finds patterns that the classifier takes for classes before it finds images.",
        training=True,
    )
    label_smoothing = GAN.label_smoothing
    label_noise = GAN.label_noise

    loss_names = (*StandardGAN.loss_names, "classifier_loss")
    data_kind = LabelledImages()
    generator_options = INITIAL_WEIGHTS
    discriminator_options = INITIAL_WEIGHTS
    discriminator_conditions = ()

    noisy = GAN.noisy

    @property
    def conditions(self):
        return (self.label_condition,)

    def build_discriminator(self):
        return with_heads(super().build_discriminator(), self.class_head)

    def class_head(self, features):
        """The logits of the classes from the last features of the discriminator: dict of symbolic outputs."""
        dense = layers.Dense(
            self.num_classes,
            kernel_initializer=INITIAL_WEIGHTS["kernel_initializer"],
            dtype="float32",
            name="class_logits",
        )
        return {"class_logits": dense(features)}  # (batch, num_classes)

    def examined(self, batch):
        """A record with all that the discriminator gives for it, in training mode, from one pass."""
        return batch.replace(**self.discriminator(batch.feed(self.discriminator), training=True))

    def judge(self, batch):
        return batch.logits if "logits" in batch else self.examined(batch).logits

    def discriminator_loss(self, real, fake):
        real, fake = self.examined(real), self.examined(fake)
        classifier_loss = class_error(real) + class_error(fake)
        self.log({"classifier_loss": classifier_loss})
        return GAN.discriminator_loss(self, real, fake) + self.classifier_weight * classifier_loss

    def generator_loss(self, real, fake):
        fake = self.examined(fake)
        return DCGAN.generator_loss(self, real, fake) + self.classifier_weight * class_error(fake)


def class_error(batch):
    """Cross-entropy of the labels of a record and its `class_logits` in nats, a mean over the images."""
    error = keras.losses.sparse_categorical_crossentropy(batch.labels, batch.class_logits, from_logits=True)
    return ops.mean(error)
