"""The family of image translation: an image of one domain in, the same image in another domain out."""

import functools
import os

import numpy as np

from keras_genzoo.data.kinds import ImagePairs
from keras_genzoo.families import two_player
from keras_genzoo.families.averages import Average
from keras_genzoo.families.base import ZooModel
from keras_genzoo.families.batches import in_batches, joined
from keras_genzoo.families.exporting import ExportFunction, file_input, image_input
from keras_genzoo.families.png import decode_images, png_functions
from keras_genzoo.layers import frozen_statistics
from keras_genzoo.utils.arguments import Fraction
from keras_genzoo.utils.checks import check_choice, check_flag
from keras_genzoo.utils.noise import noise_for_tests


class Direction(str):
    """The name of a direction of translation, with its domains.

    Args:
        name: The argument of `translate` and the name of the exported signature.
        source: Domain of the images that it takes, `"a"` or `"b"`: the fields of a training batch.
        target: The other domain.

    Example:

    >>> colouring = Direction("colouring", "b", "a")
    >>> colouring, colouring.source, colouring.target
    ('colouring', 'b', 'a')
    """

    def __new__(cls, name, source, target):
        if {source, target} != {"a", "b"}:
            raise ValueError(f"Expected the domains 'a' and 'b' of {name!r}. Received: {source!r} and {target!r}")
        direction = super().__new__(cls, name)
        direction.source, direction.target = source, target
        return direction

    def __getnewargs__(self):
        return str(self), self.source, self.target


def as_direction(name):
    """A `Direction`; a plain string such as `"a_to_b"` names its domains itself."""
    if isinstance(name, Direction):
        return name
    source, _, target = str(name).partition("_to_")
    return Direction(name, source, target)


