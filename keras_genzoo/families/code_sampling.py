"""Where an autoencoder takes the codes of generated images from: its prior, or a sampler fitted to codes of images.

`BaseAutoencoder` uses these functions as methods.
"""

import functools
import warnings
from typing import NamedTuple

import keras
import numpy as np

from keras_genzoo import sampling
from keras_genzoo.families import generation, inputs
from keras_genzoo.families.batches import in_batches, joined
from keras_genzoo.families.exporting import ExportFunction, by_plural, condition_inputs, normal_input
from keras_genzoo.families.given_conditions import given_with_images
from keras_genzoo.families.priors import NormalPrior
from keras_genzoo.families.sampler_files import samplers_in_file
from keras_genzoo.families.samplers import PRIOR, SAMPLERS, check_prior_is_real
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least, check_choice, check_seed
from keras_genzoo.utils.text import nearest

DEFAULT_SIZES = {"mixture": 10, "aggregate": 1000, "two_stage": 256}


class Codes(NamedTuple):
    """Codes of images: one draw of each posterior, and means and deviations where that is a diagonal Gaussian."""

    draws: np.ndarray
    means: np.ndarray | None = None
    deviations: np.ndarray | None = None


def generate(self, num, seed=None, start=0, batch_size=64, sampler=None, **conditions):
    """Generates images.

    Args:
        num: How many, at least 0.
        seed: Integer; image i depends on `(seed, start + i)`, the sampler and its conditions alone, so a collection can
            be made in parts. `None` draws a seed.
        start: Index of the first image of the collection, at least 0.
        batch_size: Images in one pass through the network: memory depends on it. Codes are the same for any batch size;
            pixels may differ by one grey level in rare places, because kernels round differently.
        sampler: Where codes are drawn from: `"prior"`, or a sampler that has been fitted: `"mixture"`, `"aggregate"`,
            `"two_stage"`. `None` takes the first one that has been fitted, or the prior: see `fit_sampler`.
        **conditions: What the model is asked for, by the names of its `conditions`, for example `labels=3`, one class
            for all images, or one per image, `(num,)`. `None` follows the rule of the condition: labels are dealt out
            in turn, image i of the collection is of class `i % num_classes`. Classes may be mixed: weights
            `(num, num_classes)`, 1 together in each row.

    Returns:
        uint8 NumPy array `(num, height, width, channels)`.

    Raises:
        ValueError: If `num` or `start` is negative, `batch_size` under 1, `seed` not an integer, the sampler has not
            been fitted, or a condition does not fit.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8)
    >>> model.generate(4, seed=0, sampler="prior").shape
    (4, 8, 8, 1)
    """
    name = chosen_sampler(self, sampler)
    return generation.collection(self, num, seed, start, batch_size, conditions, sampler=name)


def generate_on_device(self, seed, start, num, sampler=None, **conditions):
    """Like `generate`, in one pass: integers or tensors in, a uint8 tensor out. Usable inside a graph."""
    return generation.on_device(self, seed, start, num, conditions, sampler=chosen_sampler(self, sampler))


def latent_sample(self, num, seed, start=0, sampler=None):
    """Codes of generated images: float32 `(num, latent_dim)`; row i depends on `(seed, start + i)` alone.

    Args:
        num: Number of codes, at least 0.
        seed: Integer.
        start: Index of the first code, at least 0.
        sampler: As in `generate`.

    Raises:
        ValueError: If an argument is out of its range; tensors are not checked.
    """
    plain = {"num": num, "start": start}
    check_at_least(0, **{name: value for name, value in plain.items() if not keras.ops.is_tensor(value)})
    source, seed = code_source(self, sampler), seed if keras.ops.is_tensor(seed) else check_seed(seed)
    return source.from_normal(sampling.normal_rows(seed, start, num, source.noise_dim))


