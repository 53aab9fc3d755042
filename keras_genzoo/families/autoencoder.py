"""What autoencoders share: a network from images to codes and one back, and their public methods."""

import functools

import keras

from keras_genzoo.families import code_sampling, generation, imputing
from keras_genzoo.families.base import ZooModel
from keras_genzoo.families.batches import in_batches, joined
from keras_genzoo.families.given_conditions import conditions_of_images, given_conditions, given_with_images
from keras_genzoo.families.inputs import main_and_conditions
from keras_genzoo.families.priors import NormalPrior
from keras_genzoo.networks.conditions import append_to_image, append_to_vector, applied, network_of
from keras_genzoo.networks.conditions import condition_inputs as network_inputs
from keras_genzoo.networks.conv import conv_features, conv_generator
from keras_genzoo.networks.mlp import mlp_features, mlp_generator
from keras_genzoo.utils.arguments import Choice, Integer, Sizes, Units
from keras_genzoo.utils.arrays import real_rows
from keras_genzoo.utils.record import Record


class BaseAutoencoder(ZooModel):
    """A network from images to codes and one back. A model says in `code_outputs` what the encoder gives.

    Class attributes:
        decoder_activation: Of the decoder's output: `None` for logits or unbounded means.
        decoder_wrapper: Class of a layer that wraps each layer of the decoder with a kernel, `None` for none.
        code_names: Outputs of the encoder, the code that stands for the image first.
        decodes_means: Whether the image of a code is a mean, and not a draw.
        image_conditions: Conditions that the encoder and methods on images take; `None` for all.
        decoder_conditions: Conditions that the network `decoder` takes; `None` for all.
    """

    latent_dim = Integer(32, "Length of the latent code `z`.")
    network = Choice(
        "conv",
        "`'conv'` for strided and transposed convolutions with batch normalization, `'mlp'` for fully connected layers "
        "with tanh.",
        choices=("conv", "mlp"),
    )
    base_filters = Integer(
        32, "Convolutions only: filters at full resolution, doubled at each halving.", only={"network": ("conv",)}
    )
    hidden_units = Units(
        (500,),
        "Fully connected only: units of the encoder's hidden layers; the decoder has them in reverse.",
        only={"network": ("mlp",)},
    )

    samplers = Sizes(
        None,
        "Samplers of codes, and their sizes, that a training run fits to its images at the end: see `fit_sampler`. "
        "`generate` takes the first one.",
        choices=("mixture", "aggregate", "two_stage"),
    )

    decoder_activation = None
    decoder_wrapper = None
    code_names = ("z",)
    decodes_means = True
    image_conditions = None
    decoder_conditions = None
    web_view = "encoder_decoder"
    inference_networks = ("decoder",)

    generate = code_sampling.generate
    generate_on_device = code_sampling.generate_on_device
    latent_sample = code_sampling.latent_sample
    code_source = code_sampling.code_source
    build_samplers = code_sampling.build_samplers
    fit = code_sampling.fit
    train_on_batch = code_sampling.train_on_batch
    fit_sampler = code_sampling.fit_sampler
    load_weights = code_sampling.load_weights
    impute = imputing.impute
    filled_images = imputing.filled_images

    # -- networks -------------------------------------------------------------------------------------------------

    @property
    def prior(self):
        """Distribution of the codes: see `keras_genzoo.families.priors`."""
        return NormalPrior(self.latent_dim)

    def make_trackers(self):
        # After all networks, also those of a subclass: `fit_sampler` puts the weights of a sampler at the end.
        self.build_samplers()
        return super().make_trackers()

    def build_networks(self):
        """Sets `encoder` and `decoder`.

        Shapes: `encoder` images in `network_range`, or `[images, *conditions]`, -> dict of `code_names`, each
        `(batch, latent_dim)`; `decoder` `z`, or `[z, *conditions]`, -> `(batch, height, width, channels)`.
        """
        generation.check_prior(self)
        self.encoder = self.build_encoder()
        self.decoder = self.build_decoder()

    def build_encoder(self):
        """Functional model of the encoder."""
        policy = self.dtype_policy
        image = keras.Input(self.image_shape, name="image")
        inputs, vector = network_inputs(conditions_of_images(self))
        if self.network == "conv":
            x = append_to_image(image, vector, policy)
            features = conv_features(x, self.image_shape, self.base_filters, dtype=policy)
        else:
            x = append_to_vector(keras.layers.Flatten(dtype=policy)(image), vector, policy)
            features = mlp_features(x, self.hidden_units, dtype=policy)
        return network_of(image, inputs, self.code_outputs(features), "encoder")

    def build_decoder(self):
        """Functional model of the decoder."""
        shared = dict(
            output_activation=self.values.activation(self.decoder_activation),
            conditions=self.conditions if self.decoder_conditions is None else self.decoder_conditions,
            wrapper=self.decoder_wrapper,
            dtype=self.dtype_policy,
            name="decoder",
        )
        if self.network == "conv":
            return conv_generator(self.image_shape, self.latent_dim, self.base_filters, **shared)
        return mlp_generator(self.image_shape, self.latent_dim, self.hidden_units[::-1], **shared)

    def code_outputs(self, features):
        """Dict of the encoder's symbolic outputs, named as in `code_names`, from its features `(batch, d)`."""
        dense = keras.layers.Dense(self.latent_dim, dtype="float32", name=self.code_names[0])
        return {self.code_names[0]: dense(features)}  # (batch, latent_dim)

    def decoded_to_pixels(self, decoded):
        """The decoder's output as pixels in `network_range`: the same, unless the decoder gives logits."""
        return decoded

    # A cached property goes past Keras' tracking, which would save the decoder's weights twice.
    @functools.cached_property
    def generator_network(self):
        """The functional network from `z`, and conditions, to pixels in `network_range`."""
        output = self.decoder.outputs[0]
        pixels_of = self.decoded_to_pixels(output)
        if pixels_of is output:
            return self.decoder
        inputs = self.decoder.inputs if len(self.decoder.inputs) > 1 else self.decoder.inputs[0]
        return keras.Model(inputs, pixels_of, name="decoder_mean")

    def encoded(self, images, training=False, **conditions):
        """What the encoder gives for images in `network_range`: dict of `code_names`, and perhaps of more."""
        batch = Record(images=images, **conditions)
        return self.encoder(batch.feed(self.encoder), training=training)

    def codes(self, images, training=False, **conditions):
        """What `encode` gives for images in `network_range`: dict of `code_names`, the output of the encoder."""
        return self.encoded(images, training, **conditions)

    def decoded(self, z, training=False, **conditions):
        """What the decoder gives for codes: logits, means or pixels `(batch, height, width, channels)`."""
        batch = Record(z=z, **conditions)
        return self.decoder(batch.feed(self.decoder), training=training)

    def images_from_codes(self, z, dtype="float32", training=False, **conditions):
        """Images of codes: `(n, latent_dim)` -> `(n, height, width, channels)`, float32 in [0, 1] or uint8."""
        network = self.generator_network
        return self.from_network(applied(network, Record(z=z, **conditions), training), dtype)

    # -- use ------------------------------------------------------------------------------------------------------

    def generate_batch(self, seed, start, num, conditions, sampler=None):
        return self.images_from_codes(self.latent_sample(num, seed, start, sampler), "uint8", **conditions)

    def drawn_codes(self, encoded, seed, rows):
        """Codes of what the encoder gives, to fit samplers: those themselves, as the encoder is deterministic.

        Args:
            encoded: Dict of `code_names`.
            seed: int64 scalar.
            rows: int64 `(batch,)`, the indices of the images; what is drawn for an image depends on it and the seed.

        Returns:
            Tuple of draws, and, where the posterior is a diagonal Gaussian, of means and standard deviations.
        """
        return (encoded[self.code_names[0]],)

    def call(self, inputs, training=False):
        """Images (uint8 0..255 or float 0..1), or `[images, *conditions]` -> reconstructions, float32 in [0, 1]."""
        images, given = main_and_conditions(self, inputs, "images", conditions_of_images(self))
        return self.reconstructed(self.values.in_range(images), training=training, **given)

    def reconstructed(self, images, dtype="float32", training=False, **conditions):
        """Images from their own codes as tensors, float32 in [0, 1] or uint8. Usable inside a graph."""
        z = self.codes(self.to_network(images), training=training, **conditions)[self.code_names[0]]
        return self.images_from_codes(z, dtype, training, **conditions)

    def encode(self, images, *, batch_size=256, **conditions):
        """The codes of images.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images in one pass.
            **conditions: Models with conditions: their values, one per image, such as `labels`.

        Returns:
            float32 NumPy array `(n, latent_dim)`; where the encoder gives a distribution, a tuple of such arrays in the
            order of `code_names`, for example `(z_mean, z_log_var)`.

        Raises:
            ValueError: On images or conditions that the model does not take.
        """
        self.values.check(images)
        given = given_with_images(self, conditions, len(images))
        parts = in_batches(self, "encode", self._encode, batch_size, images, **given)
        columns = [[part[index] for part in parts] for index in range(len(self.code_names))]
        codes = [
            joined(column, (self.code_length(name),)) for name, column in zip(self.code_names, columns, strict=True)
        ]
        return tuple(codes) if len(codes) > 1 else codes[0]

    def code_length(self, name):
        """Length of a code of `code_names`."""
        output = self.encoder.output
        return output[name].shape[-1] if isinstance(output, dict) and name in output else self.latent_dim

    def _encode(self, images, **conditions):
        codes = self.codes(self.to_network(images), **conditions)
        return [codes[name] for name in self.code_names]

    def decode(self, z, *, batch_size=256, **conditions):
        """Images of codes.

        Args:
            z: Codes, float `(n, latent_dim)`.
            batch_size: Images in one pass.
            **conditions: Models with conditions: their values, one per code, such as `labels`.

        Returns:
            float32 NumPy array `(n, height, width, channels)` in [0, 1].

        Raises:
            ValueError: On codes of another shape or that are not finite, or conditions that the model does not take.
        """
        z = real_rows(z, self.latent_dim, "z")
        given = given_conditions(self, conditions, len(z), required=True, weights=True)
        return joined(in_batches(self, "decode", self.images_from_codes, batch_size, z, **given), self.image_shape)

    def reconstruct(self, images, *, batch_size=256, **conditions):
        """Images from their own codes; from the means of the codes, where those are distributions.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images in one pass.
            **conditions: Models with conditions: their values, one per image, such as `labels`.

        Returns:
            uint8 NumPy array of the same shape.

        Raises:
            ValueError: On images or conditions that the model does not take.
        """
        self.values.check(images)
        given = given_with_images(self, conditions, len(images))
        function = functools.partial(self.reconstructed, dtype="uint8")
        parts = in_batches(self, "reconstruct", function, batch_size, images, **given)
        return joined(parts, self.image_shape, self.values.dtype)

    # -- imputation: what a probabilistic model overrides ----------------------------------------------------------

    imputation_portable = True  # whether every runtime supports the operations of a step
    imputation_noise_dim = 0  # length of the noise of a code in a step of `impute`

    def code_given(self, images, noise, conditions):
        """A code of images in `network_range`: `(batch, latent_dim)`; noise `(batch, imputation_noise_dim)`."""
        return self.encoded(images, **conditions)[self.code_names[0]]

    def conditions_given(self, images, given):
        """Conditions of the decoder for images in `network_range`: those given, or what the model reads from them."""
        return given

    def imputed_pixels(self, decoded, noise, images, mask):
        """Means and draws of the pixels of a step of `impute`, from noise of their shape.

        `images` have the pixels that are known, where `mask` is false.
        """
        means = keras.ops.cast(self.decoded_to_pixels(decoded), "float32")
        return means, means

    # -- export ---------------------------------------------------------------------------------------------------

    def export_functions(self, image_dtype="float32"):
        functions = generation.code_functions(self, image_dtype)
        of_images = generation.image_functions(self, image_dtype)
        inputs = of_images["encode"].inputs
        return {
            **functions,
            "encode": of_images["encode"],
            "decode": functions["serving_default"],
            "reconstruct": of_images["reconstruct"],
            **(imputing.export_functions(self, inputs, image_dtype) if self.values.are_images else {}),
            **code_sampling.export_functions(self, image_dtype),
        }
