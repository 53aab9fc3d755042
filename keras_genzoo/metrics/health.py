"""What the health of a GAN is read from: scores of the discriminator, and distances between images.

Distances are Euclidean, between rows of any kind; `as_rows` makes rows of images.
"""

import math

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import euclidean_distances

MAX_SIDE = 32  # of images whose distances are taken
COPY_RATIO = 1 / 3
PART = 512  # rows whose distances to all originals are in memory at once


def as_rows(images):
    """One row of numbers per image: float32 `(n, d)`.

    Images with sides of 64 or more are reduced by averages of squares of pixels to sides of 32 to 63, which keeps the
    cost of distances fixed. Arrays of another rank, such as points `(n, d)`, are flattened.

    Example:

    >>> as_rows(np.ones((2, 256, 128, 3))).shape, as_rows(np.ones((5, 2))).shape
    ((2, 6144), (5, 2))
    """
    images = np.asarray(images, "float32")
    if images.ndim == 4:
        factor = max(1, min(images.shape[1:3]) // MAX_SIDE)
        height, width = (side // factor for side in images.shape[1:3])
        blocks = images[:, : height * factor, : width * factor]
        images = blocks.reshape(len(images), height, factor, width, factor, -1).mean(axis=(2, 4))
    return images.reshape(len(images), -1)


def pair_accuracy(real_scores, fake_scores):
    """The share of pairs of a real and a generated image in which the real one has the higher score.

    The area under the ROC curve: 0.5 where the scores do not tell the two apart, 1 where one threshold separates all of
    them. It is the same for logits, probabilities and the scores of a critic, which have no zero.

    Args:
        real_scores: Scores of real images, any shape; ties count one half.
        fake_scores: Scores of generated images.

    Returns:
        float in [0, 1].

    References:
        Hanley and McNeil, 1982, The meaning and use of the area under a receiver operating characteristic curve.

    Example:

    >>> pair_accuracy([3.0, 1.0], [2.0, 0.0])
    0.75
    """
    real, fake = np.ravel(real_scores), np.ravel(fake_scores)
    labels = np.concatenate([np.ones(len(real)), np.zeros(len(fake))])
    return float(roc_auc_score(labels, np.concatenate([real, fake])))


def mean_distance(rows, others=None):
    """Mean distance between different rows; with `others`, between row i of one and row j of the other, i not j.

    Example:

    >>> mean_distance([[0.0], [3.0]]), mean_distance([[0.0], [3.0]], [[9.0], [1.0]])
    (3.0, 3.5)
    """
    distances = euclidean_distances(rows, rows if others is None else others)
    return float(distances[~np.eye(len(distances), dtype=bool)].mean())


def spread(rows):
    """Mean distance between different rows, exactly 0 where all are equal, which rounding would hide.

    Example:

    >>> spread([[0.1, 0.7], [0.1, 0.7]]), spread([[0.0], [3.0]])
    (0.0, 3.0)
    """
    return mean_distance(rows) if np.ptp(rows, axis=0).any() else 0.0


def shift(before, after):
    """How far the distribution of rows has moved: 0 for none, 1 for two points.

    Energy distance between two batches, divided by twice their mean distance. A generator that gives other images for
    the same codes, but the same images for all codes together, has not moved.

    Args:
        before: `(n, d)`, n >= 2.
        after: The same, of the same codes.

    Returns:
        float; about -0.01 to 0 where nothing moves, by chance.

    References:
        Szekely and Rizzo, 2013, Energy statistics: a class of statistics based on distances, section 4.

    Example:

    >>> shift([[0.0], [1.0]], [[0.0], [1.0]]), shift([[0.0], [0.0]], [[1.0], [1.0]])
    (0.0, 1.0)
    """
    between = mean_distance(before, after)
    within = (mean_distance(before) + mean_distance(after)) / 2
    return 1.0 - within / between if between > 0.0 else 0.0


def distance_to(real, rows):
    """How far rows as a whole are from real ones, as in `shift`, where row i belongs to no other one: 0 to 1."""
    between = float(euclidean_distances(real, rows).mean())
    return 1.0 - (mean_distance(real) + mean_distance(rows)) / (2 * between) if between > 0.0 else 0.0


def over(value, other):
    """A quotient of numbers of at least 0; infinite over zero, and 1 where both are zero."""
    if other > 0.0:
        return value / other
    return math.inf if value > 0.0 else 1.0


def nearest(rows, others):
    """Number of the nearest one of `others` for each row, int64 `(n,)`."""
    return euclidean_distances(rows, others).argmin(axis=1)


def nearest_other(rows):
    """Number of the nearest different row for each row, int64 `(n,)`."""
    distances = euclidean_distances(rows)
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)


def effective_number(chosen):
    """How many things are chosen: the inverse of the probability that two choices are the same one.

    Example:

    >>> effective_number([0, 1, 2, 3]), effective_number([5, 5, 5, 5])
    (4.0, 1.0)
    """
    counts = np.unique(chosen, return_counts=True)[1]
    return float(counts.sum() ** 2 / (counts**2).sum())


def copied(rows, originals):
    """Which rows are copies of an original: at less than a third of the distance to the second nearest original.

    The rule needs no scale, and blurred images, which are near to many originals, are no copies. Equal originals count
    once. With fewer than two different originals, nothing can be told.

    Args:
        rows: `(n, d)`.
        originals: `(m, d)`.

    Returns:
        bool `(n,)`.

    References:
        Yoon et al., 2023, Diffusion probabilistic models generalize when they fail to memorize.

    Example:

    >>> copied([[0.1], [0.4]], [[0.0], [1.0]]).tolist()
    [True, False]
    """
    originals = np.unique(originals, axis=0)
    if len(originals) < 2:
        return np.zeros(len(rows), bool)
    found = [np.zeros(0, bool)]
    for first in range(0, len(rows), PART):
        nearest, second = np.partition(euclidean_distances(rows[first : first + PART], originals), 1, axis=1)[:, :2].T
        found.append(nearest < COPY_RATIO * second)
    return np.concatenate(found)


def copied_among(rows):
    """Which rows are copies of another row, by the rule of `copied`, where equal rows are no copies: bool `(n,)`."""
    if len(rows) < 3:
        return np.zeros(len(rows), bool)
    distances = euclidean_distances(rows)
    np.fill_diagonal(distances, np.inf)
    distances[distances == 0.0] = np.inf
    first, second = np.partition(distances, 1, axis=1)[:, :2].T
    return first < COPY_RATIO * second


class RealImages:
    """Real images that the generated ones of a training are compared with.

    Args:
        images: All of them, `(n, ...)`, n >= 2, in the range of the networks. Copies are looked for among all.
        num: Number of generated images. As many real ones, the first, stand for the data.
    """

    def __init__(self, images, num):
        self.known = as_rows(images)
        self.some = self.known[:num]
        self.distance = spread(self.some)
        self.usual = effective_number(nearest_other(self.some))
        self.known_copies = float(copied_among(self.known).mean())

    def compared(self, played, before):
        """The measures of an epoch, and the counts that sentences state.

        Args:
            played: What the players made of a batch: see `keras_genzoo.families.health.players`.
            before: Generated images of the last epoch, of the same codes.

        Returns:
            Dict of numbers by name.
        """
        rows, gradient = as_rows(played["images"]), float(played["gradients"].mean())
        scores = [np.ravel(played[key]) for key in ("real_scores", "fake_scores")]
        resembled = effective_number(nearest(rows, self.some))
        copies = float(copied(rows, self.known).mean())
        # How much the loss changes over the distance of two images, to first order, in units of the scores' spread.
        change = gradient * self.distance if self.distance else math.inf
        flatness = over(change, float(np.concatenate(scores).std())) if gradient else 0.0
        return {
            "accuracy": pair_accuracy(*scores),
            "gradient": gradient,
            "relative_gradient": flatness,
            "diversity": over(spread(rows), self.distance),
            "neighbours": resembled / self.usual,
            "shift": shift(as_rows(before), rows),
            "distance": distance_to(self.some, rows),
            "copies": copies,
            "new_copies": copies - self.known_copies,
            "resembled": resembled,
            "usual": self.usual,
            "num": len(rows),
            "num_real": len(self.some),
            "num_known": len(self.known),
        }
