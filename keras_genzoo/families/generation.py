"""Generation of images: repeatable samples, conditions, and their export.

A model class uses these functions as methods: `generate = generation.generate`. It defines a method
`generate_batch(seed, start, num, conditions)`, which runs inside a graph: from int64 and int32 scalar tensors and a
dict of conditions by name to uint8 images `(num, height, width, channels)`, numbers `start` to `start + num - 1` of the
collection `seed`.
"""

import numpy as np
import tensorflow as tf

from keras_genzoo import sampling
from keras_genzoo.families.allowed import at_least
from keras_genzoo.families.batches import compiled_function
from keras_genzoo.families.class_weights import tensor_for_generation
from keras_genzoo.families.conditions import ClassCondition
from keras_genzoo.families.exporting import (
    ExportFunction,
    by_plural,
    code_input,
    condition_inputs,
    even_fractions,
    image_input,
    mixture_inputs,
    sample_inputs,
    scalar_inputs,
)
from keras_genzoo.families.given_conditions import conditions_of_images, given_conditions
from keras_genzoo.families.png import png_functions
from keras_genzoo.utils.checks import check_at_least, check_seed
from keras_genzoo.utils.graph_checks import refusal

MAX_COLUMNS = 20


def generate(self, num, seed=None, start=0, batch_size=64, **conditions):
    """Generates images.

    Args:
        num: How many, at least 0.
        seed: Integer; image i depends on `(seed, start + i)` and its conditions alone, so a collection can be made in
            parts. `None` draws a seed.
        start: Index of the first image of the collection, at least 0.
        batch_size: Images in one pass through the network: memory depends on it. Codes are the same for any batch size;
            pixels may differ by one grey level in rare places, because kernels round differently.
        **conditions: What the model is asked for, by the names of its `conditions`, for example `labels=3`, one class
            for all images, or one per image, `(num,)`. `None` follows the rule of the condition: labels are dealt out
            in turn, image i of the collection is of class `i % num_classes`. Classes may be mixed: weights
            `(num, num_classes)`, 1 together in each row.

    Returns:
        uint8 NumPy array `(num, height, width, channels)`.

    Raises:
        ValueError: If `num` or `start` is negative, `batch_size` under 1, `seed` not an integer, or a condition does
            not fit.

    Example:

    >>> import keras_genzoo
    >>> keras_genzoo.build("dcgan", image_shape=(8, 8, 1)).generate(4, seed=0).shape
    (4, 8, 8, 1)
    """
    return collection(self, num, seed, start, batch_size, conditions)


def collection(model, num, seed, start, batch_size, conditions, **options):
    """What `generate` returns; `options` are those of the model's `generate_batch`, as strings by name."""
    check_at_least(0, num=num, start=start)
    check_at_least(1, batch_size=batch_size)
    conditions = given_conditions(model, conditions, num, weights=True)
    seed = sampling.fresh_seed() if seed is None else check_seed(seed)
    images = np.empty((num, *model.image_shape), model.values.dtype)
    for first in range(0, num, batch_size):
        part = slice(first, min(first + batch_size, num))
        given = {name: values[part] for name, values in conditions.items()}
        images[part] = on_device(model, seed, start + first, part.stop - first, given, **options)
    return images


def generate_on_device(self, seed, start, num, **conditions):
    """Like `generate`, in one pass: integers or tensors in, a uint8 tensor out. Usable inside a graph."""
    return on_device(self, seed, start, num, conditions)


def on_device(model, seed, start, num, conditions, **options):
    """See `generate_on_device`, and `collection` for `options`."""
    key = " ".join(["generate", *options.values()])
    compiled = compiled_function(model, key, lambda *inputs: _generate(model, *inputs, **options))
    known = {condition.name: condition for condition in model.conditions}
    conditions = {name: tensor_for_generation(known[name], values) for name, values in conditions.items()}
    return compiled(tf.cast(seed, tf.int64), tf.cast(start, tf.int64), tf.cast(num, tf.int32), conditions)


def _generate(model, seed, start, num, conditions, **options):
    """`generate_batch` with the conditions that are not given by their rules."""
    return model.generate_batch(seed, start, num, with_defaults(model, seed, start, num, conditions), **options)


def with_defaults(model, seed, start, num, conditions):
    """All conditions of images `start` to `start + num - 1`: those given, and the others by their rules."""
    return {
        each.name: conditions[each.name] if each.name in conditions else each.default(seed, start, num)
        for each in model.conditions
    }


