"""Inversion: the codes whose images are nearest to given ones."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo.families.batches import compiled_function
from keras_genzoo.families.code_sampling import PRIOR, chosen_sampler
from keras_genzoo.families.given_conditions import conditions_of_images, given_conditions
from keras_genzoo.latent.codes import check_movable, check_smooth, decode, on_shell, prior_scale
from keras_genzoo.utils.checks import check_at_least, check_seed, is_number
from keras_genzoo.utils.text import counted


class Inverted(NamedTuple):
    """Codes of images.

    Fields:
        z: float32 `(n, latent_dim)`.
        images: The images of these codes, as `keras_genzoo.latent.decode` gives them.
        error: float32 `(n,)`: mean squared difference of pixels in [0, 1] to the given images.
    """

    z: np.ndarray
    images: np.ndarray
    error: np.ndarray

    def __repr__(self):
        return f"<Inverted: {counted(len(self.z), 'images')}, mean squared error {self.error.mean():.4f}>"


def invert(
    model, images, steps=300, starts=4, learning_rate=0.05, prior_weight=0.001, seed=0, batch_size=64, **conditions
):
    """Finds the codes of images by optimization: those of least squared difference, and of some probability.

    Codes start from the encoder of the model where it has one, and from draws of the prior; the best of all starts and
    ends is kept. The paper below adds differences of features of a network to those of pixels, and predicts the first
    code by a network that it trains for this.

    Args:
        model: A model with codes.
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
        steps: Steps of Adam, at least 1.
        starts: Codes that each image starts from, at least 1; with an encoder, the first is its code.
        learning_rate: Of Adam, in standard deviations of the prior; it falls to zero along a cosine.
        prior_weight: Weight of the mean squared element of a code in the loss, which keeps codes probable; only where
            the model draws codes from a normal prior, and not from a fitted sampler.
        seed: Seed of the draws.
        batch_size: Images at once, at least 1; memory grows with `starts`, too.
        **conditions: Models with conditions: the values of all of them, one per image or one for all.

    Returns:
        `Inverted`.

    Raises:
        ValueError: If an argument is out of its range, or the images do not fit the model.

    References:
        Zhu et al., 2016, Generative visual manipulation on the natural image manifold,
        https://arxiv.org/abs/1609.03552, section 3.1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> keras_genzoo.latent.invert(model, model.generate(2, seed=0), steps=20).z.shape
    (2, 4)
    """
    check_movable(model)
    check_smooth(model)
    model.values.check(images)
    check_at_least(1, steps=steps, starts=starts, batch_size=batch_size)
    for name, value, low in (("learning_rate", learning_rate, 1e-12), ("prior_weight", prior_weight, 0.0)):
        if not is_number(value) or not low <= value < np.inf:
            raise ValueError(f"Expected {name} {'above' if low else 'of at least'} 0. Received: {name}={value!r}")
    images = np.asarray(images)
    if not len(images):
        raise ValueError("Expected at least one image. Received: none")
    given = given_conditions(model, conditions, len(images), required=True)
    z, error = [], []
    for first in range(0, len(images), batch_size):
        part = slice(first, first + batch_size)
        some = {key: values[part] for key, values in given.items()}
        begin = _starts(model, images[part], starts, check_seed(seed), first, some)
        found = _descended(model, images[part], begin, some, steps, float(learning_rate), float(prior_weight))
        z.append(found[0])
        error.append(found[1])
    z = np.concatenate(z)
    return Inverted(z, decode(model, z, batch_size, **given), np.concatenate(error))


def _starts(model, images, starts, seed, first, conditions):
    """Codes to start from, `(n, starts, latent_dim)`."""
    num = len(images)
    drawn = np.array(model.latent_sample(num * starts, seed, first * starts), "float32")
    drawn = drawn.reshape(num, starts, model.latent_dim)
    if hasattr(model, "encode"):
        taken = [each.name for each in conditions_of_images(model)]
        codes = model.encode(images, **{name: conditions[name] for name in taken})
        drawn[:, 0] = codes[0] if isinstance(codes, tuple) else codes
    return drawn


def _descended(model, images, codes, conditions, steps, learning_rate, prior_weight):
    """The best code of each image and its error, after the steps."""
    num, starts, dim = codes.shape
    wanted = tf.repeat(_data(model, images), starts, axis=0)
    given = {key: tf.repeat(tf.constant(values), starts, axis=0) for key, values in conditions.items()}
    z = tf.Variable(codes.reshape(-1, dim))
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate * prior_scale(model), steps)
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    optimizer.build([z])
    begun = tf.constant(codes.reshape(-1, dim))
    bounded = model.prior.kind in ("uniform", "sphere")
    sampler = chosen_sampler(model, None) if hasattr(model, "fit_sampler") else PRIOR
    weight = prior_weight if model.prior.kind == "normal" and sampler == PRIOR else 0.0

    def errors(z, wanted, given):
        difference = model.images_from_codes(z, **given) - wanted
        return ops.mean(ops.square(difference), axis=tuple(range(1, len(difference.shape))))

    def gradient(z, wanted, given):
        with tf.GradientTape() as tape:
            tape.watch(z)
            loss = ops.sum(errors(z, wanted, given))
            loss += weight * ops.sum(ops.mean(ops.square(z), axis=-1))
        return tape.gradient(loss, z)

    run, measured = tf.function(gradient), compiled_function(model, "errors of codes", errors)
    first = np.asarray(measured(begun, wanted, given)).reshape(num, starts)
    for _ in range(steps):
        optimizer.apply([run(tf.convert_to_tensor(z), wanted, given)], [z])
        if bounded:
            z.assign(on_shell(model, tf.convert_to_tensor(z), begun))
    last = np.asarray(measured(tf.convert_to_tensor(z), wanted, given)).reshape(num, starts)
    error = np.nan_to_num(np.concatenate([last, first], axis=1), nan=np.inf)
    found = np.concatenate([np.asarray(z).reshape(num, starts, dim), codes], axis=1)
    best = error.argmin(axis=1)
    return found[np.arange(num), best], error[np.arange(num), best]


def _data(model, images):
    """Images as `images_from_codes` gives them, float32."""
    return model.from_network(model.to_network(images))
