"""Kinds of training data: for each, in one place, how it is loaded, checked and unpacked.

A model names its kind in `data_kind`. The kind turns what `fit` receives into a record, whose fields the losses read.
What the arrays of a call hold is checked before the first step; what comes in batches is checked inside the graph.
"""

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from keras_genzoo.data.batch_forms import as_tuples, is_array_like, is_container
from keras_genzoo.utils.arrays import check_dense
from keras_genzoo.utils.graph_checks import check_in_graph
from keras_genzoo.utils.record import Record


class Images:
    """Batches of images; labels that follow them in a data set are ignored. Records have the field `images`."""

    has_labels = False
    partly_labelled = False  # whether an image may have the label -1, for none
    num_sets = 1  # how many parts of a batch are images
    wanted = "images"

    def load(self, source, config, **options):
        """The training data of a recipe as a `tf.data.Dataset`.

        Args:
            source: As for `keras_genzoo.data.load`.
            config: The `data` section of the recipe.
            **options: Of the loader, in place of those of the section.
        """
        from keras_genzoo.data import load

        if config.has_second_domain:
            given = ", ".join(f"data.{key}={value!r}" for key, value in config.second_domain.items())
            raise ValueError(f"Expected no second domain in the data of this model. Received: {given}")
        self._check_labelling(config)
        labels = "partial" if self.partly_labelled else self.has_labels
        return load(source, labels=labels, **{**config.load_options(), **options})

    def _check_labelling(self, config):
        takes = "needs the labels of all images" if self.has_labels else "takes no labels"
        for name, default in (("num_labelled", None), ("repeat_labelled", 1)):
            given = getattr(config, name)
            if given != default and not self.partly_labelled:
                raise ValueError(f"Expected no data.{name}: the model {takes}. Received: data.{name}={given}")

    # -- inside the graph -----------------------------------------------------------------------------------------

    def unpack(self, model, data):
        """The record of a training batch, images in the range of the networks.

        Args:
            model: The model.
            data: What Keras hands to `train_step`.
        """
        images, second = self._parts(data)
        self._check_second_spec(model, None if second is None else (tf.TensorShape(second.shape), second.dtype))
        return Record(images=model.checked_images(images))

    def _parts(self, data):
        """Images, and what follows them, of a batch."""
        images, second, weights = keras.utils.unpack_x_y_sample_weight(data)
        if weights is not None:
            raise ValueError(f"Expected batches of {self.wanted}. Received: sample weights, which have no effect here")
        for part in (images, second):
            if isinstance(part, (list, tuple, dict)):
                raise ValueError(f"Expected batches of {self.wanted}, each one tensor. Received: a {_name(part)}")
        if images is None:
            raise ValueError(f"Expected batches of {self.wanted}. Received: no images")
        if second is None:
            self._check_alone()
        return images, second

    def _check_alone(self):
        """Raises `ValueError` unless images alone are enough."""
        if self.num_sets + self.has_labels > 1:
            raise ValueError(f"Expected batches of {self.wanted}. Received: images alone")

    # -- before the first step ------------------------------------------------------------------------------------

    def prepare(self, model, x, y=None):
        """The data of a call of `fit` or `evaluate`, checked, as Keras takes it.

        Args:
            model: The model.
            x: Images as an array or as a list of images of one size, or a container of batches.
            y: What stands next to an array of images.

        Returns:
            Tuple `(x, y)`: lists as arrays, names of classes as numbers.

        Raises:
            ValueError: If they do not hold data of this kind.
        """
        check_dense(x, "images")
        if isinstance(x, tf.data.Dataset):
            self._check_dataset(model, x)
        elif is_array_like(x):
            x = self._image_array(model, x)
            y = self._prepare_second(model, x, y)
        elif isinstance(x, Iterator):  # generators, too
            x = as_tuples(x, len(model.image_shape))
        elif not is_container(x):
            raise ValueError(
                f"Expected {self._wanted_of(model)}: arrays, a tf.data.Dataset (see keras_genzoo.data.load), a "
                f"keras.utils.PyDataset or a generator of batches. Received: x={x if x is None else _name(x)}"
            )
        return x, y

    def _wanted_of(self, model):
        return self.wanted.replace("images", model.values.noun)

    def _image_array(self, model, images):
        check_dense(images, "images")
        if isinstance(images, (list, tuple)):
            images = self._stacked(model, images)
        elif not isinstance(images, tf.Tensor):
            images = np.asarray(images)
        model.values.check(images)
        if not len(images):
            raise ValueError(f"Expected at least one {model.values.name}. Received: shape {tuple(images.shape)}")
        return images

    def _stacked(self, model, images):
        shapes = [np.shape(image) if is_array_like(image) else None for image in images]
        if len(set(shapes)) != 1 or shapes[0] is None or len(shapes[0]) != len(model.image_shape):
            some = ", ".join(str(shape) for shape in shapes[:3]) + ", ..." * (len(shapes) > 3)
            raise ValueError(
                f"Expected {self._wanted_of(model)}: {model.values.containers}; labels and a second domain are the "
                f"argument y. Received: a {_name(images)} of {len(images)} items of shapes {some}"
            )
        return np.stack([np.asarray(image) for image in images])

    def _prepare_second(self, model, images, second):
        """What stands next to an array of images, checked, as Keras takes it."""
        if second is not None:
            raise ValueError(
                f"Expected images alone: {model.model_name} learns from nothing else. Received: y={_name(second)}"
            )
        return None

    def _check_second_spec(self, model, spec):
        """Raises `ValueError` unless what follows the images in a batch may have this `(shape, dtype)`, or be none."""
        if spec is not None and spec[0].rank is not None and spec[0].rank > 2:
            raise ValueError(
                f"Expected images alone: {model.model_name} learns from no second set of images. "
                f"Received: a second part of shape {tuple(spec[0])}"
            )

    def _check_dataset(self, model, data):
        spec = data.element_spec if isinstance(data.element_spec, tuple) else (data.element_spec,)
        if int(data.cardinality()) == 0:
            raise ValueError(
                "Expected a data set of at least one batch. Received: an empty one (drop_remainder leaves out a last "
                "batch that is not full)"
            )
        if len(spec) > 2:
            raise ValueError(
                f"Expected a data set of batches of {self.wanted}. Received: {len(spec)} parts, of which the third "
                "would be sample weights, which have no effect here"
            )
        for number, part in enumerate(spec):
            if not isinstance(part, tf.TensorSpec) or (number < self.num_sets and part.shape.rank is None):
                raise ValueError(
                    "Expected a data set of batches of images, alone or followed by labels or images of a second "
                    f"domain, of a known rank. Received: {data.element_spec}"
                )
            if number < self.num_sets:
                model.values.check_spec(tuple(part.shape), part.dtype.name)
        if len(spec) == 1:
            self._check_alone()
        self._check_second_spec(model, (spec[1].shape, spec[1].dtype) if len(spec) > 1 else None)
        if self.has_labels:
            classes = getattr(data, "classes", None)  # of a dataset of `keras_genzoo.data.load`
            if classes is not None and classes.declared:
                classes.check(model.label_condition.num_classes, model.label_condition.class_names)


