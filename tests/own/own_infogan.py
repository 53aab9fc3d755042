"""An InfoGAN whose recognition network is a head of the discriminator, with a code of three parts.

Chen et al., 2016, InfoGAN: interpretable representation learning by information maximizing generative adversarial nets,
https://arxiv.org/abs/1606.03657, equation 6 and appendix C.
"""

import keras
from keras import layers

import keras_genzoo
from keras_genzoo import losses
from keras_genzoo.families import BaseGAN, JoinedPrior, NormalPrior, OneHotPrior, UniformPrior
from keras_genzoo.networks.conv import conv_features, conv_generator
from keras_genzoo.utils.arguments import Integer, Weight


@keras_genzoo.register("own_infogan")
class OwnInfoGAN(BaseGAN):
    """Generates images from codes that the discriminator reads back.

    Shapes: `generator` `(batch, latent_dim)` -> images in [-1, 1]; `discriminator` images in [-1, 1] -> dict of
    `logits` `(batch, 1)`, `category` `(batch, num_categories)` and `factors` `(batch, num_factors)`.
    """

    latent_dim = Integer(74, "Length of the latent code `z`: noise, then the category, then the factors.")
    num_categories = Integer(10, "Number of categories.", low=2)
    num_factors = Integer(2, "Number of uniform factors.")
    base_filters = Integer(64, "Filters at full resolution.")
    info_weight = Weight(1.0, "Weight of the loss of the read code (the paper's lambda).", training=True)

    loss_names = (*BaseGAN.loss_names, "info_loss")

    def check_arguments(self):
        if self.latent_dim <= self.num_categories + self.num_factors:
            raise ValueError(
                f"Expected latent_dim above num_categories + num_factors. Received: latent_dim={self.latent_dim}"
            )

    @property
    def prior(self):
        noise = self.latent_dim - self.num_categories - self.num_factors
        return JoinedPrior(NormalPrior(noise), OneHotPrior(self.num_categories), UniformPrior(self.num_factors))

    def build_generator(self):
        return conv_generator(self.image_shape, self.latent_dim, self.base_filters, dtype=self.dtype_policy)

    def build_discriminator(self):
        image = keras.Input(self.image_shape, name="image")
        features = conv_features(image, self.image_shape, self.base_filters, dtype=self.dtype_policy)
        sizes = {"logits": 1, "category": self.num_categories, "factors": self.num_factors}
        outputs = {name: layers.Dense(size, dtype="float32", name=name)(features) for name, size in sizes.items()}
        return keras.Model(image, outputs, name="discriminator")

    def info_loss(self, read, z):
        """Negative log-likelihood of the code that was read, `-E log Q(c|x)`, up to a constant."""
        _, category, factors = self.prior.split(z)
        wrong = keras.losses.categorical_crossentropy(category, read["category"], from_logits=True)
        return keras.ops.mean(wrong + 0.5 * losses.squared_error(factors, read["factors"]))

    def read(self, batch):
        """All outputs of the discriminator for a record, in training mode."""
        return super().judge(batch)

    def judge(self, batch):
        return self.read(batch)["logits"]

    def discriminator_loss(self, real, fake):
        read = self.read(fake)
        adversarial = losses.minimax_discriminator_loss(self.judge(real), read["logits"])
        return adversarial + self.info_weight * self.info_loss(read, fake.z)

    def generator_loss(self, real, fake):
        read = self.read(fake)
        info_loss = self.info_loss(read, fake.z)
        self.log({"info_loss": info_loss})
        return losses.non_saturating_generator_loss(read["logits"]) + self.info_weight * info_loss
