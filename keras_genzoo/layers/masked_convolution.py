"""A convolution whose output at a position depends on earlier positions alone, the building block of a PixelCNN."""

import keras
import numpy as np
from keras import ops

from keras_genzoo.utils.checks import check_at_least, check_flag


@keras.saving.register_keras_serializable(package="keras_genzoo")
class MaskedConv2D(keras.layers.Layer):
    """Convolves maps of features such that no position sees one that comes after it.

    Positions are in raster order: row by row, each from left to right. With `mask_type="A"` the output at a position
    depends on the inputs before it, with `"B"` on that at the position, too. A network whose first layer is of type A
    and whose others are of type B models each position given all before it. The channels of a position are not in an
    order: all see the same.

    A stack of such layers with square kernels does not see all earlier positions: to the right, its view ends in a
    diagonal. With `whole_rows`, a layer sees whole rows: of type A the rows above, of type B its own row as well. A
    vertical stack of these beside a horizontal one with kernels `(1, n)` has no blind spot (section 2.2 of the second
    paper).

    The parts of the kernel that the mask covers wholly do not exist: a 5x5 kernel has 3 rows of weights.

    Args:
        filters: Channels of the output, at least 1.
        kernel_size: Odd integer, or two for height and width: the size of the kernel with its masked half.
        mask_type: `"A"` or `"B"`.
        whole_rows: Whether the order is that of rows, and not that of single positions. Default `False`.
        activation: Activation of the output. Default `None`.
        use_bias: Whether a bias is added. Default `True`.
        kernel_initializer: Initializer of the kernel. Default `"glorot_uniform"`.
        **kwargs: `name` and `dtype`, as for every Keras layer.

    Shapes: `(batch, height, width, channels)` -> `(batch, height, width, filters)`, of any height and width.

    Raises:
        ValueError: If an argument is out of its range, or the mask leaves nothing of the kernel.

    References:
        van den Oord et al., 2016, https://arxiv.org/abs/1601.06759, section 3.4 and figure 2, and
        https://arxiv.org/abs/1606.05328, section 2.

    Example:

    >>> layer = MaskedConv2D(4, 5, mask_type="A")
    >>> tuple(layer(keras.random.normal((2, 7, 7, 1))).shape), tuple(layer.kernel.shape)
    ((2, 7, 7, 4), (3, 5, 1, 4))
    """

    def __init__(
        self,
        filters,
        kernel_size,
        mask_type,
        whole_rows=False,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_at_least(1, filters=filters)
        self.filters = filters
        self.kernel_size = _checked_size(kernel_size)
        if mask_type not in ("A", "B"):
            raise ValueError(f"Expected mask_type 'A' or 'B'. Received: mask_type={mask_type!r}")
        check_flag(whole_rows=whole_rows, use_bias=use_bias)
        self.mask_type = mask_type
        self.whole_rows = whole_rows
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.supports_jit = True
        seen = seen_positions(self.kernel_size, mask_type, self.whole_rows)
        if not seen.any():
            raise ValueError(
                f"Expected a kernel of which mask_type='A' leaves a part. Received: kernel_size={self.kernel_size}, "
                f"whole_rows={self.whole_rows}"
            )
        # Rows and columns that are not seen at all are at the end; they are left out, and padding takes their place.
        rows, columns = (1 + int(np.flatnonzero(seen.any(axis=axis)).max()) for axis in (1, 0))
        self.seen = seen[:rows, :columns]

    def build(self, input_shape):
        if len(input_shape) != 4:
            raise ValueError(f"Expected inputs (batch, height, width, channels). Received: shape {tuple(input_shape)}")
        if input_shape[-1] is None:
            raise ValueError(f"Expected inputs with a known number of channels. Received: shape {tuple(input_shape)}")
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: input_shape[-1]})
        shape = (*self.seen.shape, input_shape[-1], self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=self.kernel_initializer)
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, inputs):
        kernel = ops.convert_to_tensor(self.kernel)
        if not self.seen.all():
            kernel = kernel * ops.cast(self.seen[:, :, None, None], kernel.dtype)
        # A kernel of `size` positions whose middle is at `size // 2`, as far as it exists.
        margins = [
            (size // 2, held - 1 - size // 2) for size, held in zip(self.kernel_size, self.seen.shape, strict=True)
        ]
        outputs = ops.conv(_padded(inputs, margins), kernel, padding="valid", data_format="channels_last")
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "mask_type": self.mask_type,
            "whole_rows": self.whole_rows,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def seen_positions(kernel_size, mask_type, whole_rows=False):
    """Which positions of a kernel come before its middle, or are the middle itself with `mask_type="B"`.

    Args:
        kernel_size: `(height, width)`, odd.
        mask_type: `"A"` or `"B"`.
        whole_rows: Whether positions of one row stand at the same place of the order.

    Returns:
        bool NumPy array `(height, width)`.

    Example:

    >>> seen_positions((3, 3), "A").astype(int).tolist()
    [[1, 1, 1], [1, 0, 0], [0, 0, 0]]
    """
    height, width = kernel_size
    rows, columns = np.indices((height, width)) - np.array([height // 2, width // 2])[:, None, None]
    order = rows if whole_rows else rows * width + columns
    return order <= 0 if mask_type == "B" else order < 0


def _padded(inputs, margins):
    """Maps with zeros above and to the left, and below and to the right, or cropped there by negative margins."""
    below, right = (max(0, -after) for _, after in margins)
    before_and_after = [(before, max(0, after)) for before, after in margins]
    padded = ops.pad(inputs, ((0, 0), *before_and_after, (0, 0)))
    ends = (None if cut == 0 else -cut for cut in (below, right))
    rows, columns = (slice(None, end) for end in ends)
    return padded[:, rows, columns] if below or right else padded


def _checked_size(kernel_size):
    size = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    valid = isinstance(size, (list, tuple)) and len(size) == 2
    if not valid or not all(type(side) is int and side > 0 and side % 2 for side in size):
        raise ValueError(
            f"Expected kernel_size as an odd integer of at least 1, or two. Received: kernel_size={kernel_size!r}"
        )
    return tuple(size)
