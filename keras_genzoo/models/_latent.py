"""What models share that make images from a latent code: repeatable samples, and the signatures of an export."""

import numpy as np
import tensorflow as tf

from keras_genzoo import sampling
from keras_genzoo.models._base import ExportFunction, ZooModel, check_at_least, check_seed


class LatentModel(ZooModel):
    """A model with a network from a code `z` of length `latent_dim` to an image: see `ZooModel` for the arguments."""

    @property
    def generator_network(self):
        """The functional network from `z` to pixels in `network_range` that `generate` and export use."""
        raise NotImplementedError

    def latent_sample(self, num, seed, start=0):
        """Codes from the prior: float32 `(num, latent_dim)`; row i depends on `(seed, start + i)` alone."""
        return sampling.normal_rows(seed, start, num, self.latent_dim)

    def generate(self, num, seed=None, start=0, batch_size=64):
        """Makes images.

        Args:
            num: How many, at least 0.
            seed: Integer; image i depends on `(seed, start + i)` alone, so a collection can be made in parts. `None`
                draws a seed.
            start: Index of the first image of the collection, at least 0.
            batch_size: Images in one pass through the network: memory depends on it. The codes do not; pixels may
                differ by one grey level in rare places, because kernels round differently for other batch sizes.

        Returns:
            uint8 NumPy array `(num, height, width, channels)`.

        Raises:
            ValueError: If `num` or `start` is negative, `batch_size` under 1, or `seed` no integer.

        Example:

        >>> import keras_genzoo
        >>> keras_genzoo.build("dcgan", image_shape=(8, 8, 1)).generate(4, seed=0).shape
        (4, 8, 8, 1)
        """
        check_at_least(0, num=num, start=start)
        check_at_least(1, batch_size=batch_size)
        seed = sampling.fresh_seed() if seed is None else check_seed(seed)
        images = np.empty((num, *self.image_shape), "uint8")
        for first in range(0, num, batch_size):
            size = min(batch_size, num - first)
            images[first : first + size] = self.generate_on_device(seed, start + first, size)
        return images

    def generate_on_device(self, seed, start, num):
        """Like `generate`, in one pass: integers or tensors in, a uint8 tensor out. Usable inside a graph."""
        compiled = self.compiled_function("generate", self._generate)
        return compiled(tf.cast(seed, tf.int64), tf.cast(start, tf.int64), tf.cast(num, tf.int32))

    def _generate(self, seed, start, num):
        z = self.latent_sample(num, seed, start)
        return self.from_network(self.generator_network(z, training=False), "uint8")

    def export_functions(self, image_dtype="float32"):
        """The signatures of an exported model.

        Args:
            image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255; `generate` always gives uint8.

        Returns:
            Dict of `ExportFunction` by signature name, `serving_default` first.
        """

        def decode(z):
            return {"image": self.from_network(self.generator_network(z, training=False), image_dtype)}

        def generate(seed, num):
            return {"image": self._generate(seed, tf.constant(0, tf.int64), num)}

        z = tf.TensorSpec((None, self.latent_dim), tf.float32, name="z")
        seed, num = tf.TensorSpec((), tf.int64, name="seed"), tf.TensorSpec((), tf.int32, name="num")
        return {
            "serving_default": ExportFunction(decode, {"z": z}, ("image",)),
            "generate": ExportFunction(generate, {"seed": seed, "num": num}, ("image",)),
        }
