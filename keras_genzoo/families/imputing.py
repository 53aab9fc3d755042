"""Imputation: missing pixels of images are drawn given the others, by a Markov chain through the codes.

`BaseAutoencoder` and `BinaryMachine` use functions of this module as the method `impute`.
"""

import numpy as np
from keras import ops

from keras_genzoo import sampling
from keras_genzoo.families.batches import in_batches, joined
from keras_genzoo.families.exporting import ExportFunction, by_plural, normal_input, uniform_input
from keras_genzoo.families.given_conditions import given_with_images
from keras_genzoo.utils import pixels
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least, check_flag, check_seed


def impute(self, images, mask=None, steps=50, *, metropolis=False, seed=0, start=0, batch_size=64, **conditions):
    """Fills in missing pixels; the others stay as they are.

    Missing pixels begin as uniform noise. Each step draws a code given all pixels, and then the missing pixels given
    the code. What is returned are the means of the missing pixels in the last step. A deterministic autoencoder has a
    code and not a distribution of codes, so that its steps approach a fixed point.

    Args:
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`. Missing pixels may have any value in
            this range, or be NaN.
        mask: Where pixels are missing, as True or 1: `(height, width)` for all images, `(n, height, width)`, or the
            same with a last axis of 1 or `channels`. `None`: those that are NaN.
        steps: Number of steps, at least 1, or 2 with `metropolis`.
        metropolis: Whether to accept or refuse each code in the second half of the steps, which corrects for the
            difference between the encoder and the true posterior. For models that know the density of a given code,
            and draw pixels independently given the code; with `binarize`, grey pixels that are known are first drawn as
            black or white.
        seed: Integer; what is drawn for image i depends on `(seed, start + i)` alone.
        start: Index of the first image.
        batch_size: Images in one pass.
        **conditions: Models with conditions: their values, one per image, such as `labels`.

    Returns:
        uint8 NumPy array `(n, height, width, channels)`.

    Raises:
        ValueError: On images, a mask or conditions that do not fit, or `metropolis=True` where the model has no density
            of codes, or no draws of pixels.

    References:
        Rezende et al., 2014, https://arxiv.org/abs/1401.4082 (imputation of missing data). `metropolis=True`: Mattei
        and Frellsen, 2018, https://arxiv.org/abs/1802.04826 (Metropolis-within-Gibbs).

    Example:

    >>> import numpy as np
    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> right_half = np.arange(8)[None, :] >= np.full((8, 1), 4)
    >>> model.impute(digits[:4], right_half, steps=5).shape
    (4, 8, 8, 1)
    """
    self.values.check_images("impute")
    check_flag(metropolis=metropolis)
    if metropolis:
        check_at_least(1, steps=steps)
        if steps < 2:
            raise ValueError(f"Expected steps of at least 2, of which metropolis=True corrects half. Received: {steps}")
        check_density(self)
    given = given_with_images(self, conditions, len(images))

    def function(images, mask, seed, steps, rows, **given):
        return chain(self, images, mask, seed, steps, rows[0], metropolis, given)

    return in_steps(self, f"impute {metropolis}", function, images, mask, steps, seed, start, batch_size, given)


def machine_impute(self, images, mask=None, steps=50, *, seed=0, start=0, batch_size=256):
    """Fills in missing pixels by a Gibbs chain in which the other pixels are held.

    Missing pixels begin as fair coins. Each step draws the hidden units given all pixels, and then the missing pixels
    given the hidden units. What is returned are the probabilities of the missing pixels in the last step.

    Args:
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`, binary or binarized first, as in `gibbs`.
            Missing pixels may have any value in this range, or be NaN.
        mask: Where pixels are missing, as True or 1: `(height, width)` for all images, `(n, height, width)`, or the
            same with a last axis of 1 or `channels`. `None`: those that are NaN.
        steps: Number of steps, at least 1.
        seed: Integer; what is drawn for image i depends on `(seed, start + i)` alone.
        start: Index of the first image.
        batch_size: Images in one pass.

    Returns:
        uint8 NumPy array of the same shape; pixels that are not missing are as in `images`.

    Raises:
        ValueError: On images or a mask that do not fit, or an argument out of its range.
    """

    def function(images, mask, seed, steps, rows):
        return machine_chain(self, images, mask, seed, steps, rows[0])

    return in_steps(self, "impute", function, images, mask, steps, seed, start, batch_size, {})


