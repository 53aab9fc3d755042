"""The family of image translation: an image of one domain in, the same image in another domain out."""

import keras
import numpy as np
import tensorflow as tf

from keras_genzoo import images as pixels
from keras_genzoo.checks import check_at_least, check_choice, check_fraction
from keras_genzoo.models import _average
from keras_genzoo.models._base import ExportFunction, ZooModel


class Translator(ZooModel):
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

    optimizer_names = ("d_optimizer", "g_optimizer")
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
        _average.reset(self.averages())
        self.ema_steps = self.add_weight(
            name="ema_steps", shape=(), initializer="zeros", dtype="float32", trainable=False, aggregation="mean"
        )

    def generator_of(self, direction):
        """The network of a direction that is trained."""
        return getattr(self, f"generator_{_letters(direction)}")

    def translator(self, direction):
        """The network of a direction that `translate` and export use: the average, where one is kept."""
        return getattr(self, f"{'ema_' if self.ema_decay else ''}generator_{_letters(direction)}")

    def averages(self):
        """List of `(average, generator)` by direction; empty without averages."""
        return [(self.translator(each), self.generator_of(each)) for each in self.directions] if self.ema_decay else []

    @property
    def network_variables(self):
        return [variable for variable in self.weights if variable is not self.ema_steps]

    # -- training -------------------------------------------------------------------------------------------------

    def compile(self, d_optimizer=None, g_optimizer=None, run_eagerly=False, jit_compile="auto", steps_per_execution=1):
        """Configures training.

        Args:
            d_optimizer: Optimizer of all discriminators; `None` for the paper's.
            g_optimizer: Optimizer of all generators; `None` for the paper's.
            run_eagerly: As in `keras.Model.compile`.
            jit_compile: As in `keras.Model.compile`.
            steps_per_execution: As in `keras.Model.compile`.
        """
        optimizers = {"d_optimizer": d_optimizer, "g_optimizer": g_optimizer}
        self.compile_with(optimizers, run_eagerly, jit_compile, steps_per_execution)

    @property
    def metrics(self):
        return list(self.trackers.values())

    def results(self, values):
        """Takes the losses of a batch into their means over the epoch; returns the means by name."""
        for key, value in values.items():
            self.trackers[key].update_state(value)
        return {key: self.trackers[key].result() for key in values}

    def update_ema(self):
        """Moves the averages towards the generators; early on faster, so that they forget the random start."""
        _average.update(self.averages(), self.ema_decay, self.ema_steps)

    def after_pretrained(self):
        self.ema_steps.assign(0.0)  # or a short fine-tuning would hardly reach the averages, which are what is used

    # -- use ------------------------------------------------------------------------------------------------------

    def call(self, images, training=False):
        return self.translated(images, self.directions[0], training=training)

    def translated(self, images, direction, dtype="float32", training=False):
        """Images of one domain as tensors of the other, float32 in [0, 1] or uint8. Usable inside a graph."""
        return self.from_network(self.translator(direction)(self.to_network(images), training=training), dtype)

    def translate(self, images, direction="a_to_b", batch_size=16):
        """Translates images from one domain to the other.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            direction: One of the model's `directions`: `"a_to_b"` takes images of domain a.
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
        check_choice(self.directions, direction=direction)
        check_at_least(1, batch_size=batch_size)
        pixels.check_images(images, self.image_shape)
        images = np.asarray(images)
        spec = tf.TensorSpec((None, *self.image_shape), images.dtype)
        key = f"translate {direction} {images.dtype.name}"  # traced once, whatever the sizes of batches
        run = self.compiled_function(key, lambda x: self.translated(x, direction, "uint8"), input_signature=[spec])
        translations = np.empty((len(images), *self.image_shape), "uint8")
        for start in range(0, len(images), batch_size):
            translations[start : start + batch_size] = run(images[start : start + batch_size])
        return translations

    def export_functions(self, image_dtype="float32"):
        """The signatures of an exported model: one a direction, and the first one again as `serving_default`.

        Args:
            image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255, at inputs and outputs.

        Returns:
            Dict of `ExportFunction` by signature name.
        """
        inputs = {"image": tf.TensorSpec((None, *self.image_shape), image_dtype, name="image")}

        def function(direction):
            def translate(image):
                return {"image": self.translated(image, direction, image_dtype)}

            return ExportFunction(translate, inputs, ("image",))

        functions = {direction: function(direction) for direction in self.directions}
        return {"serving_default": functions[self.directions[0]], **functions}


def _letters(direction):
    """The two domains of a direction: a_to_b -> ab."""
    return direction.replace("_to_", "")
