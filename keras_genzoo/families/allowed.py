"""Values that may enter a graph: what is outside is refused with one sentence, or, where a runtime cannot, found."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_genzoo.utils.graph_checks import refusal

LARGEST = float(np.finfo("float32").max)


class Allowed(NamedTuple):
    """The values that an input of a graph may have.

    Fields:
        low: Least value.
        high: Greatest value.
        text: The values as a text, for reports: `"0..9"`.
        wanted: The values as in an error message: `"labels in 0..9"`.

    Example:

    >>> import tensorflow as tf
    >>> labels = Allowed(0, 9, "0..9", "labels in 0..9")
    >>> labels.inside(tf.constant([0, 9, 10])).numpy().tolist()
    [True, True, False]
    """

    low: Any
    high: Any
    text: str
    wanted: str

    def inside(self, values):
        """Elementwise whether values are allowed, a boolean tensor; NaN is not."""
        if values.dtype.is_floating:  # one comparison takes less time than two; OpenVINO takes NaN >= 0 for true
            return (values - self.low) * (values - self.high) <= 0.0
        values = tf.cast(values, tf.int64)  # not in their own type, where 299 may be another number
        return (values >= self.low) & (values <= self.high)

    def all_inside(self, values):
        """Whether all values are allowed, a boolean scalar tensor."""
        return tf.reduce_all(self.inside(tf.reshape(values, [-1])))  # runtimes reduce one axis faster than four

    def checked(self, values, found="values outside, such as"):
        """The tensor, whose use fails with one sentence that has a wrong value, unless all values are allowed."""
        inside = tf.reshape(self.inside(values), [-1])
        valid = tf.reduce_all(inside)

        def first_outside():
            return tf.reshape(values, [-1])[tf.argmin(tf.cast(inside, tf.int32))]

        wrong = tf.cond(valid, lambda: tf.zeros([], values.dtype), first_outside)  # only a failing call pays for it
        with refusal(valid, f"Expected {self.wanted}. Received: {found}", wrong):
            return tf.identity(values)

    def replaced(self, values):
        """The tensor with values outside replaced by the least one that is allowed."""
        # Not clipped: LiteRT's converter makes an activation for floats of limits 0 and 6.
        return tf.where(self.inside(values), values, tf.cast(self.low, values.dtype))


def finite(name):
    """Finite numbers, for the input of a name."""
    return Allowed(-LARGEST, LARGEST, "finite numbers", f"finite numbers in {name}")


def unit_interval(name):
    """Numbers in 0..1, for the input of a name."""
    return Allowed(0.0, 1.0, "0..1", f"{name} with values in 0..1")


def at_least(low, **scalar):
    """The scalar tensor, whose use fails with one sentence unless it is at least `low`: `at_least(2, steps=steps)`."""
    ((name, value),) = scalar.items()
    with refusal(value >= low, f"Expected {name} of at least {low}. Received: {name}=", value):
        return tf.identity(value)


def checked_shape(name, values):
    """The tensor, whose use fails with one sentence if its rows have another size than its static shape says.

    TensorFlow does not compare them when it calls a signature, and a network fails with a message of its own.
    """
    sides = values.shape[1:]
    if not sides.rank or not sides.is_fully_defined():
        return values
    shape = tf.shape(values)
    # Sizes, because a single side would be taken from the static shape when a graph is optimized.
    wanted = f"Expected {name} of shape (n, {', '.join(map(str, sides))}). Received: shape"
    with refusal(tf.size(values) == shape[0] * sides.num_elements(), wanted, shape):
        return tf.identity(values)


def same_lengths(tensors):
    """Whether all tensors of a dict have as many rows as the first: a boolean scalar tensor."""
    first, *others = (tf.shape(tensor)[0] for tensor in tensors.values())
    return tf.reduce_all(tf.stack([tf.constant(True), *(other == first for other in others)]))


def checked_rows(tensors):
    """The dict of tensors, whose use fails with one sentence unless all have equally many rows, at least one.

    An operation of a network may fail without rows, with a message of its own.
    """
    names, lengths = ", ".join(tensors), [tf.shape(tensor)[0] for tensor in tensors.values()]
    with (
        refusal(lengths[0] >= 1, f"Expected at least one row in {names}. Received:", *lengths),
        refusal(same_lengths(tensors), f"Expected equally many rows in {names}. Received:", *lengths),
    ):
        return {name: tf.identity(tensor) for name, tensor in tensors.items()}