def grid_columns(model):
    """Images in a row of a sample grid: 8, or one per class for a model with 2 to 20 classes dealt out in turn.

    Fewer than 5 classes are repeated in a row, because a grid of two columns would be as high as many screens.
    """
    for condition in model.conditions:
        if isinstance(condition, ClassCondition) and condition.in_turn and condition.num_classes <= MAX_COLUMNS:
            return condition.num_classes * max(1, 8 // condition.num_classes)
    return 8


def shown_samples(model):
    """How many samples a picture of a model shows, and in how many columns: eight rows of images, points, signals."""
    columns = grid_columns(model)
    return model.values.shown or (8 * columns, columns)


# -- codes ------------------------------------------------------------------------------------------------------------


def check_prior(model):
    """Raises `ValueError` unless the prior of a model gives codes of its `latent_dim`."""
    if model.prior.dim != model.latent_dim:
        raise ValueError(
            f"Expected latent_dim={model.prior.dim}, the length of the codes of the prior of {model.model_name}. "
            f"Received: latent_dim={model.latent_dim}"
        )


def latent_sample(self, num, seed, start=0):
    """Codes from the prior: float32 `(num, latent_dim)`; row i depends on `(seed, start + i)` alone."""
    prior = self.prior
    return prior.from_normal(sampling.normal_rows(seed, start, num, prior.noise_dim))


# -- export -----------------------------------------------------------------------------------------------------------


def generate_functions(model):
    """The signatures `generate...` of an exported model; conditions are repeated until each image has one."""

    def repeated(values, num, name):
        length = tf.shape(values)[0]
        with refusal(
            (length >= 1) & (length <= num),
            f"Expected 1 to num {name}, which are repeated. Received: num and rows",
            num,
            length,
        ):
            return tf.gather(values, tf.range(num) % length)

    def images(seed, num, start, **inputs):
        num, start = at_least(1, num=num), at_least(0, start=start)
        given = {name: repeated(values, num, name) for name, values in by_plural(model, inputs).items()}
        return _generate(model, seed, start, num, given)

    def generate(**inputs):
        return {data: images(**inputs)}

    data = model.values.name
    inputs = {**scalar_inputs("seed", "num", "start"), **condition_inputs(model)}
    return {
        "generate": ExportFunction(generate, inputs, (data,), portable=False),
        **(png_functions("generate_png", images, inputs) if model.values.are_images else {}),
    }


def code_functions(model, image_dtype="float32"):
    """The signatures of an exported model with a code.

    Args:
        model: The model; it has a `prior` and `images_from_codes`.
        image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255; `generate` always gives uint8.

    Returns:
        Dict of `ExportFunction` by signature name, `serving_default` first. `mix`, which takes weights of classes, is
        there if the model has classes and makes images of mixtures.
    """

    model.values.check_export(image_dtype)
    data = model.values.name  # of outputs: image, or point

    def decode(z, **inputs):
        return {data: model.images_from_codes(z, image_dtype, **by_plural(model, inputs))}

    def interpolate(z, z_end, steps, **inputs):
        codes = model.prior.interpolate(z, z_end, even_fractions(steps))  # (n, steps, latent_dim)
        given = {name: tf.repeat(values, steps, axis=0) for name, values in by_plural(model, inputs).items()}
        images = model.images_from_codes(tf.reshape(codes, (-1, model.latent_dim)), image_dtype, **given)
        return {data: tf.reshape(images, (-1, steps, *model.image_shape))}

    z, z_end, conditions = code_input(model), code_input(model, "z_end"), condition_inputs(model)
    ends = {**z, **z_end, **scalar_inputs("steps"), **conditions}
    mix = ExportFunction(decode, {**z, **mixture_inputs(model)}, (data,))
    return {
        "serving_default": ExportFunction(decode, {**z, **conditions}, (data,)),
        **({"mix": mix} if set(mix.inputs) - {*z, *conditions} and _runs(mix) else {}),
        **generate_functions(model),
        "interpolate": ExportFunction(interpolate, ends, (data,), portable=False),
    }


def _runs(function):
    """Whether an `ExportFunction` can be called: a network of a user may take numbers of classes alone."""
    try:
        function.compute(sample_inputs(function, 1))
    except Exception:  # what code of a user raises has no common class
        return False
    return True


def image_functions(model, image_dtype="float32"):
    """The signatures of an exported model on images: `encode` and `reconstruct`.

    Args:
        model: The model; it has `codes` and `reconstructed`, and names its codes in `code_names`.
        image_dtype: `"float32"` for images in [0, 1], `"uint8"` for 0..255.

    Returns:
        Dict of `ExportFunction` by signature name.
    """

    data = model.values.name

    def encode(**inputs):
        codes = model.codes(model.to_network(inputs[data]), **by_plural(model, inputs))
        return {name: codes[name] for name in model.code_names}

    def reconstruct(**inputs):
        return {data: model.reconstructed(inputs[data], image_dtype, **by_plural(model, inputs))}

    inputs = {**image_input(model, image_dtype), **condition_inputs(model, conditions_of_images(model))}
    return {
        "encode": ExportFunction(encode, inputs, model.code_names),
        "reconstruct": ExportFunction(reconstruct, inputs, (data,)),
    }
