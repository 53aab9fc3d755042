"""The family of image translation: an image of one domain in, the same image in another domain out."""

import keras
import numpy as np
import tensorflow as tf

from keras_genzoo import images as pixels
from keras_genzoo.checks import check_choice, check_fraction
from keras_genzoo.models._adversarial import Adversarial
from keras_genzoo.models._base import ExportFunction, ZooModel
from keras_genzoo.models._png import decode_images, png_functions


class Translator(Adversarial, ZooModel):
    """A generator for each direction between two domains, a and b, trained against discriminators.

    A batch is `(images of a, images of b)`: matched pairs in a model that learns from pairs, else two independent
    draws. A model hands its generators to `set_generators` and has a `train_step` of its own.

    Class attributes:
        directions: The directions that a model translates in, the first one being what it does if none is named.

    Args:
        image_shape: `(height, width, channels)` of both domains.
        ema_decay: Decay of the exponential moving average of the generators' weights, in [0, 1); 0 keeps none. With an
            average, `translate`, metrics and export use it.
        seed: Seed of the random numbers in training steps.
        dtype: Dtype policy.
        name: Name of the Keras model.
    """

    training_arguments = (*ZooModel.training_arguments, "ema_decay")
    takes_pairs = True
    directions = ("a_to_b", "b_to_a")

    def __init__(self, image_shape, ema_decay=0.999, seed=None, dtype=None, name=None):
        super().__init__(image_shape, seed=seed, dtype=dtype, name=name)
        check_fraction(ema_decay=ema_decay)
        self.ema_decay = ema_decay

    def set_generators(self, **generators):
        """Takes over the generators that a model's constructor has built, and copies them for the averages.

        Args:
            **generators: By direction: functional models, images in [-1, 1] -> images in [-1, 1]. They become the
                attributes `generator_ab`, `generator_ba`, the averages `ema_generator_ab`, `ema_generator_ba`.
        """
        for direction, generator in generators.items():
            setattr(self, f"generator_{_letters(direction)}", generator)
            average = keras.models.clone_model(generator) if self.ema_decay else None
            setattr(self, f"ema_generator_{_letters(direction)}", average)
        self.start_averages()

    def generator_of(self, direction):
        """The network of a direction that is trained."""
        return getattr(self, f"generator_{_letters(direction)}")

    def translator(self, direction):
        """The network of a direction that `translate` and export use: the average, where one is kept."""
        return getattr(self, f"{'ema_' if self.ema_decay else ''}generator_{_letters(direction)}")

    def averages(self):
        return [(self.translator(each), self.generator_of(each)) for each in self.directions] if self.ema_decay else []

    # -- use ------------------------------------------------------------------------------------------------------

    def call(self, images, training=False):
        return self.translated(images, self.directions[0], training=training)

    def translated(self, images, direction, dtype="float32", training=False):
        """Images of one domain as tensors of the other, float32 in [0, 1] or uint8. Usable inside a graph."""
        return self.from_network(self.translator(direction)(self.to_network(images), training=training), dtype)

    def translate(self, images, direction=None, batch_size=16):
        """Translates images from one domain to the other.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            direction: One of the model's `directions`: `"a_to_b"` takes images of domain a. `None`: the first of them.
            batch_size: Images in one pass through the network, at least 1: memory depends on it.

        Returns:
            uint8 NumPy array `(n, height, width, channels)`.

        Raises:
            ValueError: If the model has no such direction, or the images have another shape, type or range.

        Example:

        >>> import keras_genzoo
        >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8), limit=5)
        >>> model = keras_genzoo.build("cyclegan", image_shape=(8, 8, 1), base_filters=4, num_blocks=1)
        >>> model.translate(digits, "b_to_a").shape
        (5, 8, 8, 1)
        """
        direction = self.directions[0] if direction is None else direction
        check_choice(self.directions, direction=direction)
        pixels.check_images(images, self.image_shape)
        key, function = f"translate {direction}", lambda x: self.translated(x, direction, "uint8")
        parts = self.in_batches(key, function, batch_size, images)
        return np.concatenate(parts) if parts else np.empty((0, *self.image_shape), "uint8")

    def export_functions(self, image_dtype="float32"):
        """The signatures of an exported model: a direction on tensors, and with `_png` on files of pictures.

        The first direction is also called `translate`, and its signature on tensors `serving_default`.

        Args:
            image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255, at inputs and outputs.

        Returns:
            Dict of `ExportFunction` by signature name.
        """
        inputs = {"image": tf.TensorSpec((None, *self.image_shape), image_dtype, name="image")}
        files = {"png": tf.TensorSpec((None,), tf.string, name="png")}

        def function(direction):
            def translate(image):
                return {"image": self.translated(image, direction, image_dtype)}

            return ExportFunction(translate, inputs, ("image",))

        def functions_of_files(direction):
            def translate_files(png):
                return self.translated(decode_images(png, self.image_shape), direction, "uint8")

            return png_functions(f"{direction}_png", translate_files, files)

        functions, first = {}, self.directions[0]
        for direction in self.directions:
            functions |= {direction: function(direction), **functions_of_files(direction)}
        named = {name.replace(first, "translate"): functions[name] for name in functions if name.startswith(first)}
        return {"serving_default": functions[first], **named, **functions}


def _letters(direction):
    """The two domains of a direction: a_to_b -> ab."""
    return direction.replace("_to_", "")
