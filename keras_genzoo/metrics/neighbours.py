"""Nearest training images of generated ones: whether a model has learned its images by heart."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

from keras_genzoo.metrics import health
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.pixels import check_images


class Neighbours(NamedTuple):
    """The nearest training images of generated ones, and of real ones that were not trained on.

    Distances are root mean squares over pixels, in grey levels (0..255). Images with sides of 64 or more are reduced.

    Fields:
        indices: int64 `(n, k)`: numbers of the nearest training images of each sample, the nearest first.
        distances: float32 `(n,)`, to the nearest one.
        copied: bool `(n,)`: which samples are nearly copies, by the rule of `keras_genzoo.metrics.health.copied`.
        usual_distances: float32 `(m,)`, of the images that were held out.
        usual_copied: bool `(m,)`.
        num_training: Number of training images.
        held_out: Whether images were held out; else they are some of the training images, compared with the others.
    """

    indices: np.ndarray
    distances: np.ndarray
    copied: np.ndarray
    usual_distances: np.ndarray
    usual_copied: np.ndarray
    num_training: int
    held_out: bool

    def __repr__(self):
        return f"<Neighbours: {self.verdict()}>"

    @property
    def memorized(self):
        """Whether more samples are copies than is usual, by the limit of the callback `GANHealth`."""
        from keras_genzoo.callbacks.health_signs import SIGNS  # which imports Keras

        (sign,) = [each for each in SIGNS if each.measure == "new_copies"]
        return bool(sign.beyond(self.copied.mean() - self.usual_copied.mean()))

    def verdict(self):
        """One sentence: whether the model memorizes, and the numbers that say so."""
        which = "images that were held out" if self.held_out else "training images, among the others"
        return (
            f"{'Memorizing' if self.memorized else 'No sign of memorizing'}: {self.copied.mean():.1%} of "
            f"{len(self.copied)} samples are nearly copies of one of {self.num_training} training images, and "
            f"{self.usual_copied.mean():.1%} of {len(self.usual_copied)} {which}; the median distance to the nearest "
            f"one is {np.median(self.distances):.1f} and {np.median(self.usual_distances):.1f} grey levels."
        )


def nearest_neighbours(images, training, held_out=None, num=4):
    """Compares generated images with those that a model was trained on.

    A sample is nearly a copy if the nearest training image is at less than a third of the distance of the second
    nearest. Real images that were not trained on tell how often that happens by chance. Samples that are nearer to
    training images than those are need no copies: blurred images are near to many.

    Args:
        images: Generated images, uint8 0..255 or float 0..1, `(n, height, width, channels)`, at least one.
        training: The images that were trained on, of the same size, at least 2: all of them, or copies are overlooked.
        held_out: Real images that were not; `None` takes some of the training images and compares them with the others.
        num: Nearest images that are looked for, at least 1; fewer where there are fewer.

    Returns:
        `Neighbours`.

    Raises:
        ValueError: If the images do not fit.

    References:
        Yoon et al., 2023, Diffusion probabilistic models generalize when they fail to memorize.

    Example:

    >>> import keras_genzoo
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> nearest_neighbours(digits[:100], digits[:500], digits[500:600]).memorized
    True
    """
    check_at_least(1, num=num)
    images, training = _levels(images, "images", 1), _levels(training, "training", 2)
    some = None if held_out is None else _levels(held_out, "held_out", 1)
    for name, each in (("training", training), ("held_out", training if some is None else some)):
        if each.shape[1:] != images.shape[1:]:
            raise ValueError(f"Expected {name} images of shape {images.shape[1:]}. Received: {each.shape[1:]}")
    rows, known = health.as_rows(images), health.as_rows(training)
    if some is None:
        half = min(len(known) // 2, max(len(rows), 100))
        usual, others = known[:half], known[half:]
        copied, usual_copied = health.copied(rows, known), health.copied(usual, others)
    else:
        usual, others = health.as_rows(some), known
        both = health.copied(np.concatenate([rows, usual]), known)
        copied, usual_copied = both[: len(rows)], both[len(rows) :]
    indices, distances = _nearest(rows, known, num)
    _, usual_distances = _nearest(usual, others, 1)
    return Neighbours(indices, distances, copied, usual_distances, usual_copied, len(known), some is not None)


def _levels(images, name, least):
    """Images as an array of grey levels 0..255, uint8 or float32."""
    images = as_array(images, name)
    check_images(images)
    if len(images) < least:
        raise ValueError(f"Expected at least {least} image(s) as {name}. Received: {len(images)}")
    return images if images.dtype == np.uint8 else images.astype("float32") * 255.0


def _nearest(rows, others, num):
    """Numbers of the nearest of `others` for each row, `(n, num)`, and root mean square differences from the first."""
    num, found = min(num, len(others)), []
    for first in range(0, len(rows), health.PART):
        distances = euclidean_distances(rows[first : first + health.PART], others)
        some = np.argpartition(distances, num - 1, axis=1)[:, :num]
        order = np.argsort(np.take_along_axis(distances, some, axis=1), axis=1, kind="stable")
        found.append(np.take_along_axis(some, order, axis=1))
    indices = np.concatenate(found)
    return indices, np.sqrt(np.square(rows - others[indices[:, 0]]).mean(axis=1)).astype("float32")
