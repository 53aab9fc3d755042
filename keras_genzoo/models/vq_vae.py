"""VQ-VAE: an autoencoder with discrete codes, a map of code vectors, and a PixelCNN that generates such maps.

van den Oord, Vinyals and Kavukcuoglu, 2017, Neural discrete representation learning, https://arxiv.org/abs/1711.00937;
the prior: van den Oord et al., 2016, https://arxiv.org/abs/1606.05328.

The encoder gives a vector for each position of a small map, and each is replaced by the nearest one of a codebook
(equations 1 and 2). Encoder and decoder minimize (equation 3)

    ||x - D(e)||^2 + commitment_weight * ||E(x) - sg[e]||^2,

where the gradient passes from the decoder's input e to the encoder's output as if they were equal, and sg stops it.
The code vectors are moving averages of the vectors that they stand for (appendix A.1). The prior over maps of codes, a
gated PixelCNN, learns in the same steps from the codes of the batch, with an optimizer of its own, and changes nothing
else.

Differences from the paper: the squared error is of pixels in [-1, 1]; codes that are hardly used become vectors of the
batch, and so does the whole codebook in the first step; the prior learns along with the codes and not afterwards, and
sees code vectors, whose meaning changes less than their numbers.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from keras_genzoo import sampling
from keras_genzoo.families.priors import NormalPrior
from keras_genzoo.interpolation import lerp
from keras_genzoo.layers import VectorQuantizer
from keras_genzoo.models.autoencoder import Autoencoder
from keras_genzoo.networks.code_maps import check_halvings, map_decoder, map_encoder, map_shape
from keras_genzoo.networks.pixel_cnn import gated_pixel_cnn
from keras_genzoo.utils.arguments import Fraction, Integer, Weight


class CodeMapPrior(NormalPrior):
    """Maps of code vectors, drawn position by position, each given those before it.

    Args:
        network: Functional model from maps `(batch, height, width, dim)` to logits `(batch, height, width, num_codes)`
            of each position, which depend on earlier positions alone.
        quantizer: `keras_genzoo.layers.VectorQuantizer` of the code vectors.
    """

    kind = "code_map"
    fills_space = False
    portable = False

    def __init__(self, network, quantizer):
        self.network, self.quantizer = network, quantizer
        self.map_shape = network.output_shape[1:3]
        super().__init__(self.noise_dim * quantizer.dim)

    @property
    def noise_dim(self):
        return math.prod(self.map_shape)

    def from_normal(self, normal):
        """Codes from standard normal noise, one number for each position: the inverse of its distribution function."""
        uniform = sampling.uniform_from_normal(normal)
        positions = np.arange(self.noise_dim)[None, :, None]

        def draw(position, vectors):
            logits = ops.reshape(self.network(self._maps(vectors)), (-1, self.noise_dim, self.quantizer.num_codes))
            rates = ops.cumsum(ops.softmax(ops.take(logits, position, axis=1), axis=-1), axis=-1)
            below = ops.sum(ops.cast(rates < ops.take(uniform, position, axis=1)[:, None], "int32"), axis=-1)
            drawn = self.quantizer.lookup(ops.minimum(below, self.quantizer.num_codes - 1))  # (n, dim)
            return ops.where(positions == position, drawn[:, None], vectors)

        start = ops.zeros((ops.shape(normal)[0], self.noise_dim, self.quantizer.dim), "float32")
        return ops.reshape(ops.fori_loop(0, self.noise_dim, draw, start), (-1, self.dim))

    def log_density(self, z):
        """Logarithm of the probability of maps of code vectors: `(..., dim)` -> `(...)`."""
        maps = self._maps(z)
        return ops.reshape(-self.negative_log_likelihood(maps, self.quantizer.nearest(maps)), ops.shape(z)[:-1])

    def negative_log_likelihood(self, maps, indices):
        """Nats of each map: code vectors `(n, height, width, dim)` and their numbers, int32 -> `(n,)`."""
        nats = keras.losses.sparse_categorical_crossentropy(indices, self.network(maps), from_logits=True)
        return ops.sum(nats, axis=(1, 2))

    def interpolate(self, z, z_end, fractions):
        return lerp(z, z_end, fractions)

    def _maps(self, vectors):
        return ops.reshape(vectors, (-1, *self.map_shape, self.quantizer.dim))


@keras.saving.register_keras_serializable(package="keras_genzoo")
class VQVAE(Autoencoder):
    """Encodes images as maps of code vectors, decodes them, and generates maps by an autoregressive prior.

    A code `z` is the map of code vectors, flattened: its `latent_dim` is `height * width * code_dim` of the map.
    `encode_map` and `decode_map` have the numbers of the codes in its place.

    Shapes: `encoder` images in [-1, 1] -> vectors `(batch, height, width, code_dim)`; `decoder` `(batch, latent_dim)`
    -> images, without a bound in training and cut to [-1, 1] in use; `prior_network` code vectors -> logits
    `(batch, height, width, num_codes)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1711.00937, equations 1 to 3 and appendix A.1.

    Example:

    >>> import keras_genzoo
    >>> small = dict(base_filters=8, num_codes=16, code_dim=4, prior_filters=8)
    >>> model = keras_genzoo.build("vq_vae", image_shape=(8, 8, 1), **small)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.encode_map(digits[:4]).shape, model.generate(3, seed=0).shape
    ((4, 2, 2), (3, 8, 8, 1))
    """

    network = "conv"
    hidden_units = ()
    # Of the map: no argument here.
    latent_dim = property(lambda self: math.prod(self.map_shape) * self.code_dim)

    base_filters = Integer(128, "Filters of the convolutions of encoder and decoder.")
    num_halvings = Integer(2, "How often the encoder halves the resolution.")
    num_blocks = Integer(2, "Residual blocks of encoder and decoder.", low=0)
    num_codes = Integer(512, "Code vectors in the codebook.", low=2)
    code_dim = Integer(64, "Length of a code vector.")
    commitment_weight = Weight(0.25, "Weight of the distance of the encoder's vectors from their codes.", training=True)
    codebook_decay = Fraction(0.99, "Weight of the previous value in the moving averages of codes.", training=True)
    dead_below = Fraction(
        0.05,
        "Part of the mean use of a code below which one is dead and becomes a vector of the batch; 0 keeps all.",
        training=True,
    )
    prior_filters = Integer(64, "Filters of the PixelCNN over code maps.")
    prior_layers = Integer(4, "Gated layers of the PixelCNN over code maps.")

    code_part = "codes"
    advice_on_unused_codes = "a larger dead_below puts more of them to use; a smaller num_codes does without them"
    web_view = None  # the page draws no maps of codes
    optimizer_names = ("optimizer", "prior_optimizer")
    loss_names = ("loss", "reconstruction_loss", "commitment_loss", "prior_loss", "perplexity")

    def check_arguments(self):
        super().check_arguments()
        check_halvings(self.image_shape, num_halvings=self.num_halvings)

    # -- networks -------------------------------------------------------------------------------------------------

    @property
    def map_shape(self):
        """Height and width of a map of codes."""
        return map_shape(self.image_shape, self.num_halvings)

    @property
    def prior(self):
        return CodeMapPrior(self.prior_network, self.quantizer)

    def build_networks(self):
        self.quantizer = VectorQuantizer(self.num_codes, self.code_dim, self.codebook_decay, self.dead_below)
        self.prior_network = self.build_prior_network()
        super().build_networks()

    def build_encoder(self):
        sizes = self.code_dim, self.num_halvings, self.base_filters, self.num_blocks
        return map_encoder(self.image_shape, *sizes, dtype=self.dtype_policy)

    def build_decoder(self):
        sizes = self.code_dim, self.num_halvings, self.base_filters, self.num_blocks
        return map_decoder(self.image_shape, *sizes, dtype=self.dtype_policy)

    def build_prior_network(self):
        """Functional model from maps of code vectors to the logits of the codes, each position given those before."""
        vectors = keras.Input((*self.map_shape, self.code_dim), name="vectors")
        x = gated_pixel_cnn(vectors, self.prior_filters, self.prior_layers, dtype=self.dtype_policy)
        x = layers.Conv2D(self.prior_filters, 1, activation="relu", dtype=self.dtype_policy)(x)
        return keras.Model(vectors, layers.Conv2D(self.num_codes, 1, dtype="float32")(x), name="prior_network")

    def default_optimizers(self):
        """Adam with learning rate 0.0002 for encoder and decoder, as in the paper, and 0.001 for the prior."""
        return {"optimizer": keras.optimizers.Adam(2e-4), "prior_optimizer": keras.optimizers.Adam(1e-3)}

    def optimized_variables(self):
        prior = self.prior_network.trainable_variables
        return {**super().optimized_variables(), "prior_optimizer": prior}

    # -- the step -------------------------------------------------------------------------------------------------

    def train_step(self, data):
        images = self.unpack(data).images
        with self.recording("optimizer") as tape:
            vectors = self.encoder(images, training=True)
        # Before the loss, so that the codes of the first step are not far from all vectors.
        self.quantizer.update(vectors, sampling.step_uniform((self.num_codes,), self.noise()))
        with tape:
            loss, terms, indices = self.losses_of_codes(images, vectors, training=True)
        self.apply_gradients("optimizer", loss, tape)
        prior_loss = self.update("prior_optimizer", lambda: self.prior_loss(indices))
        return self.results({"loss": loss, **terms, "prior_loss": prior_loss})

    def test_step(self, data):
        images = self.unpack(data).images
        loss, terms, indices = self.losses_of_codes(images, self.encoder(images, training=False), training=False)
        return self.results({"loss": loss, **terms, "prior_loss": self.prior_loss(indices)})

    def losses_of_codes(self, images, vectors, training):
        """What encoder and decoder minimize, from images in [-1, 1] and the encoder's vectors.

        Returns:
            Tuple `(loss, terms, indices)`: a scalar, the dict of its parts and the perplexity, and the numbers of the
            codes, int32 `(batch, height, width)`.
        """
        indices = self.quantizer.nearest(vectors)
        codes = ops.stop_gradient(self.quantizer.lookup(indices))
        # The value is that of the code, the gradient that of the vector.
        z = ops.reshape(vectors + ops.stop_gradient(codes - vectors), (-1, self.latent_dim))
        reconstruction_loss = self.reconstruction_loss(images, self.decoded(z, training=training))
        commitment_loss = ops.mean(ops.sum(ops.square(vectors - codes), axis=(1, 2, 3)))
        loss = reconstruction_loss + self.commitment_weight * commitment_loss
        terms = {"reconstruction_loss": reconstruction_loss, "commitment_loss": commitment_loss}
        return loss, {**terms, "perplexity": self.quantizer.perplexity(indices)}, indices

    def prior_loss(self, indices):
        """Nats of a map of codes under the prior, a mean over the batch: int32 `(batch, height, width)` -> scalar."""
        return ops.mean(self.prior.negative_log_likelihood(self.quantizer.lookup(indices), indices))

    # -- use ------------------------------------------------------------------------------------------------------

    def encoded(self, images, training=False):
        """The code vectors of images in [-1, 1], flattened: dict with `z`, `(batch, latent_dim)`."""
        codes = self.quantizer(self.encoder(images, training=training))
        return {"z": ops.reshape(codes, (-1, self.latent_dim))}

    def encode_map(self, images, *, batch_size=256):
        """The numbers of the codes of images.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images in one pass.

        Returns:
            int32 NumPy array `(n, height, width)` of the map, in 0..num_codes - 1.
        """
        z = self.encode(images, batch_size=batch_size)
        return ops.convert_to_numpy(self.quantizer.nearest(z.reshape(-1, *self.map_shape, self.code_dim)))

    def code_use(self, images, *, batch_size=256):
        """How much use images make of each code: near 0 for codes that are hardly used, after a collapse nearly all.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`, at least 1.
            batch_size: Images in one pass.

        Returns:
            float32 NumPy array `(num_codes,)`: how often a code stands in the maps of the images, divided by the mean
            over all codes.
        """
        maps = self.encode_map(images, batch_size=batch_size)
        if not maps.size:
            raise ValueError("Expected at least 1 image. Received: 0")
        counts = np.bincount(maps.reshape(-1), minlength=self.num_codes)
        return (counts / counts.mean()).astype("float32")

    def decode_map(self, maps, *, batch_size=256):
        """Images of maps of codes.

        Args:
            maps: Integers in 0..num_codes - 1, `(n, height, width)` of the map.
            batch_size: Images in one pass.

        Returns:
            float32 NumPy array `(n, height, width, channels)` in [0, 1].

        Raises:
            ValueError: On maps of another shape or kind, or codes out of range.
        """
        maps = np.asarray(maps)
        if maps.shape[1:] != self.map_shape or not np.issubdtype(maps.dtype, np.integer):
            raise ValueError(
                f"Expected maps of integers, shape (n, {self.map_shape[0]}, {self.map_shape[1]}). Received: "
                f"{maps.dtype.name} of shape {maps.shape}"
            )
        if maps.size and not 0 <= maps.min() <= maps.max() < self.num_codes:
            raise ValueError(
                f"Expected codes in 0..{self.num_codes - 1}. Received: codes in {maps.min()}..{maps.max()}"
            )
        codes = ops.convert_to_numpy(self.quantizer.lookup(maps.astype("int32")))
        return self.decode(codes.reshape(len(maps), self.latent_dim), batch_size=batch_size)
