"""Equivalent networks that inference runtimes compute faster.

Two layers are slow on phones and boards, and have faster equivalents:

- A transposed convolution of stride s. Its output pixels form s * s phases by their position modulo s, and each phase
  is a plain convolution of the input with every s-th weight of the kernel (Shi et al., 2016,
  https://arxiv.org/abs/1609.07009). One convolution with s * s times the channels computes all phases, and
  depth-to-space moves them to their positions. A batch normalization and an activation after it are folded in.
- A convolution with few output channels (an image has one or three), which uses a small part of a vector unit. The
  pixels of a 2x2 block become channels: a convolution of stride 2, whose kernel holds the original kernel four times,
  shifted by one pixel each, then depth-to-space.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from keras_genzoo.layers import BatchNormalization

BLOCK = 2  # side of the block whose pixels become channels
FEW_CHANNELS = 4  # a block of 2x2 pixels then has at most 16 channels, the length of a vector
ELEMENTWISE = ("elu", "gelu", "leaky_relu", "linear", "relu", "sigmoid", "silu", "softplus", "tanh")


@contextlib.contextmanager
def rewritten_networks(model: Any) -> Iterator[list[keras.Model]]:
    """Within this context, each functional network of `model` is replaced by `for_inference` of it.

    Args:
        model: A model in float32: see `float32_copy`. Afterwards it is as before.

    Yields:
        List of the new networks. A graph traced in the context needs them: it does not keep their variables alive.
    """
    before = dict(vars(model))
    networks = {name: for_inference(each) for name, each in before.items() if is_functional(each)}
    try:
        for name, network in networks.items():
            object.__setattr__(model, name, network)  # not tracked by Keras as part of the model
        yield [*networks.values()]
    finally:
        for name in [name for name in vars(model) if name not in before]:  # networks cached in the context
            networks[name] = vars(model).pop(name)
        vars(model).update(before)


def is_functional(network: Any) -> bool:
    """Whether an object is a functional model, neither sequential nor with a `call` of its own."""
    plain = isinstance(network, keras.Model) and not isinstance(network, keras.Sequential)
    return plain and hasattr(network, "operations")


def for_inference(network: keras.Model) -> keras.Model:
    """An equivalent network of layers that runtimes compute faster.

    Args:
        network: A functional model in float32. Its layers are reused; their weights are not changed.

    Returns:
        A functional model that gives what `network(x, training=False)` gives, up to rounding.

    References:
        Shi et al., 2016, Is the deconvolution layer the same as a convolutional layer?,
        https://arxiv.org/abs/1609.07009.

    Example:

    >>> import keras
    >>> from keras_genzoo.export.rewrite import for_inference
    >>> from keras_genzoo.networks.conv import conv_generator
    >>> fast = for_inference(conv_generator((28, 28, 1), latent_dim=8, base_filters=4))
    >>> any(isinstance(layer, keras.layers.Conv2DTranspose) for layer in fast.layers)
    False
    """
    source, users = _trace(network)
    absorbed = set()
    replaced = {}
    for layer, (inputs, output) in source.items():
        if is_doubling(layer):
            batch_norm = _only_user(users, source, output, is_batch_norm)
            output = source[batch_norm][1] if batch_norm else output
            activation = _only_user(users, source, output, is_elementwise)
            replaced[layer] = subpixel_convolution(layer, inputs.shape, batch_norm, activation)
            absorbed |= {batch_norm, activation} - {None}
        elif has_few_channels(layer, inputs):
            replaced[layer] = block_convolution(layer, inputs.shape)

    def call(layer, *args, **kwargs):
        if layer in absorbed:
            return args[0]
        return replaced.get(layer, layer)(*args, **kwargs)

    return keras.models.clone_model(network, clone_function=lambda layer: layer, call_function=call)


def _trace(network: keras.Model) -> tuple[dict, dict]:
    """Layer -> (first input, output) for layers called once, and id of a tensor -> layers that use it."""
    source, users, twice = {}, {}, set()

    def call(layer, *args, **kwargs):
        output = layer(*args, **kwargs)
        if layer in source:
            twice.add(layer)
        source[layer] = (args[0] if args else None, output)  # keeps the tensors alive, so that ids stay unique
        for tensor in keras.tree.flatten((args, kwargs)):
            users.setdefault(id(tensor), []).append(layer)
        return output

    traced = keras.models.clone_model(network, clone_function=lambda layer: layer, call_function=call)
    for tensor in traced.outputs:
        users.setdefault(id(tensor), []).append(traced)
    return {layer: tensors for layer, tensors in source.items() if layer not in twice}, users


def _only_user(users: dict, source: dict, output: Any, fits: Any) -> Any:
    """The layer that uses `output`, if it is the only user and `fits(layer)`; else `None`."""
    found = users.get(id(output), [])
    return found[0] if len(found) == 1 and found[0] in source and fits(found[0]) else None


def is_batch_norm(layer: Any) -> bool:
    """Whether a layer is a batch normalization over the last axis."""
    if isinstance(layer, layers.BatchNormalization):
        return layer.axis in (-1, 3)
    return type(layer) is BatchNormalization  # a conditional one has a scale for each image


def is_elementwise(layer: Any) -> bool:
    """Whether a layer is an elementwise activation, unlike a softmax."""
    if isinstance(layer, layers.Activation):
        return layer.activation.__name__ in ELEMENTWISE
    return isinstance(layer, (layers.ReLU, layers.LeakyReLU))


def scale_and_offset(batch_norm: Any) -> tuple[np.ndarray, np.ndarray]:
    """Scale and offset of a batch normalization in inference, `x * scale + offset`: float64 `(channels,)` each."""
    mean = np.asarray(batch_norm.moving_mean, "float64")
    deviation = np.sqrt(np.asarray(batch_norm.moving_variance, "float64") + batch_norm.epsilon)
    gamma, beta = getattr(batch_norm, "gamma", None), getattr(batch_norm, "beta", None)
    scale = (1.0 if gamma is None else np.asarray(gamma, "float64")) / deviation
    return scale, (0.0 if beta is None else np.asarray(beta, "float64")) - mean * scale


# -- transposed convolutions ------------------------------------------------------------------------------------------


def is_doubling(layer: Any) -> bool:
    """Whether a layer is a transposed convolution that `subpixel_convolution` computes without extra operations."""
    if not isinstance(layer, layers.Conv2DTranspose) or layer.data_format != "channels_last":
        return False
    if layer.activation.__name__ not in ELEMENTWISE:
        return False
    (rows, columns), stride = layer.kernel_size, layer.strides[0]
    # A stride that does not divide the kernel size needs phases padded with zeros: 3x3 by 2 has 16 products, not 9.
    divides = rows == columns and layer.strides == (stride, stride) and stride > 1 and rows % stride == 0
    return divides and layer.padding == "same" and layer.dilation_rate == (1, 1) and layer.output_padding is None


def subpixel_kernel(kernel: np.ndarray, stride: int) -> np.ndarray:
    """The kernel of the plain convolution that computes all phases of a transposed convolution.

    The output pixel `stride * i + a` of a transposed convolution (before cropping) is the sum over t of
    `x[i - t] * kernel[a + stride * t]`, along each of the two axes.

    Args:
        kernel: Kernel of the transposed convolution: `(taps * stride, taps * stride, channels out, channels in)`.
        stride: Stride of the transposed convolution.

    Returns:
        `(taps, taps, channels in, stride * stride * channels out)`, with the phase as the slower index.
    """
    taps, (out, inside) = kernel.shape[0] // stride, kernel.shape[2:]
    phases = kernel.reshape(taps, stride, taps, stride, out, inside)[::-1, :, ::-1]
    return phases.transpose(0, 2, 5, 1, 3, 4).reshape(taps, taps, inside, stride * stride * out)


def subpixel_convolution(layer: Any, input_shape: tuple, batch_norm: Any = None, activation: Any = None) -> Any:
    """Returns a function of a symbolic tensor, equivalent to a transposed convolution and the layers after it.

    Args:
        layer: `keras.layers.Conv2DTranspose` for which `is_doubling` is true.
        input_shape: Shape of its input: `(batch, height, width, channels)`.
        batch_norm: Batch normalization after it, or `None`.
        activation: Elementwise layer after that, or `None`.
    """
    stride, taps = layer.strides[0], layer.kernel_size[0] // layer.strides[0]
    kernel = np.asarray(layer.kernel, "float64")
    bias = np.asarray(layer.bias, "float64") if layer.use_bias else np.zeros(layer.filters)
    if batch_norm is not None:
        scale, offset = scale_and_offset(batch_norm)
        kernel, bias = kernel * scale[:, None], bias * scale + offset
    convolution = _convolution(subpixel_kernel(kernel, stride), np.tile(bias, stride * stride), layer)
    height, width = input_shape[1:3]
    before = (layer.kernel_size[0] - stride) // 2  # pixels that padding "same" crops at the top and the left
    first = before // stride  # whole steps of cropped pixels are not computed
    pad = taps - 1 - first

    def call(x):
        sides = [(pad, taps - 1 - first)] * 2
        x = convolution(layers.ZeroPadding2D(sides)(x) if pad else x)
        x = layer.activation(x) if activation is None else activation(layer.activation(x))
        x = ops.depth_to_space(x, stride, data_format="channels_last")
        top = before - first * stride
        return x[:, top : top + height * stride, top : top + width * stride, :]

    return call


# -- convolutions to few channels -------------------------------------------------------------------------------------


def has_few_channels(layer: Any, inputs: Any) -> bool:
    """Whether a layer is a convolution of stride 1 to few channels whose output divides into blocks."""
    if not isinstance(layer, layers.Conv2D) or isinstance(layer, layers.Conv2DTranspose):
        return False
    plain = layer.strides == (1, 1) and layer.dilation_rate == (1, 1) and layer.groups == 1
    if not plain or layer.data_format != "channels_last" or layer.filters > FEW_CHANNELS:
        return False
    if layer.activation.__name__ not in ELEMENTWISE:
        return False
    sides = inputs.shape[1:3]
    if layer.padding == "valid":
        sides = tuple(side and side - size + 1 for side, size in zip(sides, layer.kernel_size, strict=True))
    return all(side is not None and side % BLOCK == 0 for side in sides)


def block_kernel(kernel: np.ndarray) -> np.ndarray:
    """The kernel that computes the pixels of a block as channels: the original kernel, shifted to each pixel.

    Args:
        kernel: `(height, width, channels in, channels out)`.

    Returns:
        `(height + BLOCK - 1, width + BLOCK - 1, channels in, BLOCK * BLOCK * channels out)`.
    """
    height, width, inside, out = kernel.shape
    blocks = np.zeros((height + BLOCK - 1, width + BLOCK - 1, inside, BLOCK, BLOCK, out))
    for row, column in np.ndindex(BLOCK, BLOCK):
        blocks[row : row + height, column : column + width, :, row, column] = kernel
    return blocks.reshape(*blocks.shape[:3], BLOCK * BLOCK * out)


def block_convolution(layer: Any, input_shape: tuple) -> Any:
    """Returns a function of a symbolic tensor, equivalent to a convolution to few channels.

    Args:
        layer: `keras.layers.Conv2D` for which `has_few_channels` is true.
        input_shape: Shape of its input: `(batch, height, width, channels)`.
    """
    bias = np.asarray(layer.bias, "float64") if layer.use_bias else np.zeros(layer.filters)
    kernel = block_kernel(np.asarray(layer.kernel, "float64"))
    convolution = _convolution(kernel, np.tile(bias, BLOCK * BLOCK), layer, strides=BLOCK)
    margins = [size - 1 if layer.padding == "same" else 0 for size in layer.kernel_size]
    sides = [(margin // 2, math.ceil(margin / 2)) for margin in margins]

    def call(x):
        x = convolution(layers.ZeroPadding2D(sides)(x) if any(margins) else x)
        return layer.activation(ops.depth_to_space(x, BLOCK, data_format="channels_last"))

    return call


def _convolution(kernel: np.ndarray, bias: np.ndarray, layer: Any, strides: int = 1) -> Any:
    """A convolution layer with given weights, without padding."""
    convolution = layers.Conv2D(
        kernel.shape[3], kernel.shape[:2], strides=strides, dtype="float32", name=f"{layer.name}_rewritten"
    )
    convolution.build((None, None, None, kernel.shape[2]))
    convolution.set_weights([kernel.astype("float32"), bias.astype("float32")])
    return convolution
