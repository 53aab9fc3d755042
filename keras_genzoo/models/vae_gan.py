"""VAE-GAN: a VAE whose images are compared in the features of a discriminator, and whose decoder fools it.

Larsen, Sonderby, Larochelle and Winther, 2016, Autoencoding beyond pixels using a learned similarity metric,
https://arxiv.org/abs/1512.09300.

A step makes codes z of images x by the encoder, reconstructions x~ = Dec(z), and images x_p = Dec(z_p) of draws z_p of
the prior. With the features Dis_l of the discriminator (equations 6 to 8, algorithm 1),

    L_prior = KL(q(z|x) || N(0, I))
    L_llike = -E log N(Dis_l(x) | Dis_l(x~), I) = 1/2 ||Dis_l(x) - Dis_l(x~)||^2 + constant
    L_GAN = log Dis(x) + log(1 - Dis(x~)) + log(1 - Dis(x_p))

the encoder minimizes L_prior + L_llike, the decoder gamma L_llike + its loss against the discriminator, where gamma is
`reconstruction_weight`, and the discriminator maximizes L_GAN. It does not learn from L_llike: constant features would
make that 0. The encoder does not learn from L_GAN.

Dis_l are the features that the logit is made from. As in the authors' code, the discriminator sees all three kinds of
images in one batch, so that batch normalization treats an image and its reconstruction alike, and the two generated
kinds together count as much as the real one. Differences from the paper: the decoder's part of L_GAN is the
non-saturating loss -E log Dis; it follows the gradient through the discriminator after its update; Adam with beta_1 0,
which is RMSProp with corrected averages, takes the place of RMSProp; networks are the zoo's.

The model is an autoencoder with a discriminator, and not a GAN with an encoder: codes, reconstruction, imputation,
samplers and their exports are those of the family of autoencoders, and only the step is its own.
"""

import keras
from keras import layers, ops

from keras_genzoo import losses, sampling
from keras_genzoo.families import BaseAutoencoder
from keras_genzoo.layers import frozen_statistics
from keras_genzoo.models.gan import GAN
from keras_genzoo.models.vae import VAE
from keras_genzoo.networks.conv import conv_discriminator
from keras_genzoo.networks.heads import with_heads
from keras_genzoo.networks.mlp import mlp_discriminator
from keras_genzoo.utils.arguments import Integer, Weight
from keras_genzoo.utils.noise import noise_for_tests
from keras_genzoo.utils.record import Record