def build_samplers(self):
    """Sets an attribute such as `mixture_sampler` for each of `samplers`."""
    check_prior_is_real(self, [*(self.samplers or ())])
    for kind, size in (self.samplers or {}).items():
        setattr(self, f"{kind}_sampler", SAMPLERS[kind](self.latent_dim, size))


def code_source(self, sampler=None):
    """The object that makes codes of standard normal noise, `(n, noise_dim)`, by its name: see `generate`."""
    name = chosen_sampler(self, sampler)
    return self.prior if name == PRIOR else getattr(self, f"{name}_sampler")


def chosen_sampler(model, sampler):
    """The name of a sampler; `None` stands for the first that has been fitted, or else for the prior.

    Raises:
        ValueError: If there is no such sampler, or it has not been fitted.
    """
    fitted = fitted_samplers(model)
    if sampler is None:
        return fitted[0] if fitted else PRIOR
    if sampler == PRIOR or sampler in fitted:
        return sampler
    if isinstance(sampler, str) and sampler in SAMPLERS:
        raise ValueError(
            f"Expected a sampler that has been fitted, by fit_sampler({sampler!r}, images). "
            f"Received: sampler={sampler!r}, of {', '.join([PRIOR, *fitted])}"
        )
    raise ValueError(
        f"Expected a sampler of prior, {', '.join(SAMPLERS)}; {nearest(str(sampler), [PRIOR, *SAMPLERS])} "
        f"Received: sampler={sampler!r}"
    )


def fitted_samplers(model):
    """Names of the samplers of a model that have been fitted."""
    return [kind for kind in model.samplers or () if getattr(model, f"{kind}_sampler").is_fitted]


def unfit_samplers(model):
    """Has a model draw codes from its prior until samplers are fitted again, as before a training that does so."""
    for kind in fitted_samplers(model):
        getattr(model, f"{kind}_sampler").fitted.assign(0.0)


@functools.wraps(inputs.fit)
def fit(self, x=None, y=None, *args, **kwargs):
    """As `inputs.fit`, whose docstring it gets; warns if samplers have been fitted."""
    _warn_of_fitted(self)
    return inputs.fit(self, x, y, *args, **kwargs)


@functools.wraps(inputs.train_on_batch)
def train_on_batch(self, x, y=None, *args, **kwargs):
    """As `inputs.train_on_batch`; warns if samplers have been fitted."""
    _warn_of_fitted(self)
    return inputs.train_on_batch(self, x, y, *args, **kwargs)


def _warn_of_fitted(model):
    fitted = fitted_samplers(model)
    if fitted:
        warnings.warn(
            f"Training moves the codes, to which the samplers {', '.join(fitted)} were fitted: call fit_sampler again",
            stacklevel=3,
        )


