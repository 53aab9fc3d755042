"""Layers by the number of sides of the data: two of images, `(height, width, channels)`, one of signals."""

from typing import Any, NamedTuple

from keras import layers

from keras_genzoo.layers import UpsamplingConv1D, UpsamplingConv2D


class SideLayers(NamedTuple):
    """Classes of layers for maps of one number of sides.

    Fields:
        conv: Convolution.
        transposed: Transposed convolution.
        depthwise: Convolution of each channel by itself.
        upsampling: Repeats each value along all sides, then a convolution of 3 values.
        cropping: Cuts away margins, which it takes as a list of a pair for each side.
    """

    conv: Any
    transposed: Any
    depthwise: Any
    upsampling: Any
    cropping: Any


def _cropping_of_signals(margins, **options):
    return layers.Cropping1D(*margins, **options)


_LAYERS = {
    1: SideLayers(
        layers.Conv1D,
        layers.Conv1DTranspose,
        layers.DepthwiseConv1D,
        UpsamplingConv1D,
        _cropping_of_signals,
    ),
    2: SideLayers(
        layers.Conv2D,
        layers.Conv2DTranspose,
        layers.DepthwiseConv2D,
        UpsamplingConv2D,
        layers.Cropping2D,
    ),
}


def sides_of(shape):
    """The sides of an `image_shape`, without its channels: `(28, 28, 1)` -> `(28, 28)`, `(1024, 1)` -> `(1024,)`.

    >>> sides_of((28, 28, 1)), sides_of((1024, 1))
    ((28, 28), (1024,))
    """
    return tuple(shape[:-1])


def layers_of(shape):
    """The `SideLayers` of an `image_shape`.

    >>> layers_of((28, 28, 1)).conv.__name__, layers_of((1024, 1)).conv.__name__
    ('Conv2D', 'Conv1D')
    """
    return _LAYERS[len(sides_of(shape))]


def described(shape):
    """The size of an `image_shape` in messages.

    >>> described((28, 30, 1)), described((1024, 1))
    ('images of 28x30 pixels', 'signals of 1024 samples')
    """
    sides = sides_of(shape)
    return f"signals of {sides[0]} samples" if len(sides) == 1 else f"images of {sides[0]}x{sides[1]} pixels"