@keras.saving.register_keras_serializable(package="keras_genzoo")
class VAEGAN(BaseAutoencoder):
    """Encodes images as Gaussian codes and generates images from codes, with the sharpness of a GAN.

    Shapes: `encoder` images in [-1, 1] -> `z_mean` and `z_log_var` `(batch, latent_dim)`; `decoder`
    `(batch, latent_dim)` -> images in [-1, 1]; `discriminator` images in [-1, 1] -> dict of `logits` `(batch, 1)` and
    `features` `(batch, n)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1512.09300, equations 6 to 8 and algorithm 1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae_gan", image_shape=(8, 8, 1), latent_dim=4, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.reconstruct(digits[:4]).shape, model.generate(4, seed=0).shape
    ((4, 8, 8, 1), (4, 8, 8, 1))
    """

    latent_dim = Integer(128, "Length of the latent code `z`.")
    d_base_filters = Integer(
        None,
        "Convolutions only: filters of the discriminator's first convolution; `None` for `base_filters`.",
        optional=True,
        only={"network": ("conv",)},
    )
    reconstruction_weight = Weight(
        0.01,
        "Weight of the reconstruction in the decoder's loss (the paper's gamma): more gives reconstructions that are "
        "like their images, less gives images that are sharper. The squared error is a sum over all features, so "
        "larger images take less: 0.000001 in the authors' code for faces of 64x64.",
        training=True,
    )
    label_smoothing = GAN.label_smoothing
    label_noise = GAN.label_noise

    optimizer_names = ("e_optimizer", "d_optimizer", "g_optimizer")
    loss_names = ("kl_loss", "reconstruction_loss", "d_loss", "g_loss")
    code_names = ("z_mean", "z_log_var")
    code_part = VAE.code_part
    advice_on_unused_codes = "a smaller latent_dim has fewer of them"
    decoder_activation = "tanh"

    # -- networks -------------------------------------------------------------------------------------------------

    code_outputs = VAE.code_outputs

    def build_networks(self):
        super().build_networks()
        self.discriminator = with_heads(self.build_discriminator(), self.feature_head)

    def build_discriminator(self):
        """Functional model from images to logits `(batch, 1)`."""
        if self.network == "mlp":
            return mlp_discriminator(self.image_shape, self.hidden_units, dtype=self.dtype_policy)
        filters = self.d_base_filters or self.base_filters
        return conv_discriminator(self.image_shape, base_filters=filters, dtype=self.dtype_policy)

    def feature_head(self, features):
        """The features that images are compared in, Dis_l: dict of symbolic outputs."""
        return {"features": layers.Activation("linear", dtype="float32", name="features")(features)}

    def default_optimizers(self):
        """Adam with learning rate 0.0003, beta_1 0 and beta_2 0.9 for all three networks."""
        return {name: keras.optimizers.Adam(3e-4, beta_1=0.0, beta_2=0.9) for name in self.optimizer_names}

    def optimized_variables(self):
        return {
            "e_optimizer": self.encoder.trainable_variables,
            "d_optimizer": self.discriminator.trainable_variables,
            "g_optimizer": self.decoder.trainable_variables,
        }

    # -- the losses -----------------------------------------------------------------------------------------------

    discriminator_loss = GAN.discriminator_loss
    noisy = GAN.noisy

    def examined(self, real, fake):
        """What the discriminator gives for real and generated images, from one pass: dict of `logits`, `features`."""
        return self.discriminator(ops.concatenate([real, fake], axis=0), training=True)

    def scores(self, real, fake):
        """Logits of real and of generated images."""
        logits, num = self.examined(real, fake)["logits"], ops.shape(real)[0]
        return logits[:num], logits[num:]

    def make_images(self, images):
        """Reconstructions of images in [-1, 1], and as many images of the prior.

        Returns:
            Record of `fake`, both in this order, and `kl_loss`, L_prior in nats per image.
        """
        posterior = self.posterior(self.encoded(images, training=True))
        shape = (posterior.num_rows, self.latent_dim)
        z, _ = posterior.draw(sampling.step_normal(shape, self.noise()))
        from_prior = self.prior.from_normal(sampling.step_normal(shape, self.noise()))
        fake = self.decoded(ops.concatenate([z, from_prior], axis=0), training=True)
        return Record(fake=fake, kl_loss=ops.mean(posterior.divergence(self.prior)))

    def decoder_losses(self, images, fake):
        """Losses of the decoder through the discriminator.

        Returns:
            Tuple of L_llike, without its constant, in nats per image, and the loss against the discriminator.
        """
        outputs, num = self.examined(images, fake), ops.shape(images)[0]
        features, logits = outputs["features"], outputs["logits"]
        reconstruction_loss = 0.5 * ops.mean(losses.squared_error(features[:num], features[num : 2 * num]))
        return reconstruction_loss, losses.non_saturating_generator_loss(logits[num:])

    # -- the step -------------------------------------------------------------------------------------------------

    def train_step(self, data):
        images = self.unpack(data).images
        with self.recording("e_optimizer") as encoding, self.recording("g_optimizer") as decoding:
            made = self.make_images(images)
            with encoding.stop_recording(), decoding.stop_recording():
                fixed = ops.stop_gradient(made.fake)
                d_loss = self.update("d_optimizer", lambda: self.discriminator_loss(images, fixed))
            with frozen_statistics():
                reconstruction_loss, g_loss = self.decoder_losses(images, made.fake)
            e_total = made.kl_loss + reconstruction_loss
            g_total = self.reconstruction_weight * reconstruction_loss + g_loss
        self.apply_gradients("e_optimizer", e_total, encoding)
        self.apply_gradients("g_optimizer", g_total, decoding)
        return self.vae_gan_results(made.kl_loss, reconstruction_loss, d_loss, g_loss)

    def test_step(self, data):
        images = self.unpack(data).images
        with frozen_statistics(), noise_for_tests():
            made = self.make_images(images)
            d_loss = self.discriminator_loss(images, made.fake)
            reconstruction_loss, g_loss = self.decoder_losses(images, made.fake)
        return self.vae_gan_results(made.kl_loss, reconstruction_loss, d_loss, g_loss)

    def vae_gan_results(self, *values):
        """Logs the losses of a batch, and returns what a step returns."""
        return self.results(dict(zip(self.loss_names, values, strict=True)))

    # -- what follows from the posterior --------------------------------------------------------------------------

    posterior = VAE.posterior
    code_measures = VAE.code_measures
    code_use = VAE.code_use
    encoder_posterior = VAE.encoder_posterior
    drawn_codes = VAE.drawn_codes
    code_given = VAE.code_given
    imputation_noise_dim = VAE.imputation_noise_dim
    imputation_portable = VAE.imputation_portable
