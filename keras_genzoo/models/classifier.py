"""Classifier: a small convolutional network whose features measure generators.

Not a generative model: the zoo's own yardstick. A Frechet distance needs features that know the kind of picture; for
28x28 grey images those of a small classifier, trained on the same data, tell more than those of a network trained on
photographs (Heusel et al., 2017, https://arxiv.org/abs/1706.08500, give the distance; the features are ours).
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from keras_genzoo import images as pixels
from keras_genzoo import sampling
from keras_genzoo.checks import check_at_least, check_flag, check_fraction
from keras_genzoo.layers import BatchNormalization
from keras_genzoo.models._base import ExportFunction, ZooModel


@keras.saving.register_keras_serializable(package="keras_genzoo")
class Classifier(ZooModel):
    """Tells classes of images apart, and gives the activations of its last hidden layer as features.

    Args:
        image_shape: `(height, width, channels)`, sides of 8..256 pixels, 1 or 3 channels.
        num_classes: Number of classes, at least 2. Labels are integers in 0..num_classes - 1.
        base_filters: Filters at full resolution, doubled after each pooling.
        feature_dim: Length of a feature vector, at least 1.
        dropout: Fraction of features dropped in training, in [0, 1).
        max_shift: Training images are shifted at random by up to so many pixels in each direction, at least 0.
        flip: Whether training images are mirrored at random.
        label_smoothing: Probability spread over all classes in the loss, in [0, 1).
        seed: Seed of the random numbers in training steps.
        dtype: Dtype policy.
        name: Name of the Keras model.

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

    optimizer_names = ("optimizer",)
    takes_labels = True
    training_arguments = (*ZooModel.training_arguments, "dropout", "max_shift", "flip", "label_smoothing")

    def __init__(
        self,
        image_shape=(28, 28, 1),
        num_classes=10,
        base_filters=32,
        feature_dim=128,
        dropout=0.3,
        max_shift=0,
        flip=False,
        label_smoothing=0.0,
        seed=None,
        dtype=None,
        name=None,
    ):
        super().__init__(image_shape, seed=seed, dtype=dtype, name=name)
        check_at_least(2, num_classes=num_classes)
        check_at_least(1, base_filters=base_filters, feature_dim=feature_dim)
        check_at_least(0, max_shift=max_shift)
        check_flag(flip=flip)
        check_fraction(dropout=dropout, label_smoothing=label_smoothing)
        self.num_classes = num_classes
        self.base_filters = base_filters
        self.feature_dim = feature_dim
        self.dropout = dropout
        self.max_shift = max_shift
        self.flip = flip
        self.label_smoothing = label_smoothing
        with sampling.seeded_initializers(seed):
            self.network = self.build_network()
        self.trackers = {
            "loss": keras.metrics.Mean(name="loss"),
            "accuracy": keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        }
        self.built = True

    def build_network(self):
        """Functional model from images in [-1, 1] to `features` and `logits`."""
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
        return self.network(self.to_network(images), training=training)["logits"]

    def train_step(self, data):
        images, labels = self.unpack(data)
        images = self.augment(images)
        with self.recording("optimizer") as tape:
            logits = self.network(images, training=True)["logits"]
            loss = self.cross_entropy(labels, logits)
        self.apply_gradients("optimizer", loss, tape)
        return self.scores(loss, labels, logits)

    def test_step(self, data):
        images, labels = self.unpack(data)
        logits = self.network(images, training=False)["logits"]
        return self.scores(self.cross_entropy(labels, logits), labels, logits)

    def scores(self, loss, labels, logits):
        self.trackers["loss"].update_state(loss)
        self.trackers["accuracy"].update_state(labels, logits)
        return {key: tracker.result() for key, tracker in self.trackers.items()}

    def cross_entropy(self, labels, logits):
        targets = ops.one_hot(labels, self.num_classes)
        targets = targets * (1.0 - self.label_smoothing) + self.label_smoothing / self.num_classes
        return ops.mean(keras.losses.categorical_crossentropy(targets, logits, from_logits=True))

    def augment(self, images):
        """Shifts and mirrors a batch in [-1, 1] at random; what comes in at the border is black."""
        batch = ops.shape(images)[0]
        if self.flip:
            mirrored = sampling.step_uniform((batch, 1, 1, 1), self.seed_generator) < 0.5
            images = ops.where(mirrored, ops.flip(images, axis=2), images)
        if self.max_shift:
            span = 2 * self.max_shift + 1
            shift = ops.floor(sampling.step_uniform((batch, 2), self.seed_generator) * span) - self.max_shift
            one, zero = ops.ones((batch, 1)), ops.zeros((batch, 1))
            rows = [one, zero, shift[:, :1], zero, one, shift[:, 1:], zero, zero]
            transform = ops.concatenate(rows, axis=1)
            images = ops.image.affine_transform(images, transform, interpolation="nearest", fill_value=-1.0)
        return images

    def features(self, images, batch_size=500):
        """Activations of the last hidden layer: `(n, height, width, channels)` -> float32 NumPy `(n, feature_dim)`."""
        return self.outputs_of(images, batch_size)["features"]

    def predict_labels(self, images, batch_size=500):
        """Most likely classes: `(n, height, width, channels)` -> int64 NumPy `(n,)`."""
        return np.argmax(self.outputs_of(images, batch_size)["logits"], axis=-1)

    def accuracy(self, images, labels, batch_size=500):
        """Fraction of images whose most likely class is their label, 0..1."""
        self.check_labels(labels)
        return float(np.mean(self.predict_labels(images, batch_size) == np.asarray(labels)))

    def outputs_of(self, images, batch_size):
        """Dict of `features` and `logits` as NumPy arrays; `images` uint8 0..255 or float 0..1."""
        pixels.check_images(images, self.image_shape)
        parts = self.in_batches(
            "outputs", lambda x: self.network(self.to_network(x), training=False), batch_size, images
        )
        if not parts:
            return {"features": np.empty((0, self.feature_dim), "float32"), "logits": np.empty((0, self.num_classes))}
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    def export_functions(self, image_dtype="float32"):
        image = tf.TensorSpec((None, *self.image_shape), image_dtype, name="image")

        def classify(image):
            outputs = self.network(self.to_network(image), training=False)
            return {"features": outputs["features"], "probabilities": ops.softmax(outputs["logits"])}

        return {"serving_default": ExportFunction(classify, {"image": image}, ("features", "probabilities"))}
