"""What metrics refuse instead of giving a number: arrays that are not what they seem, and seeds that repeat nothing."""

import inspect
from types import SimpleNamespace

import numpy as np
import pytest

from keras_genzoo import metrics

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(10, 4))
IMAGES = RNG.integers(0, 256, (6, 8, 8, 1), dtype="uint8")
OF_FEATURES = [
    metrics.frechet_distance,
    metrics.kernel_distance,
    metrics.sliced_wasserstein,
    metrics.precision,
    metrics.recall,
    metrics.density,
    metrics.coverage,
    metrics.parzen_log_density,
]
OF_PAIRS = [metrics.mse, metrics.ssim, metrics.translation_l1]
named = lambda each: getattr(each, "__name__", None)  # noqa: E731


@pytest.mark.parametrize("metric", OF_FEATURES, ids=named)
def test_features_are_finite_real_numbers_of_which_none_is_masked(metric):
    for wrong, message in (
        (np.ma.masked_greater(FEATURES, 0.0), "without masked values"),
        (FEATURES.astype(str), "as real numbers"),
        (FEATURES + 1j, "as real numbers"),
        (FEATURES * 1e200, "NaN or infinity in 10 of 10 rows"),  # whose squares overflow
        ([[1.0, 2.0], [1.0]], "as one array"),
    ):
        with pytest.raises(ValueError, match=f"Expected .*{message}"):
            metric(FEATURES, wrong)


@pytest.mark.parametrize("metric", OF_PAIRS, ids=named)
def test_image_metrics_refuse_masked_images_sides_of_0_and_flags_that_are_none(metric):
    with pytest.raises(ValueError, match="without masked values"):
        metric(IMAGES, np.ma.masked_greater(IMAGES, 9))
    with pytest.raises(ValueError, match="of one shape"):
        metric(IMAGES[:, :0], IMAGES[:, :0])
    with pytest.raises(ValueError, match="Expected per_image to be True or False"):
        metric(IMAGES, IMAGES, per_image="no")


@pytest.mark.parametrize("size", [(28,), 28, (2, 8), (8.5, 8)], ids=str)
def test_ssim_needs_a_window_of_several_pixels(size):
    with pytest.raises(ValueError, match="Expected (image_size|height)"):
        metrics.ssim_window(size)


@pytest.mark.parametrize("radius", [np.nan, -1.0])
def test_radii_are_at_least_0(radius):
    with pytest.raises(ValueError, match="Expected radii of at least 0"):
        metrics.precision(FEATURES, FEATURES, radii=np.full(10, radius))


@pytest.mark.parametrize(
    "metric",
    [
        metrics.kernel_distance,
        metrics.sliced_wasserstein,
        metrics.image_sliced_wasserstein,
        metrics.parzen_log_density,
        metrics.binarize,
    ],
    ids=named,
)
def test_seed_that_repeats_nothing_is_refused(metric):
    sets = (IMAGES, IMAGES) if "real_images" in inspect.signature(metric).parameters else (FEATURES, FEATURES)
    sets = (IMAGES,) if metric is metrics.binarize else sets
    for seed in (None, -1, 1.5, "0"):
        with pytest.raises(ValueError, match="Expected seed to be an integer of at least 0"):
            metric(*sets, seed=seed)


def test_likelihood_needs_one_label_per_image():
    model = SimpleNamespace(elbo=lambda images, seed, start, labels: np.zeros(len(images)))
    assert metrics.elbo(model, IMAGES, labels=np.arange(6))["value"] == 0.0
    for num in (3, 9):
        with pytest.raises(ValueError, match="Expected 6 labels"):
            metrics.elbo(model, IMAGES, labels=np.arange(num))


def test_evaluate_needs_one_label_per_image_also_where_some_images_are_drawn():
    model = SimpleNamespace(predict_labels=lambda images: np.zeros(len(images), int))
    for labels in (np.zeros(9, int), np.zeros(3, int), np.full(6, 0.5), np.full(6, np.nan)):
        for num_images in (4, 6):
            with pytest.raises(ValueError, match="Expected (6|the) labels"):
                metrics.evaluate(model, (IMAGES, labels), "accuracy", num_images=num_images)


def test_gan_test_needs_labels_images_and_a_class_for_each():
    model = SimpleNamespace(num_classes=2)
    reader = SimpleNamespace(predict_labels=lambda images: np.zeros(1, int))
    with pytest.raises(ValueError, match="Expected a model that takes labels"):
        metrics.gan_test(SimpleNamespace(), reader, IMAGES)
    with pytest.raises(ValueError, match="Expected at least one image"):
        metrics.gan_test(model, reader, IMAGES[:0])
    with pytest.raises(ValueError, match="Expected one class per image"):
        metrics.gan_test(model, reader, IMAGES)
