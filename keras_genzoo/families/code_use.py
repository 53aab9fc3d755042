"""How much each part of a code tells about its image. `VAE` uses `code_use` as a method; `VQVAE` has its own."""

import numpy as np

from keras_genzoo.families.batches import in_batches
from keras_genzoo.families.given_conditions import given_with_images
from keras_genzoo.utils.arrays import as_array

UNUSED_BELOW = 0.01  # the threshold of Burda et al., for variances


def code_use(self, images, *, batch_size=256, **conditions):
    """How much each part of the code tells about images: near 0 where the posterior has collapsed to the prior.

    A part is a component of the code, or what depends together: a categorical variable, a level of a hierarchy, a
    direction on a sphere. Where its KL divergence has no closed form, as with a learned prior, the measure is the
    variance of the code's mean over the images (Burda et al., section 5.1). Either is below 0.01 for a part that the
    decoder does without. The divergence on a sphere counts from that of the least concentration, kappa = 1.

    Args:
        images: uint8 0..255 or float 0..1, `(n, height, width, channels)`, at least 2.
        batch_size: Images in one pass.
        **conditions: Models with conditions: their values, one per image, such as `labels`.

    Returns:
        float32 NumPy array `(parts,)`: KL divergence from the prior in nats, a mean over the images, or that variance.

    Raises:
        ValueError: On images or conditions that the model does not take.

    References:
        Burda et al., 2016, https://arxiv.org/abs/1509.00519, section 5.1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=3, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> model.code_use(digits[:64]).shape
    (3,)
    """
    images = as_array(images, "images")
    self.values.check(images)
    if len(images) < 2:
        raise ValueError(f"Expected at least 2 images. Received: {len(images)}")
    given = given_with_images(self, conditions, len(images))
    parts = in_batches(self, "code_use", self.code_measures, batch_size, images, **given)
    if "divergences" in parts[0]:
        return np.concatenate([part["divergences"] for part in parts]).mean(axis=0)
    return np.concatenate([part["means"] for part in parts]).var(axis=0)


def code_use_line(model, images, **conditions):
    """One line on what `code_use` of a model gives: how many parts are in use and, for others, what usually helps."""
    use = model.code_use(images, **conditions)
    used = int((use >= UNUSED_BELOW).sum())
    line = f"Codes: {used} of {len(use)} {model.code_part} in use"
    return f"{line}." if used == len(use) else f"{line}; {model.advice_on_unused_codes}."


def code_measures(self, images, **conditions):
    """What `code_use` is taken from: dict of `divergences` `(batch, parts)`, or else of `means` of the codes."""
    images = self.to_network(images)
    divergences = self.posterior(self.encoded(images, **conditions)).divergences(self.prior)
    if divergences is None:
        return {"means": self.codes(images, **conditions)[self.code_names[0]]}
    return {"divergences": divergences}
