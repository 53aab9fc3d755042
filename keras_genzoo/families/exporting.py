"""Signatures of exported models: their functions, and their inputs, each of which draws its own sample values."""

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_genzoo.families.allowed import at_least, finite, unit_interval
from keras_genzoo.families.class_weights import AllowedWeights, weights_spec

BATCH_SIZE = "batch_size"


class ExportInput(NamedTuple):
    """An input of an exported signature.

    Fields:
        spec: `tf.TensorSpec`, named.
        sample: Function `(num, seed, images)` that returns `num` values as a NumPy array. `images` are uint8 images to
            draw from, or `None`.
        example: Scalars only: value in a timed call, a number, or `BATCH_SIZE` for the number of images in the call.
            `None`: the value that `sample` gives.
        allowed: `keras_genzoo.families.allowed.Allowed`, the values that it may have; `None`: any. An exported file
            refuses others, or gives a blank result where its runtime cannot refuse.
    """

    spec: Any
    sample: Callable
    example: Any = None
    allowed: Any = None


class ExportFunction(NamedTuple):
    """One signature of an exported model.

    Fields:
        function: Callable; takes the inputs by name, returns a dict of the outputs.
        inputs: Dict of `ExportInput` by name.
        outputs: Tuple of the outputs' names.
        portable: Whether every runtime supports its operations. Only TensorFlow supports random numbers, image files
            and scalar inputs in the graph.
    """

    function: Callable
    inputs: dict
    outputs: tuple
    portable: bool = True

    def compute(self, inputs):
        """The outputs for given inputs, both dicts of NumPy arrays by name."""
        tensors = {name: tf.constant(value, self.inputs[name].spec.dtype) for name, value in inputs.items()}
        return {name: np.asarray(value) for name, value in self.function(**tensors).items()}


def sample_inputs(function, num, seed=0, images=None):
    """Sample values for all inputs of an `ExportFunction`: dict of NumPy arrays by name, with the inputs' dtypes.

    Args:
        function: The `ExportFunction`.
        num: Number of samples, at least 1.
        seed: Seed of the draw.
        images: uint8 images from which image inputs are drawn; they repeat if there are fewer than `num`. `None`:
            generated images, or noise for a model without `generate`.
    """
    return {
        name: np.asarray(each.sample(num, seed, images), dtype=each.spec.dtype.as_numpy_dtype)
        for name, each in function.inputs.items()
    }


def scalar_examples(function):
    """Values of the scalar inputs of an `ExportFunction` in a timed call: dict by name, see `ExportInput.example`."""
    return {
        name: int(each.sample(1, 0, None)) if each.example is None else each.example
        for name, each in function.inputs.items()
        if each.spec.shape.rank == 0
    }


# -- inputs -----------------------------------------------------------------------------------------------------------


def code_input(model, name="z"):
    """Latent codes `(n, latent_dim)` from the model's prior; samples of `z` and of other names differ."""

    def sample(num, seed, images):
        return model.latent_sample(num, seed, start=0 if name == "z" else num)

    spec = tf.TensorSpec((None, model.latent_dim), tf.float32, name=name)
    return {name: ExportInput(spec, sample, allowed=finite(name))}


def image_input(model, dtype):
    """Images `(n, height, width, channels)`, float32 in [0, 1] or uint8, or points `(n, coordinates)`."""
    name = model.values.name

    def sample(num, seed, images):
        values = model_images(model, num, seed) if images is None else drawn(images, num, seed)
        return model.values.exported(values, dtype)

    spec = tf.TensorSpec((None, *model.image_shape), dtype, name=name)
    return {name: ExportInput(spec, sample, allowed=model.values.allowed(name, dtype))}


def file_input(model, name="png"):
    """Image files, strings `(n,)`. Samples have two sizes, because files need not have the model's size."""

    def sample(num, seed, images):
        values = model_images(model, num, seed)
        return np.array([png(image, enlarge=1 + index % 2) for index, image in enumerate(values)], object)

    return {name: ExportInput(tf.TensorSpec((None,), tf.string, name=name), sample)}


def condition_inputs(model, conditions=None):
    """An input for each condition, those of the model where none are given; samples follow the rule of the condition.

    Returns:
        Dict of `ExportInput` by `Condition.input`.
    """

    def input_of(condition):
        def sample(num, seed, images):
            return condition.default(tf.constant(seed, tf.int64), tf.constant(0, tf.int64), tf.constant(num))

        return ExportInput(condition.spec, sample, allowed=condition.allowed)

    return {each.input: input_of(each) for each in (model.conditions if conditions is None else conditions)}


