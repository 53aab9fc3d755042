"""Semi-supervised AAE: an adversarial autoencoder that classifies images, learned from labels of some of them.

Makhzani et al., 2015, Adversarial autoencoders, https://arxiv.org/abs/1511.05644, section 5 and figure 8; without any
label, it clusters images (section 6).

The encoder gives class probabilities y (softmax) and a style z, and the decoder takes both. Two discriminators draw
them to their priors: z to N(0, I), y to one-hot vectors of classes that are equally likely. A step has the three phases
of the paper, each with optimizers of its own: encoder and decoder by the squared error of the reconstruction; then both
discriminators, and the encoder against them; then the encoder's classes by the cross-entropy

    -mean of log q(y = label | x)    over the labelled images of the batch.

Differences from the paper: those of `aae`; labelled images come in the same batches as the others, and not in batches
of their own, so that a batch without a label has no third loss.
"""

import functools

import keras
import numpy as np
from keras import layers, ops

from keras_genzoo import losses, sampling
from keras_genzoo.data.kinds import PartlyLabelledImages
from keras_genzoo.families import RealCondition
from keras_genzoo.layers import frozen_statistics
from keras_genzoo.models.aae import AAE
from keras_genzoo.networks.conditions import condition_inputs, network_of, one_hot
from keras_genzoo.networks.mlp import mlp_features
from keras_genzoo.utils import replicas
from keras_genzoo.utils.arguments import Integer, Names
from keras_genzoo.utils.noise import noise_for_tests
from keras_genzoo.utils.record import Record


