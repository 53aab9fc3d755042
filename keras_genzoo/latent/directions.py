"""Directions in latent space along which the images of a model change most."""

from typing import NamedTuple

import numpy as np

from keras_genzoo.families.batches import in_batches
from keras_genzoo.latent.codes import check_smooth
from keras_genzoo.utils.checks import check_at_least, check_seed

# Step of the central difference, in units of z. Its error is of second order, and the rounding error of float32 images
# is 1e-7 / STEP: both are below a thousandth of a visible slope.
STEP = 1e-2
# Bytes of the Jacobians that are kept in memory at once.
MEMORY = 2**27


class Directions(NamedTuple):
    """Directions in latent space, in descending order of the change of the images.

    Fields:
        vectors: float32 `(num, latent_dim)`, orthonormal rows. The element of largest magnitude of each row is
            positive.
        eigenvalues: float64 `(num,)`: mean squared change of an image, summed over pixels in [0, 1], for a step of
            length 1 along the row, in linear approximation. That is a standard deviation of a normal prior.
    """

    vectors: np.ndarray
    eigenvalues: np.ndarray

    def __repr__(self):
        num, dim = self.vectors.shape
        ends = f"{self.eigenvalues[0]:.3g} to {self.eigenvalues[-1]:.3g}"
        return f"<Directions: {num} in {dim} dimensions, eigenvalues {ends}>"


def leading_directions(model, num=8, num_samples=64, seed=0, batch_size=64):
    """The directions in latent space that change the images of a model most, on average over its prior.

    They are the eigenvectors of the mean of `J(z)^T J(z)` over codes z from the prior, where J is the Jacobian of the
    image with respect to z, by central differences.

    Args:
        model: A model with codes: it has `latent_sample` and `images_from_codes`. Conditions take their default
            values: image i has label `i % num_classes`.
        num: Number of directions, 1..latent_dim.
        num_samples: Number of codes for the mean, at least 1. Time grows with `num_samples * latent_dim`.
        seed: Seed of the codes. The same seed gives the same directions.
        batch_size: Number of images in one pass through the network, at least 1.

    Returns:
        `Directions`: `vectors` (num, latent_dim) and `eigenvalues` (num,).

    Raises:
        ValueError: If an argument is out of its range, or the model has no codes.

    References:
        Wang and Ponce, 2021, https://arxiv.org/abs/2101.06006 (the metric `J^T J` of a generator and its eigenvectors).
        Shen and Zhou, 2021, https://arxiv.org/abs/2007.06600 (SeFa: the closed form for the first layer alone).

    Example:

    >>> import keras_genzoo
    >>> from keras_genzoo.latent import leading_directions
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> vectors, eigenvalues = leading_directions(model, num=2, num_samples=4)
    >>> vectors.shape, bool(eigenvalues[0] >= eigenvalues[1] > 0.0)
    ((2, 4), True)
    """
    if not hasattr(model, "latent_sample"):
        name = getattr(model, "model_name", type(model).__name__)
        raise ValueError(f"Expected a model that makes images from codes z. Received: {name}")
    check_smooth(model)
    check_at_least(1, num=num, num_samples=num_samples, batch_size=batch_size)
    if getattr(model, "compute_dtype", "float32") != "float32":
        model = model.float32_copy()  # in half precision a code plus STEP is often the code itself
    if num > model.latent_dim:
        raise ValueError(f"Expected num of at most latent_dim={model.latent_dim}. Received: num={num}")
    codes = np.asarray(model.latent_sample(num_samples, check_seed(seed)), "float32")
    given = {each.name: np.asarray(each.default(seed, 0, num_samples)) for each in model.conditions}
    size = 4 * model.latent_dim * int(np.prod(model.image_shape))
    part = max(1, MEMORY // size)
    total = np.zeros((model.latent_dim, model.latent_dim))
    for first in range(0, num_samples, part):
        conditions = {name: values[first : first + part] for name, values in given.items()}
        jacobians = _jacobians(model, codes[first : first + part], conditions, batch_size)
        total += np.einsum("ndp,nep->de", jacobians, jacobians, dtype="float64", optimize=True)
    eigenvalues, columns = np.linalg.eigh(total / num_samples)  # in rising order
    order = np.argsort(-eigenvalues, kind="stable")[:num]
    vectors = columns.T[order]
    largest = vectors[np.arange(num), np.argmax(np.abs(vectors), axis=1)]
    return Directions((vectors * np.sign(largest)[:, None]).astype("float32"), np.maximum(eigenvalues[order], 0.0))


def _jacobians(model, codes, conditions, batch_size):
    """Derivatives of the images with respect to each element of their codes: `(n, d)` -> float32 `(n, d, pixels)`."""
    num, dim = codes.shape
    steps = np.float32(STEP) * np.eye(dim, dtype="float32")
    moved = np.stack([codes[:, None] + steps, codes[:, None] - steps], axis=1)  # (n, 2, d, d)
    repeated = {name: np.repeat(values, 2 * dim, axis=0) for name, values in conditions.items()}
    parts = in_batches(model, "codes", model.images_from_codes, batch_size, moved.reshape(-1, dim), **repeated)
    images = np.concatenate(parts).reshape(num, 2, dim, -1)
    return (images[:, 0] - images[:, 1]) / np.float32(2 * STEP)