class LabelledImages(Images):
    """Batches of `(images, labels)`, integers in `0..num_classes - 1`. Records have `images` and `labels`."""

    has_labels = True
    wanted = "(images, labels)"

    def condition(self, model):
        """The labels that a batch may have, as a condition."""
        return model.label_condition

    def unpack(self, model, data):
        images, labels = self._parts(data)
        labels = tf.convert_to_tensor(labels)
        if labels.shape.rank is None:  # traced anew for labels of several ranks
            sentence = f"Expected integer labels in {self.condition(model).range} of shape (n,). Received: rank"
            rank = tf.rank(labels)
            labels = tf.ensure_shape(check_in_graph(labels, tf.equal(rank, 1), sentence, rank), (None,))
        self._check_second_spec(model, (labels.shape, labels.dtype))
        images, labels = same_rows(model.checked_images(images), labels, "images", "labels")
        # Images wait for the check, too: a label outside ends the step before any weight or statistic has moved.
        labels, images = self.condition(model).checked_in_graph(labels, images)
        return Record(images=images, labels=tf.cast(labels, tf.int32))

    def _prepare_second(self, model, images, second):
        if second is None:
            self._check_alone()
        return self.condition(model).check(second, len(images))

    def _check_second_spec(self, model, spec):
        shape, dtype = spec
        if shape.rank is not None:
            self.condition(model).check_spec(shape, dtype.as_numpy_dtype)


class PartlyLabelledImages(LabelledImages):
    """Batches of `(images, labels)` as above, in which the label -1 stands for an image without one."""

    partly_labelled = True
    wanted = "(images, labels), with the label -1 for an image without one"

    def condition(self, model):
        return model.label_condition.partial()


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
        a, b = self._parts(data)
        a, b = same_rows(model.checked_images(a), model.checked_images(b), "images of domain a", "of domain b")
        return Record(a=a, b=b)

    def load(self, source, config, **options):
        from keras_genzoo.data import load_pairs

        self._check_labelling(config)
        options["paired"] = self.paired or config.paired
        return load_pairs(source, **{**config.pair_options(), **options})

    def _check_dataset(self, model, data):
        super()._check_dataset(model, data)
        if self.paired and getattr(data, "paired", True) is False:  # of a dataset of `keras_genzoo.data.load_pairs`
            raise ValueError(
                "Expected a data set of load_pairs(..., paired=True): the model learns from pairs whose images belong "
                "together. Received: paired=False"
            )

    def _prepare_second(self, model, images, second):
        if second is None:
            self._check_alone()
        second = self._image_array(model, second)
        if len(second) != len(images):
            raise ValueError(
                "Expected as many images of domain b as of domain a; keras_genzoo.data.load_pairs makes a data set "
                f"of sources of unequal size. Received: {len(images)} and {len(second)}"
            )
        return second

    def _check_second_spec(self, model, spec):
        """Checked as images are."""


def same_rows(first, second, *names):
    """Both parts of a batch, whose use fails with one sentence unless they have equally many rows: no broadcasting."""
    sentence = f"Expected as many {names[0]} as {names[1]} in each batch. Received:"
    known = [part.shape[0] for part in (first, second)]
    if None not in known and known[0] != known[1]:
        raise ValueError(f"{sentence} {known[0]} and {known[1]}")
    sizes = [tf.shape(part)[0] for part in (first, second)]
    return check_in_graph((first, second), sizes[0] == sizes[1], sentence, sizes[0], "and", sizes[1])


def _name(x):
    return type(x).__name__
