"""What models share that make images: repeatable samples, by class where they take labels, and their export."""

import numpy as np
import tensorflow as tf

from keras_genzoo import sampling
from keras_genzoo.checks import check_at_least, check_seed
from keras_genzoo.latent.interpolation import slerp
from keras_genzoo.models._base import ExportFunction, ZooModel
from keras_genzoo.models._png import png_functions


class Generates:
    """Gives a `ZooModel` the method `generate`; the model says in `generate_batch` what one pass makes."""

    def generate_batch(self, seed, start, num, labels):
        """Images `start` to `start + num - 1` of the collection `seed`, as uint8; runs inside a graph.

        Args:
            seed: int64 scalar tensor.
            start: int64 scalar tensor.
            num: int32 scalar tensor.
            labels: int32 tensor `(num,)`, or `None` in a model that takes no labels.

        Returns:
            uint8 tensor `(num, height, width, channels)`.
        """
        raise NotImplementedError

    @property
    def grid_columns(self):
        """Images in a row of a picture of samples: 8, or one of each class of a model that takes 2 to 20 labels."""
        return self.num_classes if self.takes_labels and self.num_classes <= 20 else 8

    def generate(self, num, seed=None, start=0, batch_size=64, labels=None):
        """Makes images.

        Args:
            num: How many, at least 0.
            seed: Integer; image i depends on `(seed, start + i)` and its label alone, so a collection can be made in
                parts. `None` draws a seed.
            start: Index of the first image of the collection, at least 0.
            batch_size: Images in one pass through the network: memory depends on it. The codes do not; pixels may
                differ by one grey level in rare places, because kernels round differently for other batch sizes.
            labels: Models that take labels: one integer for all images, or one an image, `(num,)`. `None` deals the
                classes out in turn: image i of the collection is of class `i % num_classes`.

        Returns:
            uint8 NumPy array `(num, height, width, channels)`.

        Raises:
            ValueError: If `num` or `start` is negative, `batch_size` under 1, `seed` no integer, or a label no class.

        Example:

        >>> import keras_genzoo
        >>> keras_genzoo.build("dcgan", image_shape=(8, 8, 1)).generate(4, seed=0).shape
        (4, 8, 8, 1)
        """
        check_at_least(0, num=num, start=start)
        check_at_least(1, batch_size=batch_size)
        labels = self.check_given_labels(labels, num)
        seed = sampling.fresh_seed() if seed is None else check_seed(seed)
        images = np.empty((num, *self.image_shape), "uint8")
        for first in range(0, num, batch_size):
            part = slice(first, min(first + batch_size, num))
            given = None if labels is None else labels[part]
            images[part] = self.generate_on_device(seed, start + first, part.stop - first, given)
        return images

    def generate_on_device(self, seed, start, num, labels=None):
        """Like `generate`, in one pass: integers or tensors in, a uint8 tensor out. Usable inside a graph."""
        compiled = self.compiled_function("generate", self._generate)
        labels = None if labels is None else tf.cast(labels, tf.int32)
        return compiled(tf.cast(seed, tf.int64), tf.cast(start, tf.int64), tf.cast(num, tf.int32), labels)

    def _generate(self, seed, start, num, labels):
        if self.takes_labels and labels is None:
            labels = tf.cast((start + tf.range(tf.cast(num, tf.int64))) % self.num_classes, tf.int32)
        return self.generate_batch(seed, start, num, labels)

    def check_given_labels(self, labels, num):
        """Labels for `num` images as an int32 array, or `None`; raises `ValueError` on labels that do not fit."""
        if labels is None:
            return None
        if not self.takes_labels:
            raise ValueError(f"Expected no labels: {self.model_name} does not take them. Received: labels={labels!r}")
        labels = np.asarray(labels)
        labels = np.full(num, labels) if labels.ndim == 0 else labels
        self.check_labels(labels, num)
        return labels.astype("int32")

    # -- export ---------------------------------------------------------------------------------------------------

    def generate_functions(self):
        """The signatures `generate...` of an exported model; labels are repeated until each image has one."""

        def images(seed, num, start, label=None):
            if label is not None:
                label = tf.gather(label, tf.range(num) % tf.size(label))
            return self._generate(seed, start, num, label)

        def generate(**inputs):
            return {"image": images(**inputs)}

        inputs = {**scalar_specs(seed=tf.int64, num=tf.int32, start=tf.int64), **self.label_spec()}
        return {
            "generate": ExportFunction(generate, inputs, ("image",), portable=False),
            **png_functions("generate_png", images, inputs),
        }

    def label_spec(self):
        """The input `label` of a signature, where the model takes labels: dict of one `tf.TensorSpec`, or none."""
        return {"label": tf.TensorSpec((None,), tf.int32, name="label")} if self.takes_labels else {}


