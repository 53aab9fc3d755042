"""BiGAN: a GAN with an encoder, whose discriminator judges images together with their codes.

Donahue, Kraehenbuehl and Darrell, 2016, Adversarial feature learning, https://arxiv.org/abs/1605.09782.

An encoder E maps images to codes, and the discriminator D tells pairs (x, E(x)) of a real image and its code from
pairs (G(z), z) of a generated image and the code that it was made from (equations 2 and 3):

    V(D, E, G) = E log D(x, E(x)) + E log(1 - D(G(z), z))

D maximizes V. E and G learn together, from both terms, to exchange the two (equation 4); as in section 3.4, they
maximize

    E log(1 - D(x, E(x))) + E log D(G(z), z),

which has strong gradients where D is sure. Where D cannot tell them apart, E and G are inverse to each other
(theorem 2): `encode` gives the code of an image and `reconstruct` the image G(E(x)), though no reconstruction error is
trained on. Codes are uniform on [-1, 1], 50 of them, as in the paper's model of MNIST.

Differences from the paper: generator and image features of the discriminator are those of `dcgan`, E has the
convolutions of such a discriminator; with `network="mlp"`, image and code together enter a fully connected D. There is
no weight decay. `generate`, `encode` and `reconstruct` use averages of both G and E.
"""

import keras
from keras import layers

from keras_genzoo import losses
from keras_genzoo.families import BaseAutoencoder, StandardGAN, UniformPrior
from keras_genzoo.families.generation import image_functions
from keras_genzoo.layers import MinibatchStdDev
from keras_genzoo.models.dcgan import INITIAL_WEIGHTS
from keras_genzoo.models.gan import GAN
from keras_genzoo.networks.conv import conv_features, projected_logits
from keras_genzoo.networks.mlp import mlp_features
from keras_genzoo.utils.arguments import Integer, Units

KERNELS = {"kernel_initializer": INITIAL_WEIGHTS["kernel_initializer"]}


@keras.saving.register_keras_serializable(package="keras_genzoo")
class BiGAN(StandardGAN):
    """Generates images and encodes them, by a discriminator of pairs of image and code.

    Called on images, the model gives their reconstructions, as autoencoders do; `decode` gives the images of codes.

    Shapes: `generator` `(batch, latent_dim)` -> `(batch, height, width, channels)` in [-1, 1]; `encoder` images in
    [-1, 1] -> codes `(batch, latent_dim)`; `discriminator` `[images, codes]` -> logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1605.09782, equations 2 to 4 and section 3.4.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("bigan", image_shape=(8, 8, 1), latent_dim=4, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.encode(digits[:4]).shape, model.reconstruct(digits[:4]).shape
    ((4, 4), (4, 8, 8, 1))
    """

    latent_dim = Integer(50, "Length of the latent code `z`.")
    joint_units = Units(
        (256,),
        "Convolutions only: units of the discriminator's layers on the features of image and code together.",
        only={"network": ("conv",)},
    )
    label_smoothing = GAN.label_smoothing
    label_noise = GAN.label_noise

    code_names = ("z",)
    web_view = BaseAutoencoder.web_view
    generator_options = INITIAL_WEIGHTS
    discriminator_options = INITIAL_WEIGHTS

    call = BaseAutoencoder.call
    encode = BaseAutoencoder.encode
    decode = BaseAutoencoder.decode
    reconstruct = BaseAutoencoder.reconstruct
    reconstructed = BaseAutoencoder.reconstructed
    code_length = BaseAutoencoder.code_length
    _encode = BaseAutoencoder._encode

    @property
    def prior(self):
        return UniformPrior(self.latent_dim)

    # -- networks -------------------------------------------------------------------------------------------------

    def build_networks(self):
        self.encoder = self.build_encoder()
        super().build_networks()

    def averaged_networks(self):
        return {**super().averaged_networks(), "encoder": self.encoder}

    def build_encoder(self):
        """Functional model from images in [-1, 1] to codes `(batch, latent_dim)`."""
        image = keras.Input(self.image_shape, name="image")
        common, kernels = dict(dtype=self.dtype_policy), self.kernels()
        if self.network == "conv":
            options = {**INITIAL_WEIGHTS, **common}
            features = conv_features(image, self.image_shape, self.base_filters, self.kernel_size, **options)
        else:
            features = mlp_features(image, self.hidden_units, "leaky_relu", batch_norm=True, **common)
        z = layers.Dense(self.latent_dim, dtype="float32", name="z", **kernels)(features)  # (batch, latent_dim)
        return keras.Model(image, z, name="encoder")

    def build_discriminator(self):
        image, z = keras.Input(self.image_shape, name="image"), keras.Input((self.latent_dim,), name="z")
        policy = self.dtype_policy
        kernels = self.kernels()
        common = dict(dropout=self.dropout, dtype=policy, **kernels)
        if self.network == "conv":
            sizes = (self.d_base_filters or self.base_filters, self.kernel_size)
            options = {**common, **INITIAL_WEIGHTS, "minibatch_stddev": self.minibatch_stddev}
            options["dense_units"] = self.d_dense_units
            features = conv_features(image, self.image_shape, *sizes, **options)
            of_code = mlp_features(z, self.joint_units[:1], "leaky_relu", **common)
            pair, units = [features, of_code], self.joint_units
        else:
            pair, units = [layers.Flatten(dtype=policy)(image), z], self.hidden_units
        x = mlp_features(layers.Concatenate(dtype=policy)(pair), units, "leaky_relu", **common)
        if self.network == "mlp" and self.minibatch_stddev:
            x = MinibatchStdDev(dtype=policy)(x)
        return keras.Model([image, z], projected_logits(x, None, dtype=policy, **kernels), name="discriminator")

    def kernels(self):
        """Initializer of kernels: that of convolutional networks alone, see `OF_CONVOLUTIONS` of `standard_gan`."""
        return KERNELS if self.network == "conv" else {}

    # -- the losses -----------------------------------------------------------------------------------------------

    discriminator_loss = GAN.discriminator_loss
    noisy = GAN.noisy

    def generator_loss(self, real, fake):
        real_logits, fake_logits = self.scores(real, fake)
        return losses.minimax_discriminator_loss(fake_logits, real_logits)

    def make_fake(self, real):
        """As in `BaseGAN`, with `codes` of the real images: what generator and encoder make in a step."""
        return super().make_fake(real).replace(codes=self.encoder(real.images, training=True))

    def scores(self, real, fake):
        return super().scores(real.replace(z=fake.codes), fake)

    def judge(self, batch):
        """Logits of the images of a record with their codes `z`, or those of the encoder where it has none."""
        if "z" not in batch:
            batch = batch.replace(z=self.encoder(batch.images, training=True))
        return super().judge(batch)

    def optimized_variables(self):
        variables = super().optimized_variables()
        return {**variables, "g_optimizer": variables["g_optimizer"] + self.encoder.trainable_variables}

    # -- use ------------------------------------------------------------------------------------------------------

    def codes(self, images, training=False):
        """Codes of images in [-1, 1], by the average of the encoder where one is kept: dict of `code_names`."""
        return {"z": (self.ema_encoder or self.encoder)(images, training=training)}

    def export_functions(self, image_dtype="float32"):
        functions = super().export_functions(image_dtype)
        return {**functions, "decode": functions["serving_default"], **image_functions(self, image_dtype)}
