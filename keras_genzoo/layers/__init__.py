"""Layers that Keras does not have, one per file."""

from keras_genzoo.layers.batch_normalization import BatchNormalization
from keras_genzoo.layers.frozen import frozen_statistics
from keras_genzoo.layers.image_history import ImageHistory
from keras_genzoo.layers.instance_normalization import InstanceNormalization
from keras_genzoo.layers.masked_dense import MaskedDense
from keras_genzoo.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "BatchNormalization",
    "ImageHistory",
    "InstanceNormalization",
    "MaskedDense",
    "SpectralNormalization",
    "frozen_statistics",
]