class LatentModel(ZooModel, Generates):
    """A model with a network from a code `z` of length `latent_dim` to an image: see `ZooModel` for the arguments."""

    @property
    def generator_network(self):
        """The functional network from `z` to pixels in `network_range` that `generate` and export use."""
        raise NotImplementedError

    def latent_sample(self, num, seed, start=0):
        """Codes from the prior: float32 `(num, latent_dim)`; row i depends on `(seed, start + i)` alone."""
        return self.codes_of(sampling.normal_rows(seed, start, num, self.latent_dim))

    def codes_of(self, normal):
        """Codes from the prior, made of draws of a standard normal: the draws themselves, where a model says nothing.

        Args:
            normal: float32 tensor `(n, latent_dim)`.

        Returns:
            float32 tensor `(n, latent_dim)`; row i depends on row i alone.
        """
        return normal

    def image_of(self, z, labels=None, dtype="float32"):
        """Images of codes: `(n, latent_dim)` -> `(n, height, width, channels)`, float32 in [0, 1] or uint8."""
        return self.from_network(self.generator_network(self.with_labels(z, labels), training=False), dtype)

    def generate_batch(self, seed, start, num, labels):
        return self.image_of(self.latent_sample(num, seed, start), labels, "uint8")

    def export_functions(self, image_dtype="float32"):
        """The signatures of an exported model.

        Args:
            image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255; `generate` always gives uint8.

        Returns:
            Dict of `ExportFunction` by signature name, `serving_default` first.
        """

        def decode(z, label=None):
            return {"image": self.image_of(z, label, image_dtype)}

        def interpolate(z, z_end, steps, label=None):
            codes = slerp(z, z_end, even_fractions(steps))  # (n, steps, latent_dim)
            labels = None if label is None else tf.repeat(label, steps)
            images = self.image_of(tf.reshape(codes, (-1, self.latent_dim)), labels, image_dtype)
            return {"image": tf.reshape(images, (-1, steps, *self.image_shape))}

        codes = {key: tf.TensorSpec((None, self.latent_dim), tf.float32, name=key) for key in ("z", "z_end")}
        ends = {**codes, **scalar_specs(steps=tf.int32), **self.label_spec()}
        return {
            "serving_default": ExportFunction(decode, {"z": codes["z"], **self.label_spec()}, ("image",)),
            **self.generate_functions(),
            "interpolate": ExportFunction(interpolate, ends, ("image",), portable=False),
        }


def scalar_specs(**dtypes):
    """Inputs of a signature that are single numbers: dict of `tf.TensorSpec` by name."""
    return {key: tf.TensorSpec((), dtype, name=key) for key, dtype in dtypes.items()}


def even_fractions(steps):
    """`steps` numbers from 0 to 1, both exactly, at equal distances: int32 scalar tensor -> float32 `(steps,)`."""
    steps = at_least(2, steps=steps)
    return tf.cast(tf.range(steps), tf.float32) / tf.cast(steps - 1, tf.float32)


def at_least(low, **scalar):
    """A scalar tensor whose use fails with one sentence if it is lower: `at_least(2, steps=steps)`."""
    ((name, value),) = scalar.items()
    message = f"Expected {name} of at least {low}. Received: {name}="
    with tf.control_dependencies([tf.debugging.Assert(value >= low, [message, value])]):
        return tf.identity(value)
