"""An InfoGAN whose code is asked for by name: a style and real factors beside a normal z, read by a third network.

Chen et al., 2016, https://arxiv.org/abs/1606.03657, equation 6. Training needs images alone: styles and factors are
drawn.
"""

import keras
from keras import layers

import keras_genzoo
from keras_genzoo import losses
from keras_genzoo.families import BaseGAN, ClassCondition, RealCondition
from keras_genzoo.networks.conv import conv_discriminator, conv_features, conv_generator
from keras_genzoo.utils.arguments import Integer, Weight


@keras_genzoo.register("own_infogan_conditions")
class OwnInfoGANConditions(BaseGAN):
    """Generates images of a style and with factors that can be asked for: `generate(4, styles=2, factors=0.5)`.

    Shapes: `generator` `[z (batch, latent_dim), style (batch,), factors (batch, num_factors)]` -> images in [-1, 1];
    `discriminator` images -> logits `(batch, 1)`; `recognizer` images -> dict of `style` and `factor`.
    """

    num_styles = Integer(10, "Number of styles.", low=2)
    num_factors = Integer(2, "Number of factors in [-1, 1].")
    base_filters = Integer(64, "Filters at full resolution.")
    info_weight = Weight(1.0, "Weight of the loss of the read conditions.", training=True)

    loss_names = (*BaseGAN.loss_names, "info_loss")

    @property
    def conditions(self):
        return (ClassCondition("styles", self.num_styles, in_turn=False), RealCondition("factors", self.num_factors))

    def build_networks(self):
        super().build_networks()
        self.recognizer = self.build_recognizer()

    def build_generator(self):
        return conv_generator(
            self.image_shape, self.latent_dim, self.base_filters, conditions=self.conditions, dtype=self.dtype_policy
        )

    def build_discriminator(self):
        return conv_discriminator(self.image_shape, base_filters=self.base_filters, dtype=self.dtype_policy)

    def build_recognizer(self):
        """Functional model from images in [-1, 1] to logits of the style and means of the factors."""
        image = keras.Input(self.image_shape, name="image")
        features = conv_features(image, self.image_shape, self.base_filters, batch_norm=False, dtype=self.dtype_policy)
        sizes = {"style": self.num_styles, "factor": self.num_factors}
        outputs = {name: layers.Dense(size, dtype="float32", name=name)(features) for name, size in sizes.items()}
        return keras.Model(image, outputs, name="recognizer")

    def optimized_variables(self):
        variables = super().optimized_variables()
        return {**variables, "g_optimizer": variables["g_optimizer"] + self.recognizer.trainable_variables}

    def generator_loss(self, real, fake):
        read = self.recognizer(fake.images, training=True)
        wrong = keras.losses.sparse_categorical_crossentropy(fake.styles, read["style"], from_logits=True)
        info_loss = keras.ops.mean(wrong + 0.5 * losses.squared_error(fake.factors, read["factor"]))
        self.log({"info_loss": info_loss})
        return super().generator_loss(real, fake) + self.info_weight * info_loss