def mixture_inputs(model):
    """`condition_inputs` with weights `(n, num_classes)` in place of each class, named `label_weights` and so on.

    Samples are classes by the rule of the condition, every other one mixed with the next class.
    """

    def input_of(name, classes, condition):
        def sample(num, seed, images):
            first = classes.sample(num, seed, images)
            rows = np.eye(condition.num_classes, dtype="float32")[first]
            part = np.random.default_rng([seed, *name.encode()]).random((num, 1), dtype="float32")
            part[::2] = 0.0
            return (1.0 - part) * rows + part * np.roll(rows, 1, axis=1)

        return ExportInput(weights_spec(condition), sample, allowed=AllowedWeights.named(name))

    inputs = {}
    for condition, (name, each) in zip(model.conditions, condition_inputs(model).items(), strict=True):
        if hasattr(condition, "num_classes"):
            name = weights_spec(condition).name
            each = input_of(name, each, condition)
        inputs[name] = each
    return inputs


def uniform_input(name, shape):
    """Uniform noise on [0, 1), float32 `(n, *shape)`; 1 is allowed, too."""

    def sample(num, seed, images):
        return np.random.default_rng([seed, *name.encode()]).random((num, *shape), dtype="float32")

    return {
        name: ExportInput(tf.TensorSpec((None, *shape), tf.float32, name=name), sample, allowed=unit_interval(name))
    }


def normal_input(name, dim):
    """Standard normal noise, float32 `(n, dim)`."""

    def sample(num, seed, images):
        return np.random.default_rng([seed, *name.encode()]).standard_normal((num, dim), dtype="float32")

    return {name: ExportInput(tf.TensorSpec((None, dim), tf.float32, name=name), sample, allowed=finite(name))}


class _Scalar(NamedTuple):
    """A scalar input: its dtype, its sample value as a function of `num` and `seed`, and its value in a timed call."""

    dtype: Any
    sample: Callable
    example: Any


_SCALARS = {
    "seed": _Scalar(tf.int64, lambda num, seed: seed, 0),
    "num": _Scalar(tf.int32, lambda num, seed: num, BATCH_SIZE),
    "start": _Scalar(tf.int64, lambda num, seed: 2, 0),
    "steps": _Scalar(tf.int32, lambda num, seed: 3, 8),
}


def scalar_inputs(*names):
    """Scalar inputs, named `seed`, `num`, `start` or `steps`."""

    def input_of(name):
        scalar = _SCALARS[name]

        def sample(num, seed, images):
            return scalar.sample(num, seed)

        return ExportInput(tf.TensorSpec((), scalar.dtype, name=name), sample, scalar.example)

    return {name: input_of(name) for name in names}


def by_plural(model, inputs):
    """Values of conditions by `Condition.name`, given by `Condition.input`: `{"label": x}` -> `{"labels": x}`.

    Weights of classes, `{"label_weights": x}`, stand in their place.
    """
    by_input = {c.input: c.name for c in model.conditions}
    by_input |= {weights_spec(c).name: c.name for c in model.conditions if hasattr(c, "num_classes")}
    return {by_input[name]: values for name, values in inputs.items() if name in by_input and values is not None}


def model_images(model, num, seed):
    """uint8 images generated by the model; uniform noise if the model has no `generate`."""
    if hasattr(model, "generate"):
        return model.generate(num, seed=seed)
    return model.values.noise(num, np.random.default_rng(seed))


def drawn(images, num, seed):
    """`num` of the images in a random order; they repeat if there are fewer."""
    order = np.random.default_rng(seed).permutation(len(images))
    return images[np.resize(order, num)]


def png(image, enlarge=1):
    """Bytes of a PNG file of an image, with sides `enlarge` times as long."""
    pixels = image.repeat(enlarge, axis=0).repeat(enlarge, axis=1)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if image.shape[2] == 1 else pixels).save(file, "PNG")
    return file.getvalue()


# -- values inside a graph ---------------------------------------------------------------------------------------------


def even_fractions(steps):
    """`steps` evenly spaced numbers from 0 to 1, ends included: int32 scalar tensor -> float32 `(steps,)`."""
    steps = at_least(2, steps=steps)
    return tf.cast(tf.range(steps), tf.float32) / tf.cast(steps - 1, tf.float32)
