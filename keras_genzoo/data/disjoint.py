"""Whether two splits of a source share images."""

import numpy as np

from keras_genzoo.data.sources import found_split
from keras_genzoo.data.splits import split_rows


def check_disjoint(source, split, validation_split, limit=None, **options):
    """Raises `ValueError` if a split for validation has images that are trained on.

    Args:
        source: As for `keras_genzoo.data.load`.
        split: The split for training.
        validation_split: The split for validation.
        limit: Maximum number of images of each.
        **options: `data_dir`, `image_key` and `label_key`, as for `load`.

    Example:

    >>> check_disjoint("digits", "train[:90%]", "train[90%:]")
    """
    (name, whole), (other, _) = (found_split(source, each, **options) for each in (split, validation_split))
    if name != other:
        return
    part = whole()
    rows = [split_rows(each, len(part), limit, part.stored_shuffled) for each in (split, validation_split)]
    shared = len(np.intersect1d(*rows))
    if shared:
        raise ValueError(
            f"Expected a validation split without training images, such as 'test', or 'train[90%:]' for training on "
            f"'train[:90%]'. Received: split={split!r} and validation_split={validation_split!r}; images of "
            f"{part.name} in both: {shared}"
        )