@keras.saving.register_keras_serializable(package="keras_genzoo")
class SemiSupervisedAAE(AAE):
    """Classifies images, encodes their style, and generates images of given classes: `generate(16, labels=3)`.

    Trained on images with labels of which some are -1, for an image without one: see `keras_genzoo.data.hide_labels`.
    Labels that are all -1 give clusters in place of classes.

    Shapes: `encoder` images in [-1, 1] -> `z` `(batch, latent_dim)`, `y` and `y_logits` `(batch, num_classes)`;
    `decoder` `[(batch, latent_dim), (batch, num_classes)]` -> images in [-1, 1]; `discriminator` `(batch, latent_dim)`
    and `class_discriminator` `(batch, num_classes)` -> logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1511.05644, section 5 and figure 8.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("semi_supervised_aae", image_shape=(8, 8, 1), latent_dim=4, base_filters=8)
    >>> images, labels = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(images, keras_genzoo.data.hide_labels(labels, 100), epochs=1, verbose=0)
    >>> z, probabilities = model.encode(images[:4])
    >>> model.decode(z, labels=[5, 5, 5, 5]).shape, probabilities.shape, model.predict_labels(images[:4]).shape
    ((4, 8, 8, 1), (4, 10), (4,))
    """

    num_classes = Integer(10, "Number of classes. Labels are integers in `0..num_classes - 1`, or -1 for none.", low=2)
    class_names = Names(None, "Names of the classes in the order of the labels.", training=True)

    optimizer_names = (*AAE.optimizer_names, "c_optimizer")
    loss_names = (*AAE.loss_names, "class_loss")
    data_kind = PartlyLabelledImages()
    code_names = ("z", "y")
    image_conditions = ()  # the encoder reads the class

    @property
    def conditions(self):
        return (self.label_condition,)

    @property
    def decoder_conditions(self):
        return (RealCondition("ys", self.num_classes, 0.0, 1.0),)

    # -- networks -------------------------------------------------------------------------------------------------

    def build_networks(self):
        super().build_networks()
        self.class_discriminator = self.build_class_discriminator()

    def code_outputs(self, features):
        logits = layers.Dense(self.num_classes, dtype="float32", name="y_logits")(features)  # (batch, num_classes)
        y = layers.Softmax(dtype="float32", name="y")(logits)
        return {**super().code_outputs(features), "y": y, "y_logits": logits}

    def build_class_discriminator(self):
        """Functional model from class probabilities to logits `(batch, 1)`: those of one-hot classes are to be high."""
        y = keras.Input((self.num_classes,), name="y")
        x = mlp_features(y, self.d_hidden_units, activation="relu", dtype=self.dtype_policy)
        logits = layers.Dense(1, dtype="float32", name="logits")(x)  # (batch, 1)
        return keras.Model(y, logits, name="class_discriminator")

    @functools.cached_property
    def generator_network(self):
        """The functional network from `z` and labels to pixels in [-1, 1]."""
        z = keras.Input((self.latent_dim,), name="z")
        inputs, classes = condition_inputs(self.conditions)
        return network_of(z, inputs, self.decoder([z, classes]), "decoder_of_classes")

    def decoded(self, z, training=False, labels=None, y=None):
        """What the decoder gives for styles and class probabilities `y`, or labels in their place."""
        y = one_hot(labels, self.num_classes) if y is None else y
        return self.decoder(Record(z=z, y=y).feed(self.decoder), training=training)

    def images_from_codes(self, z, dtype="float32", training=False, **classes):
        return self.from_network(self.decoded(z, training=training, **classes), dtype)

    def reconstructed(self, images, dtype="float32", training=False):
        codes = self.encoded(self.to_network(images), training=training)
        return self.images_from_codes(codes["z"], dtype, training, y=codes["y"])

    def conditions_given(self, images, given):
        return {"y": self.encoded(images)["y"]}

    # -- optimizers -----------------------------------------------------------------------------------------------

    def default_optimizers(self):
        """As `AAE`; `c_optimizer`, which trains the encoder by the labels, is Adam with learning rate 0.001."""
        return {**super().default_optimizers(), "c_optimizer": keras.optimizers.Adam(1e-3)}

    def optimized_variables(self):
        variables = super().optimized_variables()
        style = {id(variable) for variable in self.encoder.get_layer("z").trainable_variables}
        return {
            **variables,
            "d_optimizer": variables["d_optimizer"] + self.class_discriminator.trainable_variables,
            "c_optimizer": [each for each in self.encoder.trainable_variables if id(each) not in style],
        }

    # -- the losses -----------------------------------------------------------------------------------------------

    def reconstruction_loss(self, images, training=True):
        codes = self.encoded(images, training=training)
        decoded = self.decoded(codes["z"], training=training, y=codes["y"])
        return ops.mean(losses.squared_error(images, decoded))

    def discriminator_loss(self, codes):
        """Sum of the losses of both discriminators: a record with `z` and `y` of images -> scalar."""
        drawn = self.label_condition.draw(ops.shape(codes.y)[0], sampling.step_seed(self.noise()))
        real, fake = self.class_discriminator(one_hot(drawn, self.num_classes)), self.class_discriminator(codes.y)
        return super().discriminator_loss(codes) + losses.minimax_discriminator_loss(real, fake)

    def encoder_loss(self, codes):
        """Sum of the losses of the encoder against both discriminators: a record with `z` and `y` -> scalar."""
        of_classes = losses.non_saturating_generator_loss(self.class_discriminator(codes.y))
        return super().encoder_loss(codes) + of_classes

    def class_loss(self, batch, training=True):
        """Cross-entropy of the labelled images of a batch in nats, a mean over these alone: a scalar, 0 without any.

        The mean that is logged is over all labelled images of the epoch.
        """
        with frozen_statistics():  # they have moved with the reconstruction
            logits = self.encoded(batch.images, training=training)["y_logits"]
        labelled = replicas.held() * ops.cast(batch.labels >= 0, "float32")
        wrong = keras.losses.sparse_categorical_crossentropy(ops.maximum(batch.labels, 0), logits, from_logits=True)
        total, num = ops.sum(labelled * wrong), ops.sum(labelled)
        self.trackers["class_loss"].update_state(ops.divide_no_nan(total, num), sample_weight=num)
        return ops.divide_no_nan(total, replicas.total(num) * replicas.share())

    # -- the step -------------------------------------------------------------------------------------------------

    def train_step(self, data):
        batch = self.unpack(data)
        reconstruction_loss = self.update("optimizer", lambda: self.reconstruction_loss(batch.images))
        d_loss, g_loss = self.update_adversaries(batch.images)
        self.update("c_optimizer", lambda: self.class_loss(batch))
        return self.results({"reconstruction_loss": reconstruction_loss, "d_loss": d_loss, "g_loss": g_loss})

    def test_step(self, data):
        batch = self.unpack(data)
        reconstruction_loss = self.reconstruction_loss(batch.images, training=False)
        self.class_loss(batch, training=False)
        with noise_for_tests():
            codes = Record(**self.encoded(batch.images))
            d_loss, g_loss = self.discriminator_loss(codes), self.encoder_loss(codes)
        return self.results({"reconstruction_loss": reconstruction_loss, "d_loss": d_loss, "g_loss": g_loss})

    # -- use ------------------------------------------------------------------------------------------------------

    def predict_labels(self, images, batch_size=500):
        """Returns the most likely class of each image.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images per forward pass.

        Returns:
            int64 NumPy array `(n,)`.

        Raises:
            ValueError: If the images have a wrong shape, type or range.
        """
        return np.argmax(self.encode(images, batch_size=batch_size)[1], axis=-1)