def in_steps(model, key, function, images, mask, steps, seed, start, batch_size, given):
    """Checks what the two methods have in common, and runs a compiled function in batches."""
    check_at_least(1, steps=steps)
    check_at_least(0, start=start)
    seed = np.int64(check_seed(seed))
    images, mask = without_missing(as_array(images, "images"), mask, model.image_shape)
    pixels.check_images(images, model.image_shape)
    rows = np.arange(start, start + len(images), dtype="int64")
    parts = in_batches(model, key, function, batch_size, images, mask, seed, np.int32(steps), rows, **given)
    imputed = joined(parts, model.image_shape, "uint8")
    known = images if images.dtype == np.uint8 else np.rint(images * 255.0).astype("uint8")
    return np.where(mask, imputed, known)  # exactly as given: networks may work in half precision


def without_missing(images, mask, image_shape):
    """Images whose missing pixels are 0 in place of NaN, and the mask as booleans of their shape; `None`: of the NaN.

    Raises:
        ValueError: If neither says which pixels are missing, or the images have another shape or dtype.
    """
    pixels.check_spec(images.shape, images.dtype.name, image_shape)
    absent = np.isnan(images) if np.issubdtype(images.dtype, np.floating) else np.zeros(images.shape, bool)
    if mask is None:
        if not absent.any():
            raise ValueError("Expected a mask, or NaN for missing pixels. Received: mask=None, and no pixel is NaN")
        mask = absent
    mask = checked_mask(mask, len(images), image_shape)
    return np.where(absent & mask, np.zeros((), images.dtype), images), mask


def checked_mask(mask, num, image_shape):
    """A mask as booleans `(num, height, width, channels)`.

    Raises:
        ValueError: If it has another shape, or values other than 0 and 1.
    """
    height, width, channels = image_shape
    given = np.asarray(mask)
    one_image = given.shape == (height, width) or given.shape in ((height, width, 1), image_shape)
    values = given[None] if one_image else given
    values = values[..., None] if values.ndim == 3 else values
    if values.shape not in ((n, height, width, c) for n in (1, num) for c in (1, channels)) or (
        len(values) == 1 and num != 1 and not one_image
    ):
        raise ValueError(
            f"Expected mask of shape {(height, width)} or {(num, height, width)}, True where pixels are missing. "
            f"Received: shape {given.shape}"
        )
    if not np.isin(values, (0, 1)).all():
        raise ValueError("Expected a mask of True and False, or 1 and 0, for missing pixels. Received: other values")
    return np.broadcast_to(values.astype(bool), (num, *image_shape))


def check_density(model):
    """Raises `ValueError` unless a model has the density of any code, and draws of pixels given a code."""
    if not hasattr(model, "posterior") or not hasattr(model.encoder_posterior(), "log_density"):
        raise ValueError(
            f"Expected metropolis=False: {model.model_name} does not know the density q(z|x) of a given code. "
            "Received: metropolis=True"
        )
    if not hasattr(model, "negative_log_likelihood"):
        raise ValueError(
            f"Expected metropolis=False: {model.model_name} has no likelihood p(x|z) of pixels. "
            "Received: metropolis=True"
        )
    if not model.decodes_means:
        raise ValueError(
            f"Expected metropolis=False: {model.model_name} draws pixels one after the other, and missing ones do not "
            "see the known ones behind them. Received: metropolis=True"
        )
    if model.likelihood == "bernoulli" and not model.binarize:
        raise ValueError(
            "Expected metropolis=False with binarize=False, where pixels are means of grey values and no draws; a "
            "model of black and white images may be built with binarize=True. Received: metropolis=True"
        )


# -- chains -----------------------------------------------------------------------------------------------------------


