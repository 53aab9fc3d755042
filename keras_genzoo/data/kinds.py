"""Kinds of training data: for each, in one place, how a batch is loaded, checked and unpacked.

A model names its kind in `data_kind`. The kind turns what `fit` receives into a record, whose fields the losses read.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_genzoo.data.epochs import first_batch
from keras_genzoo.utils import pixels
from keras_genzoo.utils.record import Record


class Images:
    """Batches of images; anything that follows them is ignored. Records have the field `images`."""

    has_labels = False
    num_sets = 1  # how many parts of a batch are images
    wanted = "images"

    def unpack(self, model, data):
        """The record of a training batch, images in the range of the networks.

        Args:
            model: The model.
            data: What `fit` hands to `train_step`.
        """
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return Record(images=model.to_network(images))

    def load(self, source, config, **options):
        """The training data of a recipe as a `tf.data.Dataset`.

        Args:
            source: As for `keras_genzoo.data.load`.
            config: The `data` section of the recipe.
            **options: Of the loader, in place of those of the section.
        """
        from keras_genzoo.data import load

        if config.has_second_domain:
            raise ValueError(f"Expected no second domain in the data of this model. Received: {config}")
        return load(source, labels=self.has_labels, **{**config.load_options(), **options})

    # -- checks ---------------------------------------------------------------------------------------------------

    def check(self, model, data):
        """Raises `ValueError` unless `data`, as `fit` takes it, holds batches of this kind."""
        images, beside = (*data, None)[:2] if isinstance(data, tuple) and data else (data, None)
        if isinstance(images, tf.data.Dataset):
            self._check_dataset(model, images)
        elif isinstance(images, (np.ndarray, tf.Tensor)):
            pixels.check_images(images, model.image_shape)
            self.check_beside(model, images, beside)

    def check_beside(self, model, images, beside):
        """Raises `ValueError` unless the second part of the data, next to an array of images, fits this kind."""

    def _check_dataset(self, model, data):
        spec = data.element_spec if isinstance(data.element_spec, tuple) else (data.element_spec,)
        if len(spec) < self.num_sets + self.has_labels:
            raise ValueError(f"Expected batches of {self.wanted}. Received: images alone")
        first = None
        for number in range(self.num_sets):
            if not isinstance(spec[number], tf.TensorSpec) or spec[number].shape.rank is None:
                raise ValueError(
                    "Expected a data set of batches of images, alone or followed by labels or images of a second "
                    f"domain, of a known rank. Received: {data.element_spec}"
                )
            pixels.check_spec(tuple(spec[number].shape), spec[number].dtype.name, model.image_shape)
            if spec[number].dtype != tf.uint8:  # a range can be told from values alone
                first = first_batch(data) if first is None else first
                pixels.check_images(first[number] if isinstance(first, tuple) else first, model.image_shape)
        if self.has_labels:
            model.label_condition.check_spec(spec[1].shape, spec[1].dtype.as_numpy_dtype)
            classes = getattr(data, "classes", None)  # of a dataset of `keras_genzoo.data.load`
            if classes is not None and classes.declared:
                classes.check(model.label_condition.num_classes, model.label_condition.class_names)


class LabelledImages(Images):
    """Batches of `(images, labels)`, integers in `0..num_classes - 1`. Records have `images` and `labels`."""

    has_labels = True
    wanted = "(images, labels)"

    def unpack(self, model, data):
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        if labels is None:
            raise ValueError(f"Expected batches of {self.wanted}. Received: images alone")
        labels = tf.convert_to_tensor(labels)
        if labels.shape.rank is None:  # traced anew for labels of several ranks
            labels = tf.ensure_shape(labels, (None,))
        model.label_condition.check_spec(labels.shape, labels.dtype.as_numpy_dtype)
        labels = tf.cast(model.label_condition.checked_in_graph(labels), tf.int32)
        # Images wait for the check, too: a label outside ends the step before any weight or statistic has moved.
        with tf.control_dependencies([labels]):
            return Record(images=tf.identity(model.to_network(images)), labels=labels)

    def check_beside(self, model, images, beside):
        if beside is None:
            raise ValueError(f"Expected batches of {self.wanted}. Received: images alone")
        labels = np.asarray(beside)
        model.label_condition.check_spec(labels.shape, labels.dtype)
        model.label_condition.check(labels, len(images))


class ImagePairs(Images):
    """Batches of `(images of domain a, images of domain b)`. Records have the fields `a` and `b`.

    Args:
        paired: Whether a model learns from matched pairs: recipes then always load image i of one domain with image i
            of the other.
    """

    def __init__(self, paired=False):
        self.paired = paired

    num_sets = 2
    wanted = "images of two domains, (a, b)"

    def unpack(self, model, data):
        a, b, _ = keras.utils.unpack_x_y_sample_weight(data)
        if b is None:
            raise ValueError(f"Expected batches of {self.wanted}. Received: images alone")
        return Record(a=model.to_network(a), b=model.to_network(b))

    def load(self, source, config, **options):
        from keras_genzoo.data import load_pairs

        options["paired"] = self.paired or config.paired
        return load_pairs(source, **{**config.pair_options(), **options})

    def check_beside(self, model, images, beside):
        if beside is None:
            raise ValueError(f"Expected {self.wanted}. Received: images alone")
        pixels.check_images(beside, model.image_shape)
        if len(beside) != len(images):
            raise ValueError(
                "Expected as many images of domain b as of domain a; keras_genzoo.data.load_pairs makes a data set "
                f"of sources of unequal size. Received: {len(images)} and {len(beside)}"
            )
