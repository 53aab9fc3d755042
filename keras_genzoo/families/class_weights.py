"""Mixtures of classes in place of one class for each image: weights `(batch, num_classes)`, as halfway from 3 to 8."""

import numpy as np
import tensorflow as tf

from keras_genzoo.families.allowed import Allowed
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.graph_checks import check_in_graph

TOLERANCE = 1e-3  # of the sum, which half precision rounds
_EACH = (0.0, 1.0 + TOLERANCE)
_SUM = (1.0 - TOLERANCE, 1.0 + TOLERANCE)


class AllowedWeights(Allowed):
    """Weights of classes: each at least 0, and 1 together in each row. NaN is not allowed.

    Example:

    >>> weights = AllowedWeights.named("label_weights")
    >>> weights.inside(tf.constant([[0.5, 0.5], [0.5, 0.4], [1.5, -0.5]])).numpy().tolist()
    [True, False, False]
    """

    @classmethod
    def named(cls, name):
        """The rule, for the weights of a name."""
        return cls(*_EACH, "at least 0, 1 together in each row", f"{name} of at least 0, and 1 together in each row")

    @property
    def of_sums(self):
        """The rule for the sums of rows."""
        return Allowed(*_SUM, self.text, self.wanted)

    def inside(self, values):
        """Whether each row is allowed: `(n, num_classes)` -> boolean `(n,)`."""
        sums = tf.reduce_sum(values, axis=-1)
        return tf.reduce_all(super().inside(values), axis=-1) & self.of_sums.inside(sums)

    def all_inside(self, values):
        return tf.reduce_all(self.inside(values))

    def checked(self, values):
        values = Allowed(*self).checked(values)
        sums = tf.reduce_sum(values, axis=-1)
        with tf.control_dependencies([self.of_sums.checked(sums, "values outside, such as a row with the sum")]):
            return tf.identity(values)


def weights_spec(condition):
    """`tf.TensorSpec` of the weights of a class condition in exported signatures: `label_weights`."""
    return tf.TensorSpec((None, condition.num_classes), tf.float32, name=f"{condition.input}_weights")


def checked_for_generation(condition, values, num):
    """Values of any condition for `num` images: as by `check`, and for classes also weights.

    Args:
        condition: The condition.
        values: What `check` takes, or, of a class condition, numbers `(num, num_classes)` of at least 0 that are 1
            together in each row.
        num: Number of images.

    Returns:
        Array of the type of the condition, or float32 for weights.

    Raises:
        ValueError: If the values do not fit.

    Example:

    >>> from keras_genzoo.families import ClassCondition
    >>> checked_for_generation(ClassCondition("labels", 3), [[0.5, 0.0, 0.5]], 1).tolist()
    [[0.5, 0.0, 0.5]]
    """
    if not hasattr(condition, "num_classes") or isinstance(values, str):
        return condition.check(values, num)
    array = as_array(values, condition.name)
    if not _are_weights(condition, array.shape, array.dtype):
        return condition.check(values, num)
    wanted = _wanted(condition, num)
    if array.shape != (num, condition.num_classes):
        raise ValueError(f"{wanted}. Received: {condition.name} of shape {array.shape}")
    array = array.astype("float32")
    rule = AllowedWeights.named(condition.name)
    for allowed, values, what in (
        (Allowed(*rule), array, "a weight of"),
        (rule.of_sums, array.sum(axis=1), "a sum of"),
    ):
        wrong = values[~allowed.inside(tf.constant(values)).numpy()]  # NaN, too
        if wrong.size:
            raise ValueError(f"{wanted}. Received: {what} {wrong[0]:g}")
    return array


def tensor_for_generation(condition, values):
    """The same for a tensor of any number of rows: its use in a graph fails with one sentence if it does not fit."""
    values = tf.convert_to_tensor(values)
    shape = None if values.shape.rank is None else tuple(values.shape)
    if not hasattr(condition, "num_classes") or not _are_weights(condition, shape, values.dtype.as_numpy_dtype):
        return condition.checked_tensor(values)
    wanted = _wanted(condition, "n")
    if values.shape[-1] not in (None, condition.num_classes):
        raise ValueError(f"{wanted}. Received: {condition.name} of shape {tuple(values.shape)}")
    values = tf.cast(values, tf.float32)
    fits = (tf.shape(values)[-1] == condition.num_classes) & AllowedWeights.named(condition.name).all_inside(values)
    values = check_in_graph(values, fits, f"{wanted}. Received: others")
    return tf.ensure_shape(values, [None, condition.num_classes])


def _are_weights(condition, shape, dtype):
    """Whether values are meant as weights: floats with two axes, or one-hot integers."""
    if shape is None or len(shape) != 2:
        return False
    dtype = np.dtype(dtype)
    return "float" in dtype.name or (dtype.kind in "iu" and shape[1] == condition.num_classes)


def _wanted(condition, num):
    shape = f"({num}, {condition.num_classes})"
    return f"Expected {condition.name} as classes, or as weights of shape {shape}, at least 0 each, and 1 in each row"
