"""The unsupervised error: the best assignment of clusters to classes, by trying all."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from keras_genzoo.metrics import evaluate, unsupervised_error


def least_error(clusters, labels, num):
    """The error of the best of all one-to-one assignments among `num` clusters and classes."""
    return min(np.mean(np.array(order)[clusters] != labels) for order in itertools.permutations(range(num)))


def test_error_is_that_of_the_best_of_all_assignments():
    rng = np.random.default_rng(0)
    for num_clusters, num_classes in ((4, 4), (3, 5), (5, 2)):
        labels = rng.integers(0, num_classes, 60)
        clusters = np.where(rng.random(60) < 0.6, (labels * 3 + 1) % num_clusters, rng.integers(0, num_clusters, 60))
        result = unsupervised_error(clusters, labels)
        assert result["value"] == pytest.approx(least_error(clusters, labels, 5))
        right = [result["assignment"].get(cluster) == label for cluster, label in zip(clusters, labels, strict=True)]
        assert result["value"] == pytest.approx(1.0 - np.mean(right))


def test_two_clusters_of_one_class_count_once_and_names_of_clusters_do_not_matter():
    assert unsupervised_error([7, 7, 3, 3], [0, 0, 1, 1])["value"] == 0.0
    assert unsupervised_error([0, 0, 1, 1], [5, 5, 5, 5])["value"] == 0.5
    result = unsupervised_error([2, 2, 2, 2], [0, 0, 0, 1])
    assert result["value"] == 0.25 and result["assignment"] == {2: 0}
    assert result["protocol"] == {"n": 4, "num_clusters": 1, "num_classes": 2}


@pytest.mark.parametrize(
    "clusters, labels, message",
    [
        ([0, 1], [0, 1, 1], "Expected one cluster per label. Received: 2 clusters and 3 labels"),
        ([], [], "Expected clusters as integers of at least 0, .* Received: dtype float64, shape"),
        ([0.0, 1.0], [0, 1], "Expected clusters as integers of at least 0, .* Received: dtype float64"),
        ([0, 1], [0, -1], "Expected labels as integers of at least 0, .* least value -1"),
        ([[0, 1]], [[0, 1]], r"Expected clusters as integers of at least 0, .* shape \(1, 2\)"),
    ],
)
def test_what_are_no_clusters_or_classes_is_refused(clusters, labels, message):
    with pytest.raises(ValueError, match=message):
        unsupervised_error(clusters, labels)


def test_evaluate_takes_the_codes_of_a_model_and_needs_labels():
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype="uint8")
    labels = images[:, 0, 0, 0].astype(int) % 3
    model = SimpleNamespace(predict_codes=lambda x: (x[:, 0, 0, 0].astype(int) % 3 + 1) % 3)
    labels[:5] = (labels[:5] + 1) % 3
    result = evaluate(model, (images, labels), "unsupervised_error")["unsupervised_error"]
    assert result["value"] == pytest.approx(0.25) and result["protocol"]["n_real"] == 20
    assert result["assignment"] == {"0": 2, "1": 0, "2": 1}
    with pytest.raises(ValueError, match="Expected images with labels for the metric 'unsupervised_error'"):
        evaluate(model, images, "unsupervised_error")
