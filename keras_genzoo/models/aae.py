"""AAE: the adversarial autoencoder, whose codes are drawn towards the prior by a discriminator.

Makhzani et al., 2015, Adversarial autoencoders, https://arxiv.org/abs/1511.05644.

Where a VAE has a KL term, a discriminator here tells codes of images from draws of the prior N(0, 1), and the encoder
learns to fool it (figure 1). A step has two phases and three updates, each with an optimizer of its own: encoder and
decoder by the squared error of the reconstruction; then the discriminator; then the encoder against it. The encoder is
the deterministic one of section 2. The discriminator is the paper's, two layers of 1000 ReLU units.

Differences from the paper's model of MNIST (appendix A.1): encoder and decoder are convolutions by default, and with
`network="mlp"` fully connected layers with tanh; the decoder gives pixels in [-1, 1] by tanh; the prior's standard
deviation is 1; Adam takes the place of gradient descent with momentum.
"""

import keras
from keras import layers, ops

from keras_genzoo import losses, sampling
from keras_genzoo.families import BaseAutoencoder, two_player
from keras_genzoo.layers import frozen_statistics
from keras_genzoo.networks.mlp import mlp_features
from keras_genzoo.utils.arguments import Units
from keras_genzoo.utils.noise import noise_for_tests
from keras_genzoo.utils.record import Record


@keras.saving.register_keras_serializable(package="keras_genzoo")
class AAE(BaseAutoencoder):
    """Encodes images as codes that are distributed like the prior, and generates images from draws of it.

    Shapes: `encoder` images in [-1, 1] -> `z` `(batch, latent_dim)`; `decoder` `(batch, latent_dim)` -> images in
    [-1, 1]; `discriminator` `(batch, latent_dim)` -> logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1511.05644, section 2 and figure 1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("aae", image_shape=(8, 8, 1), latent_dim=4, base_filters=8, d_hidden_units=(32,))
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.encode(digits[:4]).shape
    (4, 4)
    """

    d_hidden_units = Units((1000, 1000), "Units of the hidden layers of the discriminator of codes.")

    optimizer_names = ("optimizer", *two_player.OPTIMIZERS)
    loss_names = ("reconstruction_loss", "d_loss", "g_loss")
    decoder_activation = "tanh"

    def build_networks(self):
        super().build_networks()
        # From the seed again, as the weights of the bundled preset were: a repeated run has the same ones.
        with sampling.seeded_initializers(self.seed):
            self.discriminator = self.build_discriminator()

    def build_discriminator(self):
        """Functional model from codes to logits `(batch, 1)`: those of draws from the prior are to be high."""
        z = keras.Input((self.latent_dim,), name="z")
        x = mlp_features(z, self.d_hidden_units, activation="relu", dtype=self.dtype_policy)
        logits = layers.Dense(1, dtype="float32", name="logits")(x)  # (batch, 1)
        return keras.Model(z, logits, name="discriminator")

    def default_optimizers(self):
        """Adam: 0.001 for encoder and decoder by the reconstruction; 0.0002 and beta_1 0.5 for the two adversaries.

        `d_optimizer` trains the discriminator of codes, `g_optimizer` the encoder against it.
        """
        adversarial = {key: keras.optimizers.Adam(2e-4, beta_1=0.5) for key in ("d_optimizer", "g_optimizer")}
        return {"optimizer": keras.optimizers.Adam(1e-3), **adversarial}

    def optimized_variables(self):
        return {
            "optimizer": self.encoder.trainable_variables + self.decoder.trainable_variables,
            "d_optimizer": self.discriminator.trainable_variables,
            "g_optimizer": self.encoder.trainable_variables,
        }

    # -- the losses -----------------------------------------------------------------------------------------------

    def reconstruction_loss(self, images, training=True):
        """Mean over the batch of the squared error of an image, summed over its pixels in [-1, 1]."""
        z = self.encoded(images, training=training)["z"]
        return ops.mean(losses.squared_error(images, self.decoded(z, training=training)))

    def discriminator_loss(self, codes):
        """Loss of the discriminator of codes: a record with codes of images, `z` `(batch, latent_dim)` -> scalar."""
        noise = sampling.step_normal((ops.shape(codes.z)[0], self.prior.noise_dim), self.noise())
        prior = self.prior.from_normal(noise)
        return losses.minimax_discriminator_loss(self.discriminator(prior), self.discriminator(codes.z))

    def encoder_loss(self, codes):
        """Loss of the encoder against the discriminator: a record with codes of images -> scalar."""
        return losses.non_saturating_generator_loss(self.discriminator(codes.z))

    # -- the step -------------------------------------------------------------------------------------------------

    def train_step(self, data):
        images = self.unpack(data).images
        reconstruction_loss = self.update("optimizer", lambda: self.reconstruction_loss(images))
        d_loss, g_loss = self.update_adversaries(images)
        return self.results({"reconstruction_loss": reconstruction_loss, "d_loss": d_loss, "g_loss": g_loss})

    def test_step(self, data):
        images = self.unpack(data).images
        reconstruction_loss = self.reconstruction_loss(images, training=False)
        with noise_for_tests():
            codes = Record(**self.encoded(images))
            d_loss, g_loss = self.discriminator_loss(codes), self.encoder_loss(codes)
        return self.results({"reconstruction_loss": reconstruction_loss, "d_loss": d_loss, "g_loss": g_loss})

    def update_adversaries(self, images):
        """One update of the discriminator, then one of the encoder through the same codes; returns both losses."""

        def encode():
            with frozen_statistics():  # they have moved with the reconstruction
                return Record(**self.encoded(images, training=True))

        return two_player.update_both(self, encode, self.discriminator_loss, self.encoder_loss)
