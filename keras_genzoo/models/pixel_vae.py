"""PixelVAE: a VAE whose decoder draws an image pixel by pixel, by a small gated PixelCNN that also sees the code.

Gulrajani et al., 2016, PixelVAE: a latent variable model for natural images, https://arxiv.org/abs/1611.05013; Chen et
al., 2016, Variational lossy autoencoder, https://arxiv.org/abs/1611.02731.

The decoder of a VAE takes the pixels as independent given the code. Here each pixel is also given the pixels before it,
in raster order (1611.05013, section 3.1):

    p(x|z) = prod_i p(x_i | x_1, ..., x_{i-1}, z).

Masked convolutions make features of the pixels before, transposed convolutions make features of the code, and a few
1x1 convolutions with gates make the logit of a pixel of both. The bound and the posterior are the VAE's. Masked
convolutions that see few pixels leave what concerns the whole image to the code (1611.02731, section 3.1). The weight
of the KL term rises from 0 to 1 over the first steps, so that the code is used before they have learned.

Differences from the papers: pixels are binary; features of code and pixels meet after the masked convolutions, and not
before, so that many codes share the masked convolutions of an image; the prior is a normal, without a flow.
"""

import functools
import math

import keras
import numpy as np
from keras import layers, ops

from keras_genzoo import losses, sampling
from keras_genzoo.families.step_count import StepCount
from keras_genzoo.layers.pixel_draw import PixelDraw
from keras_genzoo.likelihood import importance
from keras_genzoo.models.vae import VAE
from keras_genzoo.networks.conv import conv_features, conv_generator
from keras_genzoo.networks.pixel_cnn import gated_head, horizontal_stack, vertical_stack
from keras_genzoo.utils.arguments import Choice, Flag, Integer, Steps
from keras_genzoo.utils.graph_checks import check_in_graph


