"""Kernels in front of a batch normalization: their size has no effect on its outputs, but on how fast they learn.

Training makes such kernels grow: fourfold in the generator of `dcgan_mnist`. A step of the optimizer then turns them by
so much less, and a pretrained network learns other images more slowly than a new one.

References:
    van Laarhoven, 2017, L2 regularization versus batch and weight normalization, https://arxiv.org/abs/1706.05350,
    section 2: the effective learning rate falls with the square of the weights.
"""

import collections
import math

import keras
import numpy as np

from keras_genzoo.layers import BatchNormalization

NORMALIZATIONS = (BatchNormalization, keras.layers.BatchNormalization)
LINEAR = (keras.layers.Reshape, keras.layers.Flatten, keras.layers.ZeroPadding2D, keras.layers.UpSampling2D)
# The variance in units of epsilon below which a kernel is left as it is: its outputs would change.
VARIANCE = 1000.0


def normalized_kernels(network):
    """Layers with a kernel whose outputs reach a batch normalization, and nothing else.

    Args:
        network: A functional model.

    Returns:
        List of pairs `(layer, normalization)`.
    """
    makers, uses = {}, collections.Counter(id(tensor) for tensor in keras.tree.flatten(network.outputs))
    for operation in network.operations:
        makers |= {id(tensor): operation for tensor in keras.tree.flatten(operation.output)}
        uses.update(id(tensor) for tensor in keras.tree.flatten(operation.input))
    pairs = []
    for normalization in network.operations:
        if isinstance(normalization, NORMALIZATIONS):
            tensor = keras.tree.flatten(normalization.input)[0]
            while uses[id(tensor)] == 1 and isinstance(makers[id(tensor)], LINEAR):
                tensor = makers[id(tensor)].input
            layer = makers[id(tensor)]
            if uses[id(tensor)] == 1 and _is_linear(layer):
                pairs.append((layer, normalization))
    return pairs


def _is_linear(layer):
    """Whether outputs are those of one kernel and a bias: they grow with these."""
    own = {weight.name for weight in getattr(layer, "weights", [])}
    return "kernel" in own <= {"kernel", "bias"} and layer.activation == keras.activations.linear


def sizes(network):
    """Root mean squares of the kernels of `normalized_kernels`, in their order."""
    return [_size(layer) for layer, _ in normalized_kernels(network)]


def _size(layer):
    kernel = next(weight for weight in layer.weights if weight.name == "kernel")
    return float(np.sqrt(np.mean(np.square(keras.ops.convert_to_numpy(kernel), dtype="float64"))))


def shrunk(network, wanted):
    """Factors that bring kernels which are larger than `wanted` back to about that size.

    They are powers of two, which round no weight.

    Args:
        network: A functional model.
        wanted: List of sizes, as of `sizes`.

    Returns:
        List of factors, at most 1, for `scale`.
    """
    factors = []
    for (layer, normalization), size in zip(normalized_kernels(network), wanted, strict=True):
        factor = min(1.0, 2.0 ** round(math.log2(size / _size(layer)))) if size and _size(layer) else 1.0
        variance = float(np.mean(keras.ops.convert_to_numpy(normalization.moving_variance)))
        factors.append(factor if factor**2 * variance >= VARIANCE * normalization.epsilon else 1.0)
    return factors


def scale(network, factors):
    """Multiplies kernels and what the normalizations know of their outputs: the network computes the same."""
    for (layer, normalization), factor in zip(normalized_kernels(network), factors, strict=True):
        for weight in layer.weights:
            weight.assign(weight * factor)
        normalization.moving_mean.assign(normalization.moving_mean * factor)
        normalization.moving_variance.assign(normalization.moving_variance * factor**2)
