"""Labels for some of the images: `UNLABELLED` stands for an image without one, and labels can be hidden."""

from dataclasses import dataclass

import numpy as np

from keras_genzoo.data.checks import UNLABELLED, check_labels
from keras_genzoo.data.splits import fixed_order
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least, check_flag, check_none_or_at_least


def hide_labels(labels, num_labelled, name="the data"):
    """Keeps the labels of some images, the same number of each class as far as it goes, and hides the others.

    Images are taken from one fixed order, `numpy.random.default_rng(2718).permutation(n)`: first one image of each
    class in the order of the classes, then a second one, and so on. So a smaller choice is part of a larger one, and it
    is the same for all seeds of a training.

    Args:
        labels: Integers of at least 0, `(n,)`; -1 for an image that has no label.
        num_labelled: How many labels are kept: at least one per class, and at most as many as there are; or 0.
        name: Name of the data in error messages.

    Returns:
        int32 array `(n,)`: the labels that are kept, and -1 for the other images.

    Raises:
        ValueError: If the labels or their number are invalid.

    Example:

    >>> hide_labels([0, 0, 0, 1, 1, 1], 2).tolist()
    [-1, -1, 0, -1, 1, -1]
    """
    check_at_least(0, num_labelled=num_labelled)
    labels = as_array(labels, "labels")
    labels = check_labels(labels, len(labels) if labels.ndim else 0, name, partial=True)
    order = fixed_order(len(labels))
    order = order[labels[order] != UNLABELLED]
    classes, counts = np.unique(labels[order], return_counts=True)
    if num_labelled > len(order):
        raise ValueError(
            f"Expected num_labelled of at most {len(order)}, the number of images with labels in {name}. "
            f"Received: num_labelled={num_labelled}"
        )
    if 0 < num_labelled < len(classes):
        raise ValueError(
            f"Expected num_labelled of at least {len(classes)}, one image of each class in {name}, or 0 for no labels. "
            f"Received: num_labelled={num_labelled}"
        )
    by_class = order[np.argsort(labels[order], kind="stable")]
    turn = np.concatenate([np.arange(count) for count in (0, *counts)])  # how many of its class come before an image
    kept = by_class[np.argsort(turn, kind="stable")][:num_labelled]
    hidden = np.full_like(labels, UNLABELLED)
    hidden[kept] = labels[kept]
    return hidden


def labelled_rows(part):
    """The images of a part that have a label, without those whose label is -1, as a part."""
    if part.labels is None:
        raise ValueError(f"Expected labels for labelled:. Received: {part.name}, which has none")
    labels = check_labels(part.labels, len(part), part.name, partial=True)
    rows = np.flatnonzero(labels != UNLABELLED)
    if not len(rows):
        raise ValueError(f"Expected images with labels in {part.name}. Received: -1, no label, for all {len(part)}")
    return part.take(rows)


@dataclass(frozen=True)
class Labelling:
    """What `labels`, `num_labelled` and `repeat_labelled` of `keras_genzoo.data.load` ask for; false without labels.

    Args:
        labels: True, False or `"partial"`.
        num_labelled: See `hide_labels`; None keeps all labels.
        repeat_labelled: How often an epoch has each image with a label.
    """

    labels: bool | str = False
    num_labelled: int | None = None
    repeat_labelled: int = 1

    def __post_init__(self):
        if isinstance(self.labels, str) and self.labels != "partial":
            raise ValueError(f"Expected labels to be True, False or 'partial'. Received: labels={self.labels!r}")
        if self.labels != "partial":
            check_flag(labels=self.labels)
        check_at_least(1, repeat_labelled=self.repeat_labelled)
        check_none_or_at_least(0, num_labelled=self.num_labelled)
        if self.num_labelled is not None and not self.labels:
            raise ValueError(
                f"Expected labels=True with num_labelled. Received: labels=False, num_labelled={self.num_labelled}"
            )
        if self.repeat_labelled > 1 and (self.num_labelled == 0 or not self.is_partial):
            raise ValueError(
                "Expected repeat_labelled=1 where all images have a label, or none. "
                f"Received: repeat_labelled={self.repeat_labelled}"
            )

    def __bool__(self):
        return bool(self.labels)

    @property
    def is_partial(self):
        """Whether -1 is allowed, for an image without a label."""
        return self.labels == "partial" or self.num_labelled is not None

    def checked(self, labels, count, name):
        """Labels as int32 `(n,)`; -1 is allowed where not every image has one."""
        return check_labels(labels, count, name, self.is_partial)

    def applied(self, labels, count, name):
        """The labels of a part, checked, of which some are hidden as asked; all, where a part has none."""
        if labels is None:
            return np.full(count, UNLABELLED, np.int32)
        labels = self.checked(labels, count, name)
        return labels if self.num_labelled is None else hide_labels(labels, self.num_labelled, name)

    def repeated(self, labels):
        """Numbers of the images of an epoch in the stored order, for the labels of all images."""
        labelled = np.flatnonzero(labels != UNLABELLED)
        return np.concatenate([np.arange(len(labels)), np.tile(labelled, self.repeat_labelled - 1)])
