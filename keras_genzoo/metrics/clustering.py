"""How well clusters that were found without labels agree with classes."""

import numpy as np

from keras_genzoo.utils.arrays import as_array


def unsupervised_error(clusters, labels):
    """Share of images whose class is not the one that their cluster stands for.

    Each cluster stands for at most one class, and each class has at most one cluster: the assignment with the fewest
    errors on these same images. Images in a cluster without a class, and of a class without a cluster, count as errors.
    The labels serve the assignment alone.

    Args:
        clusters: Integers of at least 0, (n,): the cluster of each image.
        labels: Integers of at least 0, (n,): the class of each image.

    Returns:
        dict: "value", 0..1, lower is better; "assignment", dict of the class of each cluster that has one;
        "protocol".

    Raises:
        ValueError: If there are no images, or an array is not of integers of at least 0 of shape (n,).

    References:
        - Chen et al. 2016, [InfoGAN](https://arxiv.org/abs/1606.03657), section 7.2: 5 % on the digits of MNIST.
        - Kuhn 1955, The Hungarian method for the assignment problem.

    Example:

    >>> unsupervised_error([2, 2, 0, 0, 0], [0, 0, 1, 1, 0])["value"]
    0.2
    """
    from scipy.optimize import linear_sum_assignment

    clusters, labels = (_integers(each, name) for each, name in ((clusters, "clusters"), (labels, "labels")))
    if len(clusters) != len(labels):
        raise ValueError(f"Expected one cluster per label. Received: {len(clusters)} clusters and {len(labels)} labels")
    counts = np.zeros((clusters.max() + 1, labels.max() + 1), "int64")
    np.add.at(counts, (clusters, labels), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    assignment = {int(row): int(column) for row, column in zip(rows, columns, strict=True) if counts[row, column]}
    value = (len(labels) - counts[rows, columns].sum()) / len(labels)
    used = {"num_clusters": len(np.unique(clusters)), "num_classes": len(np.unique(labels))}
    return {"value": float(value), "assignment": assignment, "protocol": {"n": len(labels), **used}}


def _integers(values, name):
    values = as_array(values, name)
    if values.ndim != 1 or not len(values) or not np.issubdtype(values.dtype, np.integer) or values.min() < 0:
        raise ValueError(
            f"Expected {name} as integers of at least 0, of shape (n,), of at least one image. "
            f"Received: dtype {values.dtype}, shape {values.shape}{_least(values)}"
        )
    return values


def _least(values):
    numbers = np.issubdtype(values.dtype, np.number) and values.size
    return f", least value {values.min()}" if numbers else ""
