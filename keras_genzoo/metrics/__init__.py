"""Metrics of generative models: distances between sets of images, likelihoods, reconstructions, disentanglement.

`evaluate` computes them for a model and returns each value with its protocol; the other functions take arrays. Feature
metrics take float arrays (n, d), image metrics take uint8 0..255 or float 0..1, (n, height, width, channels).
"""

from keras_genzoo.metrics.class_conditional import gan_test, gan_train
from keras_genzoo.metrics.clustering import unsupervised_error
from keras_genzoo.metrics.disentanglement import factor_vae_score, mutual_information_gap
from keras_genzoo.metrics.evaluate import evaluate
from keras_genzoo.metrics.features import (
    ClassifierFeatures,
    FeatureExtractor,
    InceptionFeatures,
    ModelFeatures,
    extractor,
)
from keras_genzoo.metrics.frechet import Moments, feature_moments, frechet_distance
from keras_genzoo.metrics.kernel import KernelDistance, kernel_distance
from keras_genzoo.metrics.likelihood import binarize, elbo, log_likelihood
from keras_genzoo.metrics.manifold import coverage, density, neighbour_distances, precision, recall
from keras_genzoo.metrics.neighbours import Neighbours, nearest_neighbours
from keras_genzoo.metrics.parzen import parzen_log_density
from keras_genzoo.metrics.points import mode_coverage
from keras_genzoo.metrics.reconstruction import mse, ssim, ssim_window
from keras_genzoo.metrics.reference import Reference
from keras_genzoo.metrics.signals import snr, spectrum_error
from keras_genzoo.metrics.sliced_wasserstein import image_sliced_wasserstein, sliced_wasserstein
from keras_genzoo.metrics.table import list_metrics
from keras_genzoo.metrics.translation import psnr, translation_l1

__all__ = [
    "ClassifierFeatures",
    "FeatureExtractor",
    "InceptionFeatures",
    "KernelDistance",
    "ModelFeatures",
    "Moments",
    "Neighbours",
    "Reference",
    "binarize",
    "coverage",
    "density",
    "elbo",
    "evaluate",
    "extractor",
    "factor_vae_score",
    "feature_moments",
    "frechet_distance",
    "gan_test",
    "gan_train",
    "image_sliced_wasserstein",
    "kernel_distance",
    "list_metrics",
    "log_likelihood",
    "mode_coverage",
    "mse",
    "mutual_information_gap",
    "nearest_neighbours",
    "neighbour_distances",
    "parzen_log_density",
    "precision",
    "psnr",
    "recall",
    "sliced_wasserstein",
    "snr",
    "spectrum_error",
    "ssim",
    "ssim_window",
    "translation_l1",
    "unsupervised_error",
]
