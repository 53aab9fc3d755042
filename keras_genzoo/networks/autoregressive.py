"""Autoregressive fully connected networks."""

import keras
import numpy as np
from keras import layers

from keras_genzoo.layers import MaskedDense


def autoregressive_heads(z, context, hidden_units, heads, activation="elu", descending=False, dtype=None):
    """Applies masked dense layers, so that component i of each output depends on the components of `z` before i.

    Args:
        z: Symbolic codes, `(batch, dim)`.
        context: Symbolic features `(batch, n)` on which every output depends.
        hidden_units: Units of the hidden layers, at least one layer.
        heads: Dict by name of the initial value of the bias of an output.
        activation: Activation of the hidden layers.
        descending: Whether "before i" are the components above i.
        dtype: Dtype policy of the hidden layers; outputs are float32.

    Returns:
        Dict of the outputs by name, each `(batch, dim)`.

    References:
        Germain et al., 2015, https://arxiv.org/abs/1502.03509, sections 4 and 4.1. Hidden units have each degree
        equally often, and also the degree 0, so that the first component of an output depends on the context.
    """
    dim = z.shape[-1]
    ends = np.arange(1, dim + 1)
    degrees = order = ends[::-1] if descending else ends
    x = z
    for index, units in enumerate(hidden_units):
        hidden = np.arange(units) % dim  # units of degree 0 see the context alone
        x = MaskedDense(units, degrees, hidden, dtype=dtype)(x)
        if index == 0:
            x = layers.Add(dtype=dtype)([x, layers.Dense(units, use_bias=False, dtype=dtype)(context)])
        x = layers.Activation(activation, dtype=dtype)(x)
        degrees = hidden
    return {
        name: MaskedDense(
            dim, degrees, order, strict=True, bias_initializer=keras.initializers.Constant(bias), dtype="float32"
        )(x)
        for name, bias in heads.items()
    }
