"""GANs with the zoo's standard networks: a model says what they differ in, and its losses."""

from types import MappingProxyType

from keras_genzoo.families.gan import BaseGAN
from keras_genzoo.families.two_player import scores_of_both
from keras_genzoo.layers import frozen_statistics
from keras_genzoo.networks.conv import conv_discriminator, conv_generator
from keras_genzoo.networks.mlp import mlp_discriminator, mlp_generator
from keras_genzoo.utils.arguments import Choice, Flag, Fraction, Integer, Units

NONE = MappingProxyType({})
# Fully connected networks have options of their own. Weights from N(0, 0.02) would shrink what passes each of their
# layers, which have no normalization in the discriminator, to a fifth: six of them learn nothing for long.
OF_CONVOLUTIONS = ("batch_norm", "gamma_initializer", "kernel_initializer", "upsampling")


class StandardGAN(BaseGAN):
    """A GAN with convolutions as in DCGAN, or with fully connected networks.

    Class attributes:
        generator_options: Options of `conv_generator`, dict by name. Fully connected networks take those that do not
            concern convolutions.
        discriminator_options: Options of `conv_discriminator`.
    """

    network = Choice(
        "conv",
        "`'conv'` for strided and transposed convolutions, `'mlp'` for fully connected networks: ReLU and batch "
        "normalization in the generator, LeakyReLU in the discriminator.",
        choices=("conv", "mlp"),
    )
    base_filters = Integer(
        64,
        "Convolutions only: filters at full resolution; they double at each halving, up to 8 times as many.",
        only={"network": ("conv", "residual")},
    )
    d_base_filters = Integer(
        None,
        "Convolutions only: filters of the discriminator's first convolution; `None` for `base_filters`.",
        optional=True,
        only={"network": ("conv", "residual")},
    )
    kernel_size = Integer(4, "Convolutions only: side of all kernels in pixels.", low=2, only={"network": ("conv",)})
    dense_units = Integer(
        0,
        "Convolutions only: units of a dense layer between the generator's code and its maps; 0 for none. Digits gain "
        "much by one of 256 or more.",
        low=0,
        only={"network": ("conv",)},
    )
    d_dense_units = Integer(
        0,
        "Convolutions only: units of a dense layer between the discriminator's maps and its outputs; 0 for none.",
        low=0,
        only={"network": ("conv",)},
    )
    hidden_units = Units(
        (512, 256),
        "Fully connected only: units of the discriminator's hidden layers; the generator has them in reverse.",
        only={"network": ("mlp",)},
    )
    dropout = Fraction(
        0.0,
        "Share of the discriminator's features that is set to zero in training: after each convolution, or each hidden "
        "layer of fully connected networks.",
        training=True,
    )
    minibatch_stddev = Flag(
        False,
        "Whether the discriminator is told how much the images of a batch differ "
        "(https://arxiv.org/abs/1710.10196, section 3), which works against mode collapse.",
    )

    generator_options = NONE
    discriminator_options = NONE

    def build_generator(self):
        common = dict(conditions=self.conditions, dtype=self.dtype_policy)
        if self.network == "conv":
            sizes = (self.image_shape, self.latent_dim, self.base_filters, self.kernel_size)
            return conv_generator(*sizes, dense_units=self.dense_units, **common, **self.generator_options)
        common |= without(self.generator_options, OF_CONVOLUTIONS)
        activations = dict(activation="relu", output_activation=self.values.activation("tanh"), batch_norm=True)
        return mlp_generator(
            self.image_shape, self.latent_dim, self.hidden_units[::-1], name="generator", **activations, **common
        )

    def build_discriminator(self):
        common = dict(
            conditions=self.discriminator_conditions,
            dropout=self.dropout,
            minibatch_stddev=self.minibatch_stddev,
            dtype=self.dtype_policy,
        )
        if self.network == "conv":
            filters = self.d_base_filters or self.base_filters
            common |= dict(base_filters=filters, kernel_size=self.kernel_size, dense_units=self.d_dense_units)
            return conv_discriminator(self.discriminator_shape, **common, **self.discriminator_options)
        common |= without(self.discriminator_options, OF_CONVOLUTIONS)
        return mlp_discriminator(self.discriminator_shape, self.hidden_units, **common)

    @property
    def discriminator_shape(self):
        """Shape of what the discriminator judges: that of an image."""
        return self.image_shape

    @property
    def discriminator_conditions(self):
        """The conditions that the discriminator takes: those of the model."""
        return self.conditions

    def scores(self, real, fake):
        """Scores of real and of generated images `(batch, 1)`, from one pass where each image is judged by itself."""
        if self.discriminator_options.get("batch_norm", True):
            return super().scores(real, fake)
        if self.minibatch_stddev:
            with frozen_statistics():  # singular values of both passes are then the same
                real_scores = self.judge(real)
            return real_scores, self.judge(fake)
        return scores_of_both(self.discriminator, real, fake)


def without(options, names):
    """`options` but those of these names."""
    return {key: value for key, value in options.items() if key not in names}