def fit_sampler(self, sampler, images, size=None, *, seed=0, batch_size=256, **conditions):
    """Fits a sampler to the codes of images, from which `generate` then draws codes.

    The sampler is kept in saved files, presets and exports. Fit it after training: training moves the codes.

    Args:
        sampler: `"mixture"`: a mixture of Gaussians with full covariances, by scikit-learn. `"aggregate"`: the mean of
            the posteriors of some images, where these are Gaussians of independent components; of other posteriors, one
            draw of each, and of a deterministic encoder, its codes. `"two_stage"`: a second VAE, trained on the codes.
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`: those of the training.
        size: Components of the mixture (`None`: 10), images of the aggregate posterior (1,000), or units of the hidden
            layers of the second VAE (256).
        seed: Of the draws of codes, and of the fit.
        batch_size: Images in one pass through the encoder.
        **conditions: Models with conditions: their values, one per image, such as `labels`.

    Raises:
        ValueError: On another sampler, images that do not fit, or too few of them; the model is unchanged then. Models
            whose codes are not any real numbers (`hyperspherical_vae`, `categorical_vae`, `vq_vae`) take `"aggregate"`.

    References:
        Mixture: https://arxiv.org/abs/1903.12436, section 4. Aggregate posterior: https://arxiv.org/abs/1511.05644,
        equation 1. Two stages: https://arxiv.org/abs/1903.05789, section 3.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> model.fit_sampler("mixture", digits, size=4)
    >>> model.generate(4, seed=0).shape  # from the mixture
    (4, 8, 8, 1)
    """
    check_choice(tuple(SAMPLERS), sampler=sampler)
    size = DEFAULT_SIZES[sampler] if size is None else size
    check_at_least(1, size=size)
    check_prior_is_real(self, [sampler])
    codes = draw_codes(self, images, check_seed(seed), batch_size, conditions)
    with sampling.seeded_initializers(abs(seed) % 2**32):
        fitted = SAMPLERS[sampler](self.latent_dim, size)
        fitted.fit(codes, abs(seed) % 2**32)
    self.samplers = {**(self.samplers or {}), sampler: size}
    layers = {kind: getattr(self, f"{kind}_sampler", None) for kind in self.samplers}
    for kind in self.samplers:  # in this order, in which a copy has their weights, too
        self._tracker.untrack(layers[kind])  # Keras keeps a layer after its attribute has another value
        setattr(self, f"{kind}_sampler", fitted if kind == sampler else layers[kind])
    self.__dict__.get("_functions", {}).clear()  # compiled with an earlier sampler


def load_weights(self, filepath, *args, **kwargs):
    """As in Keras; a file with other samplers than the model is refused, and the model stays as it is.

    Keras leaves out what the model does not have, and loads the rest before it says what the file does not have.
    """
    stored = samplers_in_file(filepath)
    if stored is not None:
        own = {kind: getattr(self, f"{kind}_sampler").weights for kind in self.samplers or ()}
        own = {kind: sorted(tuple(weight.shape) for weight in weights) for kind, weights in own.items()}
        missing = [kind for kind in stored if kind not in own]
        if missing:
            raise ValueError(
                f"Expected a model with the samplers of {filepath}, as of samplers={{{missing[0]!r}: size}}. "
                f"Received: one without {', '.join(missing)}"
            )
        others = [kind for kind in own if stored.get(kind) != own[kind]]
        if others and not kwargs.get("skip_mismatch"):
            sizes = {kind: self.samplers[kind] for kind in others}
            raise ValueError(
                f"Expected weights of a model with samplers={sizes}, as this one. Received: those of one "
                f"{'with other sizes' if others[0] in stored else f'without {others[0]}'}, in {filepath}"
            )
    return keras.Model.load_weights(self, filepath, *args, **kwargs)


def draw_codes(model, images, seed, batch_size, conditions):
    """`Codes` of images."""
    images = as_array(images, "images")
    model.values.check(images)
    given = given_with_images(model, conditions, len(images))

    def codes(images, seed, rows, **conditions):
        return model.drawn_codes(model.encoded(model.to_network(images), **conditions), seed, rows)

    rows = np.arange(len(images), dtype="int64")
    parts = in_batches(model, "draw_codes", codes, batch_size, images, np.int64(seed), rows, **given)
    columns = [joined(list(column), (model.latent_dim,)) for column in zip(*parts, strict=True)]
    return Codes(*columns) if columns else Codes(np.empty((0, model.latent_dim), "float32"))


def export_functions(model, image_dtype):
    """The signature `sample` of a model whose codes are not draws of a standard normal: from noise to images."""
    source, name = code_source(model), model.values.name
    if source.kind == NormalPrior.kind:
        return {}

    def sample(noise, **inputs):
        z = code_source(model).from_normal(noise)  # made anew: a prior may keep tensors of its graph
        return {name: model.images_from_codes(z, image_dtype, **by_plural(model, inputs))}

    inputs = {**normal_input("noise", source.noise_dim), **condition_inputs(model)}
    return {"sample": ExportFunction(sample, inputs, (name,), portable=source.portable)}
