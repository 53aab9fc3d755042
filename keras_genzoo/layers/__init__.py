"""Layers that Keras does not have, one a file."""

from keras_genzoo.layers.batch_normalization import BatchNormalization, frozen_statistics

__all__ = ["BatchNormalization", "frozen_statistics"]