class BaseTranslator(ZooModel):
    """A generator for each direction between two domains, a and b, trained against discriminators.

    A batch has images `a` and `b`: matched pairs in a model that learns from pairs, else two independent draws. A model
    hands its generators to `set_generators` in `build_networks` and has `make_fake`, `discriminator_loss` and
    `generator_loss`.

    Class attributes:
        directions: The directions that a model translates in, a tuple of `Direction`; the first is the default. The
            strings `"a_to_b"` and `"b_to_a"` stand for the directions of these names.
        discriminator_first: Whether a step updates the discriminators before the generators' loss is computed.
    """

    ema_decay = Fraction(
        0.999,
        "Decay of the exponential moving average of the generators' weights; 0 keeps none. It rises to this value: "
        "t / (t + 10) in step t, where pretrained weights count as 90 steps. With an average, "
        "`translate`, metrics and export use it.",
        training=True,
    )

    data_kind = ImagePairs()
    directions = (Direction("a_to_b", "a", "b"), Direction("b_to_a", "b", "a"))
    discriminator_first = False
    optimizer_names = two_player.OPTIMIZERS
    web_view = "translator"
    inference_networks = ("ema_generator_ab", "generator_ab")

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.directions = tuple(map(as_direction, cls.directions))

    def set_generators(self, **generators):
        """Takes the generators that a model has built, and copies them for the averages.

        Args:
            **generators: By direction: functional models, images in [-1, 1] -> images in [-1, 1]. They become the
                attributes `generator_ab`, `generator_ba` by their domains, their averages `ema_generator_ab`,
                `ema_generator_ba`.
        """
        by_attribute = {self._attribute(direction): network for direction, network in generators.items()}
        for attribute, network in by_attribute.items():
            setattr(self, attribute, network)
        self.average = Average(self, self.ema_decay, by_attribute)

    def default_optimizers(self):
        """Adam with learning rate 0.0002 and beta_1 0.5 for generators and discriminators."""
        return two_player.default_optimizers()

    @property
    def network_variables(self):
        return self.average.without_steps(self.weights)

    def after_pretrained(self):
        self.average.reset()

    def generator_of(self, direction):
        """The network of a direction that is trained."""
        return getattr(self, self._attribute(direction))

    def translator(self, direction):
        """The network of a direction that `translate` and export use: the average, where one is kept."""
        return getattr(self, f"ema_{self._attribute(direction)}") or self.generator_of(direction)

    def _attribute(self, name):
        """The attribute of the network of a direction: `generator_ab` takes images of domain a."""
        direction = self.directions[self.directions.index(name)]
        return f"generator_{direction.source}{direction.target}"

    # -- the step -------------------------------------------------------------------------------------------------

    def prepared(self, real):
        """What a training step makes of a batch before it learns from it, such as joint random crops; a record."""
        return real

    def make_fake(self, real):
        """The record of the translations of a training batch, which the losses get."""
        raise NotImplementedError

    def shown(self, fake):
        """What the discriminators are shown of the translations, without gradient: by default all of it."""
        return fake

    def train_step(self, data):
        real = self.prepared(self.unpack(data))
        d_loss, g_loss = two_player.update_both(
            self,
            generate=lambda: self.make_fake(real),
            discriminator_loss=lambda fake: self.discriminator_loss(real, fake),
            generator_loss=lambda fake: self.generator_loss(real, fake),
            prepare=self.shown,
            discriminator_first=self.discriminator_first,
        )
        two_player.finish_step(self, g_loss)
        return self.results({"d_loss": d_loss, "g_loss": g_loss})

    def test_step(self, data):
        real = self.unpack(data)
        with frozen_statistics(), noise_for_tests():
            fake = self.make_fake(real)
            g_loss = self.generator_loss(real, fake)
            return self.results({"d_loss": self.discriminator_loss(real, fake), "g_loss": g_loss})

    # -- use ------------------------------------------------------------------------------------------------------

    def call(self, images, training=False):
        """Images (uint8 0..255 or float 0..1) -> translated in the first direction, float32 in [0, 1]."""
        return self.translated(self.values.in_range(images), self.directions[0], training=training)

    def translated(self, images, direction, dtype="float32", training=False):
        """Images of one domain as tensors of the other, float32 in [0, 1] or uint8. Usable inside a graph."""
        return self.from_network(self.translator(direction)(self.to_network(images), training=training), dtype)

    def checked_direction(self, direction=None):
        """A direction of the model, the first one for `None`; raises `ValueError` if it has none of this name."""
        direction = self.directions[0] if direction is None else direction
        check_choice(self.directions, direction=direction)
        return direction

    def translate(self, images, direction=None, batch_size=16, keep_size=True):
        """Translates images of any size from one domain to the other.

        Images of another size than the model's are translated in tiles of the model's size, which overlap by a quarter
        or more and whose seams are blended; sides that are smaller are padded by reflection, and cropped afterwards.
        What is in the images should be about as large, in pixels, as in those that the model has learned from. Signals
        of another length than the model's are translated in windows in the same way.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`; a list of images
                `(height, width, channels)` of any sizes; or the path of an image file, or a view of one, such as
                `"label_maps:map.png"`. Of a model of signals: floats in -1..1, `(n, length, channels)`; a list of
                signals `(length, channels)`; or the path of a wav file.
            direction: One of the model's `directions`: `"a_to_b"` takes images of domain a. `None`: the first of them.
            batch_size: Images, or tiles, in one pass through the network, at least 1: memory depends on it.
            keep_size: Whether results have the size of their images. If `False`, an image file is scaled and cropped to
                the model's size, and signals and arrays of other sizes are refused.

        Returns:
            uint8 NumPy array `(n, height, width, channels)`, or float32 `(n, length, channels)`; for a list, a list of
            such images or signals.

        Raises:
            ValueError: If the model has no such direction, or the images have another shape, type or range.
            FileNotFoundError: If there is no such file.

        Example:

        >>> import keras_genzoo
        >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8), limit=5)
        >>> model = keras_genzoo.build("cyclegan", image_shape=(8, 8, 1), base_filters=4, num_blocks=1)
        >>> model.translate(digits, "b_to_a").shape
        (5, 8, 8, 1)
        >>> larger, _ = keras_genzoo.data.load_arrays("digits", image_size=(30, 20), limit=5)
        >>> model.translate(larger, "b_to_a").shape
        (5, 30, 20, 1)
        """
        direction = self.checked_direction(direction)
        check_flag(keep_size=keep_size)
        if isinstance(images, list):
            return self._translate_list(images, direction, batch_size, keep_size)
        if isinstance(images, str | os.PathLike):
            images = self.values.read(images, keep_size)
        self.values.check_any_size(images) if keep_size else self.values.check(images)
        return self.translate_pixels(np.asarray(images), direction, batch_size)

    def translate_pixels(self, images, direction, batch_size=16):
        """`translate` of arrays without its checks, for what was decoded here: a frame may hold 0 and 1 alone."""
        if images.shape[1:] != self.image_shape:
            tiles = functools.partial(self._run, direction, "float32", batch_size)
            made = [self.values.in_parts(lambda part: joined(tiles(part), self.image_shape), each) for each in images]
            return np.stack(made) if made else np.empty(images.shape, self.values.dtype)
        return joined(self._run(direction, "uint8", batch_size, images), self.image_shape, self.values.dtype)

    def _translate_list(self, images, *options):
        if any(np.ndim(image) != len(self.image_shape) for image in images):
            raise ValueError(
                f"Expected {self.values.containers_of_any_size}. "
                f"Received: a list of shapes {[np.shape(image) for image in images[:3]]}"
            )
        return [self.translate(np.asarray(image)[None], *options)[0] for image in images]

    def _run(self, direction, dtype, batch_size, images):
        """Translations of images of the model's size, in parts."""
        function = functools.partial(self.translated, direction=direction, dtype=dtype)
        return in_batches(self, f"translate {direction} {dtype}", function, batch_size, images)

    def export_functions(self, image_dtype="float32"):
        """The signatures of an exported model: one per direction on tensors, and one on image files, `<direction>_png`.

        The first direction is also called `translate`, and its signature on tensors `serving_default`. Of a model of
        signals, inputs and outputs are called `signal`, and there are no signatures on files.

        Args:
            image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255, at inputs and outputs.

        Returns:
            Dict of `ExportFunction` by signature name.
        """
        self.values.check_export(image_dtype)
        data = self.values.name
        inputs, files = image_input(self, image_dtype), file_input(self)

        def function(direction):
            def translate(**inputs):
                return {data: self.translated(inputs[data], direction, image_dtype)}

            return ExportFunction(translate, inputs, (data,))

        def functions_of_files(direction):
            if not self.values.are_images:
                return {}

            def translate_files(png):
                return self.translated(decode_images(png, self.image_shape), direction, "uint8")

            return png_functions(f"{direction}_png", translate_files, files)

        functions = {d: {d: function(d), **functions_of_files(d)} for d in map(str, self.directions)}
        first = str(self.directions[0])
        named = {"translate" + name.removeprefix(first): each for name, each in functions[first].items()}
        whole = {name: each for group in functions.values() for name, each in group.items()}
        return {"serving_default": whole[first], **named, **whole}
