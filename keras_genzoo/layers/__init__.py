"""Layers that Keras does not have, one per file."""

from keras_genzoo.layers.batch_normalization import BatchNormalization
from keras_genzoo.layers.conditional_batch_normalization import ConditionalBatchNormalization
from keras_genzoo.layers.dropout import Dropout
from keras_genzoo.layers.frozen import frozen_statistics
from keras_genzoo.layers.grouped_convolution import GroupedConv2D
from keras_genzoo.layers.image_history import ImageHistory
from keras_genzoo.layers.instance_normalization import InstanceNormalization
from keras_genzoo.layers.learned_basis import LearnedBasis
from keras_genzoo.layers.masked_convolution import MaskedConv2D
from keras_genzoo.layers.masked_dense import MaskedDense
from keras_genzoo.layers.minibatch_stddev import MinibatchStdDev
from keras_genzoo.layers.reflection_padding import ReflectionPadding
from keras_genzoo.layers.self_attention import SelfAttention
from keras_genzoo.layers.spectral_normalization import SpectralNormalization
from keras_genzoo.layers.upsampling_convolution import UpsamplingConv1D, UpsamplingConv2D
from keras_genzoo.layers.vector_quantizer import VectorQuantizer

__all__ = [
    "BatchNormalization",
    "ConditionalBatchNormalization",
    "Dropout",
    "GroupedConv2D",
    "ImageHistory",
    "InstanceNormalization",
    "LearnedBasis",
    "MaskedConv2D",
    "MaskedDense",
    "MinibatchStdDev",
    "ReflectionPadding",
    "SelfAttention",
    "SpectralNormalization",
    "UpsamplingConv1D",
    "UpsamplingConv2D",
    "VectorQuantizer",
    "frozen_statistics",
]
