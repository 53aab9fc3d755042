"""Models that encode and decode: an image becomes a code `z`, a code becomes an image."""

import functools

import keras
import numpy as np
import tensorflow as tf

from keras_genzoo import images as pixels
from keras_genzoo import sampling
from keras_genzoo.checks import check_at_least, check_choice, check_units
from keras_genzoo.models._base import ExportFunction
from keras_genzoo.models._latent import LatentModel
from keras_genzoo.networks.conv import conv_features, conv_generator
from keras_genzoo.networks.labels import beside_code, beside_image, label_input, network_of
from keras_genzoo.networks.mlp import mlp_features, mlp_generator


class EncoderDecoder(LatentModel):
    """A network from images to codes and one back. A family says in `code_outputs` what the encoder gives.

    Args:
        image_shape: `(height, width, channels)`, sides of 8..256 pixels, 1 or 3 channels.
        latent_dim: Length of the code `z`, at least 1.
        network: `"conv"` for strided and transposed convolutions with batch normalization, `"mlp"` for fully connected
            layers with tanh.
        base_filters: Convolutions only: filters at full resolution, doubled at each halving.
        hidden_units: Fully connected only: units of the encoder's hidden layers; the decoder has them in reverse.
        seed: Seed of the random numbers in training steps.
        dtype: Dtype policy.
        name: Name of the Keras model.
    """

    decoder_activation = None  # of the decoder's output: None for logits or unbounded means
    code_names = ("z",)  # outputs of the encoder, the code that stands for the image first

    def __init__(
        self,
        image_shape=(28, 28, 1),
        latent_dim=32,
        network="conv",
        base_filters=32,
        hidden_units=(500,),
        seed=None,
        dtype=None,
        name=None,
    ):
        super().__init__(image_shape, seed=seed, dtype=dtype, name=name)
        check_at_least(1, latent_dim=latent_dim, base_filters=base_filters)
        check_choice(("conv", "mlp"), network=network)
        check_units(hidden_units=hidden_units)
        self.latent_dim = latent_dim
        self.network = network
        self.base_filters = base_filters
        self.hidden_units = tuple(hidden_units)

    # -- networks -------------------------------------------------------------------------------------------------

    def build_networks(self):
        """Sets `encoder` and `decoder`; called at the end of a family's constructor.

        Shapes: `encoder` images in `network_range`, or `[images, labels]`, -> dict of `code_names`, each
        `(batch, latent_dim)`; `decoder` `z`, or `[z, labels]`, -> `(batch, height, width, channels)`.
        """
        with sampling.seeded_initializers(self.seed):
            self.encoder = self.build_encoder()
            self.decoder = self.build_decoder()

    def build_encoder(self):
        """Functional model of the encoder."""
        policy = self.dtype_policy
        image = keras.Input(self.image_shape, name="image")
        labels, one_hot = label_input(self.num_classes if self.takes_labels else None)
        if self.network == "conv":
            x = beside_image(image, one_hot, policy)
            features = conv_features(x, self.image_shape, self.base_filters, dtype=policy)
        else:
            x = beside_code(keras.layers.Flatten(dtype=policy)(image), one_hot, policy)
            features = mlp_features(x, self.hidden_units, dtype=policy)
        return network_of(image, labels, self.code_outputs(features), "encoder")

    def build_decoder(self):
        """Functional model of the decoder."""
        shared = dict(
            output_activation=self.decoder_activation,
            num_classes=self.num_classes if self.takes_labels else None,
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
        """What the decoder gives, as pixels in `network_range`: the same, where it does not give logits."""
        return decoded

    # A cached property goes past Keras' tracking, which would save the decoder's weights twice.
    @functools.cached_property
    def generator_network(self):
        output = self.decoder.outputs[0]
        pixels_of = self.decoded_to_pixels(output)
        if pixels_of is output:
            return self.decoder
        inputs = self.decoder.inputs if self.takes_labels else self.decoder.inputs[0]
        return keras.Model(inputs, pixels_of, name="decoder_mean")

    # -- use ------------------------------------------------------------------------------------------------------

    def call(self, inputs, training=False):
        """Images (uint8 0..255 or float 0..1), or `[images, labels]` -> their reconstructions, float32 in [0, 1]."""
        images, labels = self.without_labels(inputs)
        return self.reconstructed(images, labels, training=training)

    def reconstructed(self, images, labels=None, dtype="float32", training=False):
        """Images from their own codes as tensors, float32 in [0, 1] or uint8. Usable inside a graph."""
        inputs = self.with_labels(self.to_network(images), labels)
        z = self.encoder(inputs, training=training)[self.code_names[0]]
        return self.from_network(self.generator_network(self.with_labels(z, labels), training=training), dtype)

    def encode(self, images, labels=None, batch_size=256):
        """The codes of images.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            labels: Models that take labels: integers `(n,)`.
            batch_size: Images in one pass.

        Returns:
            float32 NumPy array `(n, latent_dim)`; where the encoder gives a distribution, the tuple
            `(z_mean, z_log_var)` of two such arrays.

        Raises:
            ValueError: On images or labels that the model does not take.
        """
        pixels.check_images(images, self.image_shape)
        parts = self.in_batches("encode", self._encode, batch_size, images, self._labels(labels, images))
        empty = [np.empty((0, self.latent_dim), "float32") for _ in self.code_names]
        codes = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else empty
        return tuple(codes) if len(codes) > 1 else codes[0]

    def decode(self, z, labels=None, batch_size=256):
        """Mean images of codes.

        Args:
            z: Codes, float `(n, latent_dim)`.
            labels: Models that take labels: integers `(n,)`.
            batch_size: Images in one pass.

        Returns:
            float32 NumPy array `(n, height, width, channels)` in [0, 1].

        Raises:
            ValueError: On codes of another shape, or labels that the model does not take.
        """
        z = np.asarray(z, "float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(f"Expected z of shape (n, {self.latent_dim}). Received: shape {z.shape}")
        parts = self.in_batches("decode", self.image_of, batch_size, z, self._labels(labels, z))
        return np.concatenate(parts) if parts else np.empty((0, *self.image_shape), "float32")

    def reconstruct(self, images, labels=None, batch_size=256):
        """Images from their own codes; from the means of the codes, where those are distributions.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            labels: Models that take labels: integers `(n,)`.
            batch_size: Images in one pass.

        Returns:
            uint8 NumPy array of the same shape.

        Raises:
            ValueError: On images or labels that the model does not take.
        """
        pixels.check_images(images, self.image_shape)
        function = functools.partial(self.reconstructed, dtype="uint8")
        parts = self.in_batches("reconstruct", function, batch_size, images, self._labels(labels, images))
        return np.concatenate(parts) if parts else np.empty((0, *self.image_shape), "uint8")

    def _encode(self, images, labels):
        codes = self.encoder(self.with_labels(self.to_network(images), labels), training=False)
        return [codes[name] for name in self.code_names]

    def _labels(self, labels, images):
        """Labels of images or codes, checked; a model that takes labels must be given them."""
        if self.takes_labels and labels is None:
            raise ValueError(f"Expected labels, one an image: {self.model_name} takes them. Received: labels=None")
        return self.check_given_labels(labels, len(images))

    # -- export ---------------------------------------------------------------------------------------------------

    def export_functions(self, image_dtype="float32"):
        image = tf.TensorSpec((None, *self.image_shape), image_dtype, name="image")

        def encode(image, label=None):
            return self.encoder(self.with_labels(self.to_network(image), label), training=False)

        def reconstruct(image, label=None):
            return {"image": self.reconstructed(image, label, image_dtype)}

        functions = super().export_functions(image_dtype)
        inputs = {"image": image, **self.label_spec()}
        return {
            **functions,
            "encode": ExportFunction(encode, inputs, self.code_names),
            "decode": functions["serving_default"],
            "reconstruct": ExportFunction(reconstruct, inputs, ("image",)),
        }