@keras.saving.register_keras_serializable(package="keras_genzoo")
class PixelVAE(VAE):
    """Encodes images as Gaussian codes, and generates binary images of codes pixel by pixel.

    An image of a code is one draw, in which each pixel is shown by its probability given the pixels drawn before it.
    `decode` and `reconstruct` draw all images with the same random numbers, so that they depend on the code alone;
    `generate` draws image i with random numbers of its own.

    Shapes: `encoder` images in [0, 1] -> `z_mean` and `z_log_var` `(batch, latent_dim)`; `decoder` `(batch,
    latent_dim)` -> features `(batch, height, width, base_filters)`; `rows_above` images -> what the rows above add to
    each masked layer; `row_network` rows, and what is added to them, -> features of the pixels before; `head` both
    features -> logits `(batch, height, width, channels)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1611.05013, section 3.1.

    Example:

    >>> import keras_genzoo
    >>> small = dict(latent_dim=2, base_filters=8, pixel_filters=4, pixel_layers=1)
    >>> model = keras_genzoo.build("pixel_vae", image_shape=(8, 8, 1), **small)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.generate(2, seed=0).shape
    (2, 8, 8, 1)
    """

    takes_signals = False  # the networks are of two-dimensional maps
    network = "conv"
    hidden_units = ()
    likelihood = "bernoulli"

    pixel_layers = Integer(4, "Gated masked convolutions: how far a pixel sees is `pixel_layers * (kernel_size // 2)`.")
    pixel_filters = Integer(32, "Filters of the masked convolutions.")
    kernel_size = Choice(5, "Size of the kernels of the masked convolutions.", choices=(3, 5, 7))
    head_layers = Integer(2, "Gated 1x1 convolutions on the features of code and pixels.")
    binarize = Flag(
        True,
        "Draw each pixel as 0 or 1 with its grey value as the probability, anew in each step (dynamic binarization). "
        "Without, train on pixels that are 0 and 1.",
        training=True,
    )
    warmup_steps = Steps(0, "Steps over which the weight of the KL term rises from 0 to 1; 0 for none.", training=True)

    advice_on_unused_codes = "warmup_steps, or fewer pixel_layers, use more of them"
    decodes_means = False
    unsupported_formats = ("onnx",)  # ONNX Runtime finds no shapes of convolutions inside of two loops
    generated_pixels = "probabilities of white pixels, each given those drawn before, as grey levels"
    web_view = None  # a loop over pixels is too slow for sliders

    # -- networks -------------------------------------------------------------------------------------------------

    def build_networks(self):
        _, width, channels = self.image_shape
        filters, size, policy = self.pixel_filters, self.kernel_size, self.dtype_policy
        image = keras.Input((None, width, channels), name="image")  # or some of its rows
        added = vertical_stack(image, filters, self.pixel_layers, size, policy)
        self.rows_above = keras.Model(image, layers.Concatenate(dtype=policy)(added), name="rows_above")
        rows = keras.Input((None, width, channels), name="rows")
        above = keras.Input((None, width, 2 * filters * self.pixel_layers), name="above")
        parts = ops.split(above, self.pixel_layers, axis=-1)
        features = horizontal_stack(rows, parts, filters, size, policy)
        self.row_network = keras.Model([rows, above], features, name="row_network")
        self.head = gated_head(width, filters, self.base_filters, channels, self.head_layers, dtype=policy)
        super().build_networks()
        self.step_count = StepCount(self)

    def build_encoder(self):
        image = keras.Input(self.image_shape, name="image")
        features = conv_features(image, self.image_shape, self.base_filters, dtype=self.dtype_policy)
        return keras.Model(image, self.code_outputs(features), name="encoder")

    def build_decoder(self):
        options = dict(output_channels=self.base_filters, output_activation="relu", dtype=self.dtype_policy)
        return conv_generator(self.image_shape, self.latent_dim, self.base_filters, name="decoder", **options)

    def unpack(self, data):
        batch = super().unpack(data)
        if self.binarize:
            return batch
        binary = (batch.images == 0.0) | (batch.images == 1.0)
        sentence = "Expected images of black and white pixels with binarize=False. Received: grey ones"
        return batch.replace(images=check_in_graph(batch.images, binary, sentence))

    def pixel_features(self, images):
        """Features of the pixels before each: `(batch, height, width, channels)` -> `(..., pixel_filters)`."""
        return self.row_network([images, self.rows_above(images)])

    def draw(self, context, noise, known=None, mask=None):
        """Draws images pixel by pixel, where they are not known.

        Args:
            context: What the decoder gives.
            noise: Uniform on [0, 1), of the shape of the images, or of one image for all.
            known: Images whose pixels are held where `mask` is false.
            mask: Booleans of the shape of the images.

        Returns:
            Binary images, and the probability of each pixel given those before, both float32.
        """
        return self.pixel_draw(context, noise, known, mask)

    @functools.cached_property
    def pixel_draw(self):
        num_above = self.pixel_layers * (self.kernel_size // 2)
        return PixelDraw(self.rows_above, self.row_network, self.head, self.image_shape, num_above, name="pixel_draw")

    @functools.cached_property
    def generator_network(self):
        z = keras.Input((self.latent_dim,), name="z")
        return keras.Model(z, self.pixel_draw(self.decoder(z), self.fixed_noise)[1], name="decoder_draw")

    @property
    def fixed_noise(self):
        """The noise of images of given codes, a constant, also in a graph: `(1, height, width, channels)`."""
        return np.random.default_rng(0).random((1, *self.image_shape), dtype="float32")

    def filled_images(self, z, images, mask, dtype, conditions):
        """Images that continue the known pixels."""
        mask = ops.broadcast_to(mask, ops.shape(images))
        _, probabilities = self.draw(self.decoded(z, **conditions), self.fixed_noise, images, mask)
        return self.from_network(probabilities, dtype)

    # -- use ------------------------------------------------------------------------------------------------------

    def generate_batch(self, seed, start, num, conditions, sampler=None):
        noise = sampling.uniform_rows(seed, start, num, math.prod(self.image_shape), stream=1)
        noise = ops.reshape(noise, (num, *self.image_shape))
        _, probabilities = self.draw(self.decoded(self.latent_sample(num, seed, start, sampler)), noise)
        return self.from_network(probabilities, "uint8")

    def imputed_pixels(self, decoded, noise, images, mask):
        """Pixels are drawn in their order; known ones are held, and change those after them."""
        drawn, probabilities = self.draw(decoded, sampling.uniform_from_normal(noise), images, mask)
        return probabilities, drawn

    # -- the bound ------------------------------------------------------------------------------------------------

    def negative_log_likelihood(self, images, decoded):
        return losses.bernoulli_nll(images, self.head([self.pixel_features(images), decoded]))

    def log_weights(self, images, num, seed, offset, conditions):
        """As that of `VAE`, with the masked convolutions once for each image."""
        posterior = self.posterior(self.encoded(images))
        features, repeated = (importance.repeat(each, num) for each in (self.pixel_features(images), images))

        def log_px(z):
            return -losses.bernoulli_nll(repeated, self.head([features, self.decoded(z)]))

        return importance.log_weights(posterior, self.prior, log_px, num, seed, offset)
