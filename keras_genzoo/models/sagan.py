"""SAGAN: a conditional GAN with self-attention and spectral normalization in both networks.

Zhang, Goodfellow, Metaxas and Odena, 2018, Self-attention generative adversarial networks,
https://arxiv.org/abs/1805.08318.

A self-attention layer in the middle of each network lets each position of a map take features from all others
(equations 1 to 3, see `SelfAttention`). The losses are the hinge losses (equation 4):

    L_D = E max(0, 1 - D(x, y)) + E max(0, 1 + D(G(z, y), y)),    L_G = -E D(G(z, y), y).

Spectral normalization is in both networks (section 4.1), and the discriminator learns four times faster, with 0.0004,
than the generator, with 0.0001, in one update each (section 4.2); Adam has beta_1 0 and beta_2 0.9. The label is in the
generator by conditional batch normalization alone, and in the discriminator by a projection
(https://arxiv.org/abs/1802.05637).

Differences from the paper: the networks are those of `dcgan`, with strided and transposed convolutions and Keras'
standard initial weights, and not residual; the scales of the classes start at N(1, 0.02) and not at 1; keys and values
of the attention are pooled, as in the authors' code.
"""

import keras

from keras_genzoo.data.kinds import LabelledImages
from keras_genzoo.families import StandardGAN
from keras_genzoo.layers import SpectralNormalization
from keras_genzoo.models.cgan import CGAN
from keras_genzoo.models.dcgan import INITIAL_WEIGHTS
from keras_genzoo.models.sngan import SNGAN
from keras_genzoo.networks.conv import num_doublings
from keras_genzoo.utils.arguments import Integer


@keras.saving.register_keras_serializable(package="keras_genzoo")
class SAGAN(StandardGAN):
    """Generates images of given classes by a GAN with self-attention: `generate(16, labels=3)`.

    Shapes: `generator` `[(batch, latent_dim), (batch,)]` -> `(batch, height, width, channels)` in [-1, 1];
    `discriminator` `[images in [-1, 1], (batch,)]` -> scores `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range, or images of this shape have no maps of `attention_level`.

    References:
        https://arxiv.org/abs/1805.08318, equations 1 to 4, section 4 and figure 2.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("sagan", image_shape=(8, 8, 1), base_filters=8)
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), labels=True)
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.generate(4, seed=0, labels=[1, 1, 7, 7]).shape
    (4, 8, 8, 1)
    """

    latent_dim = Integer(128, "Length of the latent code `z`.")
    num_classes = CGAN.num_classes
    class_names = CGAN.class_names
    attention_level = Integer(
        None,
        "Halvings, rounding up, from the sides of the image to those of the maps that get self-attention in both "
        "networks; `None` for half as many as the generator has: maps of 14x14 for images of 28x28, 32x32 for 128x128.",
        optional=True,
    )
    network = "conv"  # attention is between positions
    hidden_units = ()

    data_kind = LabelledImages()

    discriminator_loss = SNGAN.discriminator_loss
    generator_loss = SNGAN.generator_loss

    def check_arguments(self):
        super().check_arguments()
        most = num_doublings(self.image_shape)
        if self.attention_level is not None and self.attention_level > most:
            raise ValueError(
                f"Expected attention_level of at most {most}, for images whose shorter side has "
                f"{min(self.image_shape[:2])} pixels. Received: attention_level={self.attention_level}"
            )

    @property
    def conditions(self):
        return (self.label_condition,)

    @property
    def attention(self):
        """The level of the maps that get self-attention."""
        return self.attention_level or max(1, num_doublings(self.image_shape) // 2)

    @property
    def generator_options(self):
        return {
            "wrapper": SpectralNormalization,
            "conditional_norm": True,
            "gamma_initializer": INITIAL_WEIGHTS["gamma_initializer"],  # classes differ from the start
            "attention_level": self.attention,
        }

    @property
    def discriminator_options(self):
        return {"wrapper": SpectralNormalization, "batch_norm": False, "attention_level": self.attention}

    def default_optimizers(self):
        """Adam with beta_1 0 and beta_2 0.9, and learning rates 0.0004 for the discriminator, 0.0001."""
        rates = {"d_optimizer": 4e-4, "g_optimizer": 1e-4}
        return {name: keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.9) for name, rate in rates.items()}
