"""A dense layer without some of its connections."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="keras_genzoo")
class MaskedDense(keras.layers.Dense):
    """A dense layer in which a unit sees the inputs of at most its own degree, or, if `strict`, of a lower degree.

    Stacked, such layers make a network autoregressive: if the inputs have the degrees 1, 2, ... and the last layer is
    strict with the same degrees, output i depends on the inputs before i alone.

    Args:
        units: Number of units, at least 1.
        in_degrees: Degree of each input, a list of integers.
        out_degrees: Degree of each unit, a list of `units` integers.
        strict: Whether a unit sees lower degrees alone. Default `False`.
        **kwargs: As for `keras.layers.Dense`.

    Shapes: input `(batch, len(in_degrees))`, output `(batch, units)`.

    Raises:
        ValueError: If the lists do not have one degree per input and per unit.

    References:
        Germain et al., 2015, https://arxiv.org/abs/1502.03509, equations 12 and 13.

    Example:

    >>> layer = MaskedDense(2, in_degrees=[1, 2], out_degrees=[1, 2], strict=True, kernel_initializer="ones")
    >>> layer(ops.ones((1, 2))).numpy().tolist()
    [[0.0, 1.0]]
    """

    def __init__(self, units, in_degrees, out_degrees, strict=False, **kwargs):
        super().__init__(units, **kwargs)
        if len(out_degrees) != units:
            raise ValueError(f"Expected out_degrees of {units} units. Received: {len(out_degrees)} degrees")
        self.in_degrees, self.out_degrees = [int(each) for each in in_degrees], [int(each) for each in out_degrees]
        self.strict = strict
        above = np.array(self.in_degrees)[:, None] < np.array(self.out_degrees) + (not strict)
        self.mask = above.astype("float32")  # (inputs, units)

    def build(self, input_shape):
        if input_shape[-1] != len(self.in_degrees):
            raise ValueError(
                f"Expected inputs of {len(self.in_degrees)} components, as many as in_degrees. "
                f"Received: shape {tuple(input_shape)}"
            )
        super().build(input_shape)

    def call(self, inputs, training=None):
        outputs = ops.matmul(inputs, self.kernel * ops.cast(self.mask, self.compute_dtype))
        outputs = ops.add(outputs, self.bias) if self.use_bias else outputs
        return outputs if self.activation is None else self.activation(outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "in_degrees": self.in_degrees,
            "out_degrees": self.out_degrees,
            "strict": self.strict,
        }
