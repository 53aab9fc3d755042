"""Classifier: a small convolutional network that provides the features for evaluation metrics.

It is not a generative model: the metrics of the zoo use it. A Frechet distance needs features that suit the images. For
28x28 greyscale images, the features of a small classifier trained on the same data are more informative than the
features of a network trained on photographs. Heusel et al., 2017, https://arxiv.org/abs/1706.08500, define the
distance; the features are specific to this package.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from keras_genzoo import sampling
from keras_genzoo.data.kinds import LabelledImages
from keras_genzoo.families import ZooModel
from keras_genzoo.families.batches import in_batches, joined
from keras_genzoo.families.exporting import ExportFunction, image_input
from keras_genzoo.layers import BatchNormalization
from keras_genzoo.utils import pixels, replicas
from keras_genzoo.utils.arguments import Flag, Fraction, Integer, Names


@keras.saving.register_keras_serializable(package="keras_genzoo")
class Classifier(ZooModel):
    """Classifies images, and returns the activations of its last hidden layer as features.

    Shapes: `network` images in [-1, 1] -> dict of `features` `(batch, feature_dim)` and `logits`
    `(batch, num_classes)`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("classifier", image_shape=(8, 8, 1), base_filters=8)
    >>> images, labels = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(images, labels, epochs=1, verbose=0)
    >>> model.features(images[:4]).shape
    (4, 128)
    """

    num_classes = Integer(10, "Number of classes. Labels are integers in `0..num_classes - 1`.", low=2)
    class_names = Names(None, "Names of the classes in the order of the labels.", training=True)
    base_filters = Integer(32, "Filters at full resolution, doubled after each pooling.")
    feature_dim = Integer(128, "Length of a feature vector.")
    dropout = Fraction(0.3, "Fraction of the features that is dropped in training.", training=True)
    max_shift = Integer(
        0, "Largest random shift of training images in each direction, in pixels.", low=0, training=True
    )
    flip = Flag(False, "Whether to flip training images horizontally at random.", training=True)
    label_smoothing = Fraction(0.0, "Probability that the loss spreads uniformly over all classes.", training=True)

    optimizer_names = ("optimizer",)
    data_kind = LabelledImages()
    web_view = "classifier"

    def make_trackers(self):
        return {
            "loss": keras.metrics.Mean(name="loss"),
            "accuracy": keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        }

    def build_networks(self):
        self.network = self.build_network()

    def build_network(self):
        """Functional model from images in [-1, 1] to a dict of `features` and `logits`."""
        policy = self.dtype_policy
        image = x = keras.Input(self.image_shape, name="image")
        filters = self.base_filters
        while min(x.shape[1:3]) >= 4:
            for _ in range(2):
                x = layers.Conv2D(filters, 3, padding="same", use_bias=False, dtype=policy)(x)
                x = layers.ReLU(dtype=policy)(BatchNormalization(dtype=policy)(x))  # (batch, 28, 28, 32)
            x = layers.MaxPooling2D(2, dtype=policy)(x)  # (batch, 14, 14, 32), (7, 7, 64), (3, 3, 128)
            filters = min(2 * filters, 4 * self.base_filters)
        x = layers.Flatten(dtype=policy)(x)
        features = layers.Dense(self.feature_dim, activation="relu", dtype=policy)(x)  # (batch, feature_dim)
        features = layers.Activation("linear", dtype="float32", name="features")(features)
        kept = layers.Dropout(self.dropout, seed=self.seed, dtype=policy)(features)
        logits = layers.Dense(self.num_classes, dtype="float32", name="logits")(kept)  # (batch, num_classes)
        return keras.Model(image, {"features": features, "logits": logits}, name="network")

    def default_optimizers(self):
        """Adam with learning rate 0.001 for all weights."""
        return {"optimizer": keras.optimizers.Adam(1e-3)}

    def optimized_variables(self):
        return {"optimizer": self.network.trainable_variables}

    def call(self, images, training=False):
        """Images (uint8 0..255 or float 0..1) -> logits `(batch, num_classes)`."""
        return self.network(self.to_network(self.values.in_range(images)), training=training)["logits"]

    def train_step(self, data):
        batch = self.unpack(data)
        images, labels = self.augment(batch.images), batch.labels
        with self.recording("optimizer") as tape:
            logits = self.network(images, training=True)["logits"]
            loss = self.cross_entropy(labels, logits)
        self.apply_gradients("optimizer", loss, tape)
        return self.scores(loss, labels, logits)

    def test_step(self, data):
        batch = self.unpack(data)
        logits = self.network(batch.images, training=False)["logits"]
        return self.scores(self.cross_entropy(batch.labels, logits), batch.labels, logits)

    def scores(self, loss, labels, logits):
        """Updates the means of the epoch with a batch; returns them by name."""
        counted = replicas.held() * ops.ones_like(logits[:, 0])
        self.trackers["accuracy"].update_state(labels, logits, sample_weight=counted)
        return self.results({"loss": loss})

    def cross_entropy(self, labels, logits):
        """Cross-entropy with smoothed labels in nats, averaged over the batch: a scalar."""
        targets = ops.one_hot(labels, self.num_classes, dtype="float32")
        targets = targets * (1.0 - self.label_smoothing) + self.label_smoothing / self.num_classes
        return ops.mean(keras.losses.categorical_crossentropy(targets, logits, from_logits=True))

    def augment(self, images):
        """Flips and shifts a batch in [-1, 1] at random; pixels shifted in from outside the image are black."""
        batch = ops.shape(images)[0]
        if self.flip:
            mirrored = sampling.step_uniform((batch, 1, 1, 1), self.seed_generator) < 0.5
            images = ops.where(mirrored, ops.flip(images, axis=2), images)
        if self.max_shift:
            span = 2 * self.max_shift + 1
            shift = ops.floor(sampling.step_uniform((batch, 2), self.seed_generator) * span) - self.max_shift
            images = _shifted(images, ops.cast(shift, "int32"), self.max_shift)
        return images

    def features(self, images, batch_size=500):
        """Returns the activations of the last hidden layer.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images per forward pass.

        Returns:
            float32 NumPy array `(n, feature_dim)`.

        Raises:
            ValueError: If the images have a wrong shape, type or range.
        """
        return self.outputs_of(images, batch_size)["features"]

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
        return np.argmax(self.outputs_of(images, batch_size)["logits"], axis=-1)

    def accuracy(self, images, labels, batch_size=500):
        """Returns the fraction of images whose most likely class equals their label.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            labels: Integers in `0..num_classes - 1` or names of classes, `(n,)`.
            batch_size: Images per forward pass.

        Returns:
            Float in [0, 1].

        Raises:
            ValueError: If the images or labels have a wrong shape, type or range.
        """
        pixels.check_images(images, self.image_shape)
        if not len(images):
            raise ValueError("Expected at least one image. Received: none")
        labels = self.label_condition.check(labels, len(images))
        return float(np.mean(self.predict_labels(images, batch_size) == labels))

    def outputs_of(self, images, batch_size):
        """Dict of `features` and `logits` as NumPy arrays, for images uint8 0..255 or float 0..1."""
        pixels.check_images(images, self.image_shape)
        function = lambda x: self.network(self.to_network(x), training=False)  # noqa: E731
        parts = in_batches(self, "outputs", function, batch_size, images)
        sizes = {"features": (self.feature_dim,), "logits": (self.num_classes,)}
        return {key: joined([part[key] for part in parts], size) for key, size in sizes.items()}

    def export_functions(self, image_dtype="float32"):
        def classify(image):
            outputs = self.network(self.to_network(image), training=False)
            return {"features": outputs["features"], "probabilities": ops.softmax(outputs["logits"])}

        inputs = image_input(self, image_dtype)
        return {"serving_default": ExportFunction(classify, inputs, ("features", "probabilities"))}


def _shifted(images, shift, largest):
    """Images moved left and up by the columns and rows of `shift` `(batch, 2)`, at most `largest`, black behind them.

    An affine transformation would do it too, but XLA does not compile its kernel.
    """
    height, width = images.shape[1:3]
    wider = width + 2 * largest
    padded = ops.pad(images, ((0, 0), (largest, largest), (largest, largest), (0, 0)), constant_values=-1.0)
    rows = tf.range(height)[None, :, None] + shift[:, 1, None, None] + largest  # (batch, height, 1)
    columns = tf.range(width)[None, None, :] + shift[:, 0, None, None] + largest  # (batch, 1, width)
    flat = ops.reshape(padded, (-1, (height + 2 * largest) * wider, images.shape[3]))
    return tf.gather(flat, rows * wider + columns, batch_dims=1)
