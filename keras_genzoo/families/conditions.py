"""Conditions of generation, declared by the model.

A condition has a name, which is a keyword of `generate`; a kind, a class or real numbers; and a rule for the value of
image i when none is given. `generate`, the command line, sample grids, exports and the web page read this declaration.
"""

import abc
import warnings
import zlib

import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo import sampling
from keras_genzoo.data.checks import UNLABELLED
from keras_genzoo.families.allowed import Allowed
from keras_genzoo.utils.arrays import as_array, check_dense
from keras_genzoo.utils.graph_checks import check_in_graph
from keras_genzoo.utils.text import nearest

# Conditions that are drawn do so from streams of their own, so that codes stay the same.
_FIRST_STREAM = 2**20


class Condition(abc.ABC):
    """A condition of a model.

    Attributes:
        name: Keyword of `generate` and field of a batch, in the plural: `"labels"`.
        input: Name of the input in networks and exported signatures, in the singular: `"label"`.
        in_turn: Whether image i takes value `i % n` by default; otherwise its value is drawn from `(seed, i)`.
        stream: Stream of the random numbers of the condition, from its name: conditions are drawn independently.
    """

    def __init__(self, name, in_turn):
        if not name.endswith("s"):
            raise ValueError(f"Expected the name of a condition in the plural, such as 'labels'. Received: {name!r}")
        self.name, self.in_turn, self.stream = name, in_turn, _FIRST_STREAM + zlib.crc32(name.encode())

    @property
    def input(self):
        return self.name.removesuffix("s")

    @abc.abstractmethod
    def check(self, values, num):
        """Values for `num` images as an array; raises `ValueError` on values that do not fit."""

    @abc.abstractmethod
    def default(self, seed, start, num):
        """Default values of images `start` to `start + num - 1`, a tensor. Usable inside a graph."""

    @abc.abstractmethod
    def draw(self, num, seed):
        """Values for a training step: a tensor. `seed` is a pair of integers for stateless functions."""

    @property
    @abc.abstractmethod
    def spec(self):
        """`tf.TensorSpec` of the input of exported signatures."""

    @property
    @abc.abstractmethod
    def range(self):
        """The values that are allowed, as a text."""

    @property
    @abc.abstractmethod
    def bounds(self):
        """Least and greatest value that is allowed."""

    @property
    def allowed(self):
        """The values that are allowed, for a graph."""
        return Allowed(*self.bounds, self.range, f"{self.name} in {self.range}")

    def checked_tensor(self, values):
        """Values as a tensor, checked like arrays; inside a graph, its use fails if one of them is out of range."""
        values = tf.convert_to_tensor(values)
        if self.spec.dtype.is_integer and not values.dtype.is_integer:
            raise ValueError(f"Expected integer {self.name} in {self.range}. Received: dtype {values.dtype.name}")
        shape, rank = ("n", *self.spec.shape[1:]), self.spec.shape.rank
        sentence = f"Expected {self.name} of shape ({', '.join(map(str, shape))}{',' * (rank == 1)}). Received: "
        if values.shape.rank not in (None, rank):  # broadcasting would mix up the images of a batch
            raise ValueError(f"{sentence}shape {tuple(values.shape)}")
        if values.shape.rank is None:  # of a function that was traced for labels of another shape before
            values = check_in_graph(values, tf.equal(tf.rank(values), rank), f"{sentence}another shape")
            values.set_shape([None] * rank)
        return self.checked_in_graph(tf.cast(values, self.spec.dtype))[0]

    def checked_in_graph(self, values, beside=()):
        """Tensors whose use fails with one sentence if a value of this condition is out of range.

        Args:
            values: Tensor of values of this condition.
            beside: Structure of tensors that wait for the check, too, such as the images of the values.

        Returns:
            Tuple `(values, beside)`: see `keras_genzoo.utils.graph_checks`.
        """
        sentence = f"Expected {self.name} in {self.range}. Received: a {self.input} outside"
        return check_in_graph((values, beside), self.allowed.inside(values), sentence)