def chain(model, images, mask, seed, steps, start, metropolis, given):
    """uint8 images after `steps` steps of an autoencoder; see `impute`."""
    x, num, size = model.to_network(images), ops.shape(images)[0], int(np.prod(model.image_shape))
    low, high = model.network_range
    noise = ops.reshape(sampling.uniform_rows(seed, start, num, size), ops.shape(x))
    if metropolis and model.likelihood == "bernoulli":  # as the likelihood is that of black and white images
        coins = sampling.uniform_rows(seed, start, num, size, stream=-1)
        x = sampling.bernoulli(x, ops.reshape(coins, ops.shape(x)))
    x = ops.where(mask, low + (high - low) * noise, x)

    def step(index, x, mean, z):
        rows = sampling.normal_rows(seed, start, num, model.imputation_noise_dim + size + 1, stream=index + 1)
        parts = ops.split(rows, [model.imputation_noise_dim, model.imputation_noise_dim + size], axis=1)
        code, pixel, accept = parts
        proposed = model.code_given(x, code, given)
        if metropolis:
            # From noise, the encoder proposes codes that would hardly ever be left: the chain begins without refusals.
            begins = index < ops.maximum(steps // 2, 1)
            taken = accepted(model, x, z, proposed, accept[:, 0], given)
            proposed = ops.where(ops.logical_or(begins, taken)[:, None], proposed, z)
        decoded = model.decoded(proposed, **model.conditions_given(x, given))
        mean, drawn = model.imputed_pixels(decoded, ops.reshape(pixel, ops.shape(x)), x, mask)
        return index + 1, ops.where(mask, drawn, x), mean, proposed

    state = (ops.convert_to_tensor(0, "int32"), x, x, ops.zeros((num, model.latent_dim)))
    _, _, mean, _ = ops.while_loop(lambda index, *_: index < steps, step, state)
    return model.from_network(mean, "uint8")


def accepted(model, x, z, proposed, normal, given):
    """Whether proposed codes replace the present ones: booleans `(n,)`, from standard normal noise."""

    posterior = model.posterior(model.encoded(x, **given))

    def log_weight(z):
        log_px = -model.negative_log_likelihood(x, model.decoded(z, **given))
        return log_px + model.prior.log_density(z) - posterior.log_density(z)

    return ops.log(sampling.uniform_from_normal(normal)) < log_weight(proposed) - log_weight(z)


def machine_chain(model, images, mask, seed, steps, start):
    """uint8 images after `steps` steps of a binary machine; see `machine_impute`."""
    num, units, size = ops.shape(images)[0], model.hidden_units, model.visible_units
    kernel, visible = model.grid_kernel(), model.flat(images)
    mask = ops.reshape(mask, (num, size))
    noise = sampling.uniform_rows(seed, start, num, 2 * size)
    known = sampling.bernoulli(visible, noise[:, :size]) if model.binarize else visible
    coins = sampling.bernoulli(ops.full(ops.shape(visible), 0.5), noise[:, size:])

    def step(index, visible, _):
        noise = sampling.uniform_rows(seed, start, num, units + size, stream=index + 1)
        drawn, logits = model.gibbs_step(visible, kernel, noise[:, :units], noise[:, units:])
        return index + 1, ops.where(mask, drawn, known), ops.sigmoid(logits)

    state = (ops.convert_to_tensor(0, "int32"), ops.where(mask, coins, known), visible)
    _, _, probabilities = ops.while_loop(lambda index, *_: index < steps, step, state)
    return model.images_from_states(probabilities, "uint8")


def filled_images(self, z, images, mask, dtype, conditions):
    """Images of codes, `(n, height, width, channels)`, whose pixels take the place of missing ones of other images.

    Args:
        z: Codes `(n, latent_dim)`.
        images: Images in `network_range`, of which the pixels are known where `mask` is false.
        mask: Booleans `(n, height, width, 1)`.
        dtype: As for `images_from_codes`.
        conditions: Dict of conditions by name.
    """
    return self.images_from_codes(z, dtype, **conditions)


def mask_input(model):
    """The input of a mask, 1 where pixels are missing."""
    return uniform_input("mask", (*model.image_shape[:2], 1))


def export_functions(model, inputs, image_dtype):
    """The signature `impute` of an exported autoencoder: one step, which a program repeats.

    It returns the images with the means of their missing pixels, given the code of the images as they are. Its inputs
    are those of `reconstruct`, the mask (1 where pixels are missing), and, of a model that draws codes, their noise.
    """

    def step(image, mask, noise=None, **inputs):
        given, x = by_plural(model, inputs), model.to_network(image)
        z = model.code_given(x, noise, given)
        filled = model.filled_images(z, x, mask > 0.5, image_dtype, model.conditions_given(x, given))
        return {"image": ops.where(mask > 0.5, filled, image)}

    inputs = {**inputs, **mask_input(model)}
    if model.imputation_noise_dim:
        inputs |= normal_input("noise", model.imputation_noise_dim)
    return {"impute": ExportFunction(step, inputs, ("image",), portable=model.imputation_portable)}
