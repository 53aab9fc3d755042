"""The gated PixelCNN: a network that gives, for each position of a map, features of all positions before it."""

from keras import layers, ops

from keras_genzoo.layers import MaskedConv2D


def gated_pixel_cnn(x, filters=32, num_layers=4, kernel_size=5, dtype=None):
    """Applies gated masked convolutions: features of each position depend on the positions before it alone.

    Two stacks see together all positions before the own one, in raster order, without a blind spot: the vertical stack
    those of the rows above, the horizontal one those to the left, to which each layer adds what the vertical one gives.
    Each layer has a gate, `tanh(a) * sigmoid(b)`, and the horizontal stack is residual from the second layer on.

    Args:
        x: Symbolic maps `(batch, height, width, channels)`.
        filters: Channels of both stacks.
        num_layers: Number of gated layers, at least 1; the view of `(num_layers * (kernel_size // 2))` positions is
            best no smaller than the map.
        kernel_size: Size of the kernels, odd, at least 3.
        dtype: Dtype policy of the layers.

    Returns:
        Symbolic features `(batch, height, width, filters)`.

    References:
        van den Oord et al., 2016, https://arxiv.org/abs/1606.05328, equation 2 and figure 2.
    """
    return horizontal_stack(x, vertical_stack(x, filters, num_layers, kernel_size, dtype), filters, kernel_size, dtype)


def vertical_stack(x, filters, num_layers, kernel_size, dtype=None):
    """What the vertical stack adds to each layer of the horizontal one, which depends on the rows above.

    Returns:
        List of symbolic maps `(batch, height, width, 2 * filters)`, one per layer.
    """
    above, added = x, []
    for index in range(num_layers):
        mask_type = "B" if index else "A"
        above = MaskedConv2D(2 * filters, kernel_size, mask_type, whole_rows=True, dtype=dtype)(above)
        added.append(layers.Conv2D(2 * filters, 1, dtype=dtype)(above))
        above = gate(above)
    return added


def horizontal_stack(x, added, filters, kernel_size, dtype=None):
    """Features of each position, from those to the left in its row and what the vertical stack adds.

    It takes single rows as well as whole maps, as each row is computed by itself.
    """
    left = x
    for index, from_above in enumerate(added):
        mask_type = "B" if index else "A"
        from_left = MaskedConv2D(2 * filters, (1, kernel_size), mask_type, dtype=dtype)(left)
        gated = gate(layers.Add(dtype=dtype)([from_left, from_above]))
        gated = layers.Conv2D(filters, 1, dtype=dtype)(gated)
        left = layers.Add(dtype=dtype)([left, gated]) if index else gated
    return left


def gate(x):
    """Half of the channels, each gated by one of the other half."""
    values, gates = ops.split(x, 2, axis=-1)
    return ops.tanh(values) * ops.sigmoid(gates)
