"""What goes into every model: batches of images, with labels or a second domain beside them, checked at the edge."""

import contextlib
import re

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo import images as pixels


class ImageModel(keras.Model):
    """A Keras model that trains on images: uint8 0..255 or float 0..1 outside, `network_range` inside.

    Class attributes, filled by families and models:
        network_range: The range that the networks take and give.
        takes_labels: Whether a batch is `(images, labels)`; such a model has an argument `num_classes`.
        takes_pairs: Whether a batch is `(images of domain a, images of domain b)`.
    """

    network_range = (-1.0, 1.0)
    takes_labels = False
    takes_pairs = False

    # -- pixels ---------------------------------------------------------------------------------------------------

    def to_network(self, images):
        """Images as the networks take them: uint8 0..255 or float 0..1 -> float32 in `network_range`."""
        images = ops.convert_to_tensor(images)
        pixels.check_spec(tuple(images.shape), images.dtype.name, self.image_shape)
        low, high = self.network_range
        scale = 1.0 / 255.0 if images.dtype.name == "uint8" else 1.0
        return ops.cast(images, "float32") * (scale * (high - low)) + low

    def from_network(self, images, dtype="float32"):
        """Pixels in `network_range` as float32 in [0, 1], or rounded as uint8."""
        low, high = self.network_range
        images = ops.clip((ops.cast(images, "float32") - low) / (high - low), 0.0, 1.0)
        return ops.cast(ops.round(images * 255.0), "uint8") if dtype == "uint8" else images

    # -- batches --------------------------------------------------------------------------------------------------

    def with_labels(self, inputs, labels):
        """What a network takes: `inputs` alone, or `[inputs, labels]` in a model that takes labels."""
        return [ops.convert_to_tensor(inputs), ops.cast(labels, "int32")] if self.takes_labels else inputs

    def without_labels(self, sample):
        """The reverse: `(inputs, labels)`, of which the second is `None` in a model that takes no labels."""
        if not self.takes_labels:
            return sample, None
        if not isinstance(sample, (list, tuple)) or len(sample) != 2:
            raise ValueError(
                f"Expected [inputs, labels]: {self.model_name} takes labels. Received: {type(sample).__name__}"
            )
        return tuple(sample)

    def unpack(self, data):
        """The parts of a training batch.

        Args:
            data: What `fit` hands to `train_step`.

        Returns:
            Tuple of two: the images in `network_range`, and the labels, the second domain's images in `network_range`,
            or `None`, by what the model takes. What stands beside the images of a model that takes neither is left
            alone.
        """
        images, beside, _ = keras.utils.unpack_x_y_sample_weight(data)
        if self.takes_pairs:
            return self.to_network(images), self.to_network(beside)
        if not self.takes_labels:
            return self.to_network(images), None
        labels = tf.convert_to_tensor(beside)
        if labels.shape.rank is None:  # traced anew for labels of several ranks
            labels = tf.ensure_shape(labels, (None,))
        self._check_label_spec(labels.shape, labels.dtype.as_numpy_dtype)
        labels = self.checked_in_graph(labels)
        # Images wait for the check, too: a label outside ends the step before any weight or statistic has moved.
        with tf.control_dependencies([labels]):
            return tf.identity(self.to_network(images)), labels

    def checked_in_graph(self, labels):
        """A tensor of labels whose use fails with one sentence if one of them is no class of the model."""
        message = f"Expected labels in 0..{self.num_classes - 1}. Received: a label outside"
        inside = tf.reduce_all((labels >= 0) & (labels < self.num_classes))
        with tf.control_dependencies([tf.debugging.Assert(inside, [message])]):
            return tf.identity(labels)

    def fit(self, x=None, y=None, *args, **kwargs):
        """Trains the model; see `keras.Model.fit`. The data is checked first.

        Args:
            x: Images (uint8 0..255 or float 0..1), or a `tf.data.Dataset` of batches.
            y: Labels in 0..num_classes - 1, or the second domain's images, where the model takes them.
            *args: As in `keras.Model.fit`.
            **kwargs: As in `keras.Model.fit`.

        Raises:
            ValueError: On images or labels of a wrong rank, shape, type or range; nothing has been trained then.
        """
        for data in (x if y is None else (x, y), kwargs.get("validation_data")):
            if data is not None:
                self.check_data(data)
        if isinstance(x, tf.data.Dataset):  # it has an order of its own; Keras would warn that it cannot shuffle it
            kwargs.setdefault("shuffle", False)
        with _sentences_of_the_graph():
            return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """Losses of the model on other data; see `keras.Model.evaluate`. The data is checked first.

        Args:
            x: As in `fit`.
            y: As in `fit`.
            *args: As in `keras.Model.evaluate`.
            **kwargs: As in `keras.Model.evaluate`.

        Raises:
            ValueError: As in `fit`.
        """
        if not kwargs.get("_use_cached_eval_dataset"):  # which is how `fit` calls it, with data that it has checked
            self.check_data(x if y is None else (x, y))
        with _sentences_of_the_graph():
            return super().evaluate(x, y, *args, **kwargs)

    # -- checks ---------------------------------------------------------------------------------------------------

    def check_data(self, data):
        """Raises `ValueError` unless `data`, as `fit` takes it, holds batches for this model."""
        images, beside = (*data, None)[:2] if isinstance(data, tuple) and data else (data, None)
        if isinstance(images, tf.data.Dataset):
            self._check_dataset(images)
        elif isinstance(images, (np.ndarray, tf.Tensor)):
            pixels.check_images(images, self.image_shape)
            self._check_beside(images, beside)

    def _check_beside(self, images, beside):
        if self.takes_labels:
            if beside is None:
                raise ValueError("Expected batches of (images, labels). Received: images alone")
            self.check_labels(beside, len(images))
        if self.takes_pairs:
            if beside is None:
                raise ValueError("Expected images of two domains, (a, b). Received: images alone")
            pixels.check_images(beside, self.image_shape)
            if len(beside) != len(images):
                raise ValueError(
                    "Expected as many images of domain b as of domain a; keras_genzoo.data.load_pairs makes a data set "
                    f"of sources of unequal size. Received: {len(images)} and {len(beside)}"
                )

    def _check_dataset(self, data):
        spec = data.element_spec if isinstance(data.element_spec, tuple) else (data.element_spec,)
        numbers = (0, 1) if self.takes_pairs else (0,)
        if len(spec) < 1 + (self.takes_labels or self.takes_pairs):
            beside = "(images, labels)" if self.takes_labels else "images of two domains, (a, b)"
            raise ValueError(f"Expected batches of {beside}. Received: images alone")
        first = None
        for number in numbers:
            if not isinstance(spec[number], tf.TensorSpec) or spec[number].shape.rank is None:
                raise ValueError(
                    "Expected a data set of batches of images, alone or with labels or a second domain's images beside "
                    f"them, of a known rank. Received: {data.element_spec}"
                )
            pixels.check_spec(tuple(spec[number].shape), spec[number].dtype.name, self.image_shape)
            if spec[number].dtype != tf.uint8:  # a range can be told from values alone
                first = next(iter(data)) if first is None else first
                pixels.check_images(first[number] if isinstance(first, tuple) else first, self.image_shape)
        if self.takes_labels:
            self._check_label_spec(spec[1].shape, spec[1].dtype.as_numpy_dtype)

    def check_labels(self, labels, num=None):
        """Raises `ValueError` unless labels are integers in 0..num_classes - 1, one an image.

        Args:
            labels: Array `(n,)`.
            num: How many there must be; `None` for any number.
        """
        labels = np.asarray(labels)
        self._check_label_spec(labels.shape, labels.dtype)
        wrong = labels[(labels < 0) | (labels >= self.num_classes)]
        if wrong.size:
            raise ValueError(
                f"Expected labels in 0..{self.num_classes - 1}. Received: {wrong.size} outside, such as {wrong.flat[0]}"
            )
        if num is not None and len(labels) != num:
            raise ValueError(f"Expected {num} labels, one an image. Received: {len(labels)}")

    def _check_label_spec(self, shape, dtype):
        if not np.issubdtype(dtype, np.integer) or len(shape) != 1:
            raise ValueError(
                f"Expected integer labels in 0..{self.num_classes - 1} of shape (n,). "
                f"Received: dtype {np.dtype(dtype).name}, shape {tuple(shape)}"
            )


@contextlib.contextmanager
def _sentences_of_the_graph():
    """Turns the error of a check inside the graph into a `ValueError` of its sentence alone."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        sentence = re.search(r"Expected [^\n]*Received: [^\n]*", str(error))
        if sentence is None:
            raise
        raise ValueError(sentence.group().rstrip("]")) from error