class ClassCondition(Condition):
    """One of `num_classes` classes, an integer for each image.

    Args:
        name: Keyword of `generate`, for example `"labels"`.
        num_classes: Number of classes, at least 2.
        class_names: Their names, accepted instead of numbers; `None` for no names.
        in_turn: See `Condition`.
    """

    def __init__(self, name, num_classes, class_names=None, in_turn=True):
        super().__init__(name, in_turn)
        self.num_classes = num_classes
        self.class_names = None if class_names is None else tuple(class_names)

    @property
    def spec(self):
        return tf.TensorSpec((None,), tf.int32, name=self.input)

    def number(self, value):
        """The number of a class, given by number or by name."""
        if not isinstance(value, str):
            return value
        names = self.class_names or ()
        if value in names:
            return names.index(value)
        if value.isdecimal():
            number = int(value)
            if number in self._named_by_numbers:
                return self._named_by_numbers[number]
            if not names or len(self._named_by_numbers) < len(names):
                return number
            raise ValueError(f"Expected {self.name} by name, one of {', '.join(names)}. Received: {value!r}")
        hint = f"; {nearest(value, names)}" if names else " (this model knows its classes by number alone)."
        raise ValueError(f"Expected {self.name} in {self.range}{hint} Received: {value!r}")

    @property
    def _named_by_numbers(self):
        """Dict of the classes whose names are numbers, by these: folders 1, 2, 3 are the classes 0, 1, 2."""
        return {int(name): number for number, name in enumerate(self.class_names or ()) if name.isdecimal()}

    @property
    def range(self):
        return f"0..{self.num_classes - 1}"

    @property
    def bounds(self):
        return 0, self.num_classes - 1

    def check(self, values, num=None):
        check_dense(values, self.name)
        one = isinstance(values, str) or np.ndim(values) == 0
        by_hand = values if isinstance(values, (list, tuple)) else [values] if one else []  # not an array of a data set
        numbers = [each for each in by_hand if isinstance(each, (int, np.integer))]
        if isinstance(values, str):
            values = self.number(values)
        elif not one and any(isinstance(value, str) for value in np.ravel(np.asarray(values, object))):
            values = [self.number(value) for value in values]
        values = as_array(values, self.name)
        values = np.full(num, values) if one and num is not None else values
        self.check_spec(values.shape, values.dtype)
        low, high = self.bounds
        wrong = values[(values < low) | (values > high)]
        if wrong.size:
            raise ValueError(
                f"Expected {self.name} in {self.range}. Received: {wrong.size} outside, such as {wrong.flat[0]}"
            )
        if num is not None and len(values) != num:
            raise ValueError(f"Expected {num} {self.name}, one per image. Received: {len(values)}")
        self._warn_of_names(numbers)
        return values.astype("int32")

    def _warn_of_names(self, numbers):
        """Warns of the first of some numbers that is also the name of another class."""
        named = self._named_by_numbers
        for number in numbers:
            if named.get(number, number) != number:
                name = self.class_names[number]
                warnings.warn(f"{self.name}={number} is the class {name!r}; names are given as text", stacklevel=5)
                return

    def check_spec(self, shape, dtype):
        """Raises `ValueError` unless a tensor of this shape and dtype can hold classes."""
        if not np.issubdtype(dtype, np.integer) or len(shape) != 1:
            raise ValueError(
                f"Expected integer {self.name} in {self.range} of shape (n,). "
                f"Received: dtype {np.dtype(dtype).name}, shape {tuple(shape)}"
            )

    def default(self, seed, start, num):
        if self.in_turn:
            return tf.cast((start + tf.range(tf.cast(num, tf.int64))) % self.num_classes, tf.int32)
        uniform = sampling.uniform_rows(seed, start, num, 1, self.stream)[:, 0]
        return tf.cast(uniform * self.num_classes, tf.int32)

    def draw(self, num, seed):
        return tf.random.stateless_uniform((num,), seed, 0, self.num_classes, tf.int32)

    def partial(self):
        """The same classes for images of which some have none."""
        return PartialClassCondition(self.name, self.num_classes, self.class_names, self.in_turn)


class PartialClassCondition(ClassCondition):
    """As `ClassCondition`, with -1 in place of a class for an image that has none."""

    @property
    def range(self):
        return f"{super().range} or {UNLABELLED} (no label)"

    @property
    def bounds(self):
        return UNLABELLED, self.num_classes - 1

    def number(self, value):
        return UNLABELLED if value == str(UNLABELLED) else super().number(value)


class RealCondition(Condition):
    """Real numbers in a range, `dim` for each image.

    Args:
        name: Keyword of `generate`, for example `"codes"`.
        dim: Numbers per image, at least 1.
        low: Least value.
        high: Greatest value.
    """

    def __init__(self, name, dim=1, low=-1.0, high=1.0):
        super().__init__(name, in_turn=False)
        self.dim, self.low, self.high = dim, low, high

    @property
    def spec(self):
        return tf.TensorSpec((None, self.dim), tf.float32, name=self.input)

    @property
    def range(self):
        return f"[{self.low:g}, {self.high:g}]"

    @property
    def bounds(self):
        return self.low, self.high

    def check(self, values, num=None):
        values = as_array(values, self.name)
        if values.dtype.kind not in "fiu":
            raise ValueError(f"Expected {self.name} as numbers in {self.range}. Received: {values.dtype}")
        values = values.astype("float32")
        if values.ndim < 2 and num is not None:  # one number or one row for all images
            values = np.broadcast_to(values, (num, self.dim)) if values.size in (1, self.dim) else values
        if values.shape[1:] != (self.dim,) or (num is not None and len(values) != num):
            wanted = f"({'n' if num is None else num}, {self.dim})"
            raise ValueError(f"Expected {self.name} of shape {wanted}. Received: shape {values.shape}")
        if not ((values >= self.low) & (values <= self.high)).all():
            raise ValueError(
                f"Expected {self.name} in {self.range}. Received: values from {values.min():g} to {values.max():g}"
            )
        return values

    def default(self, seed, start, num):
        uniform = sampling.uniform_rows(seed, start, num, self.dim, self.stream)
        return self.low + (self.high - self.low) * uniform

    def draw(self, num, seed):
        return tf.random.stateless_uniform(ops.stack([num, self.dim]), seed, self.low, self.high)
