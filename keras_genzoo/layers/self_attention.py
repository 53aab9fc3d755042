"""Self-attention over the positions of a feature map."""

import keras
from keras import layers, ops

from keras_genzoo.layers.spectral_normalization import SpectralNormalization


@keras.saving.register_keras_serializable(package="keras_genzoo")
class SelfAttention(keras.layers.Layer):
    """Adds to each position of a map what it takes from all others, by how well their features fit.

    With 1x1 convolutions f, g, h and v, position j takes from position i

        s_ij = f(x_i) . g(x_j),    beta_ji = softmax over i of s_ij    (equation 1)
        o_j = v(sum over i of beta_ji h(x_i))                          (equation 2)
        y_j = gamma o_j + x_j                                          (equation 3)

    where gamma is one learned number that starts at 0: a new layer leaves its input as it is.

    As in the authors' code, f and g have an eighth of the channels and h half of them, and the positions i, that is f
    and h, are the maxima of blocks of 2x2 positions, which divides the memory by four. The softmax is computed in
    float32.

    Args:
        spectral_normalization: Whether the four convolutions have spectral normalization. Default True.
        **kwargs: `name` and `dtype`, as for every Keras layer.

    Shapes: input and output `(batch, height, width, channels)`.

    References:
        Zhang et al., 2018, https://arxiv.org/abs/1805.08318, equations 1 to 3.

    Example:

    >>> layer = SelfAttention()
    >>> maps = keras.random.normal((2, 5, 4, 16))
    >>> bool(keras.ops.all(layer(maps) == maps)), float(layer.gamma)
    (True, 0.0)
    """

    def __init__(self, spectral_normalization=True, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(spectral_normalization, bool):
            raise ValueError(
                "Expected spectral_normalization=True or False. "
                f"Received: spectral_normalization={spectral_normalization!r}"
            )
        self.spectral_normalization = spectral_normalization

    def build(self, input_shape):
        if len(input_shape) != 4 or input_shape[-1] is None:
            raise ValueError(
                "Expected maps (batch, height, width, channels) with a known number of channels. "
                f"Received: shape {tuple(input_shape)}"
            )
        channels = input_shape[-1]
        self.input_spec = layers.InputSpec(ndim=4, axes={-1: channels})
        inner, half = max(1, channels // 8), max(1, channels // 2)
        self.f, self.g, self.h = (self._convolution(*each) for each in ((inner, "f"), (inner, "g"), (half, "h")))
        self.v = self._convolution(channels, "v")
        for each in (self.f, self.g, self.h):
            each.build(input_shape)
        self.v.build((*input_shape[:-1], half))
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros", dtype="float32", autocast=False)

    def _convolution(self, filters, name):
        layer = layers.Conv2D(filters, 1, use_bias=False, dtype=self.dtype_policy, name=name)
        return SpectralNormalization(layer, name=f"{name}_normalized") if self.spectral_normalization else layer

    def call(self, inputs, training=None):
        shape = ops.shape(inputs)
        options = {"training": training} if self.spectral_normalization else {}
        queries = _positions(self.g(inputs, **options))  # (batch, height * width, channels / 8)
        keys, values = (
            _positions(ops.max_pool(each(inputs, **options), 2, 2, padding="same", data_format="channels_last"))
            for each in (self.f, self.h)
        )
        scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))  # (batch, height * width, height * width / 4)
        shares = ops.cast(ops.softmax(ops.cast(scores, "float32"), axis=-1), values.dtype)
        taken = ops.matmul(shares, values)  # (batch, height * width, channels / 2)
        taken = ops.reshape(taken, (-1, shape[1], shape[2], values.shape[-1]))
        return ops.cast(self.gamma, inputs.dtype) * self.v(taken, **options) + inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "spectral_normalization": self.spectral_normalization}


def _positions(x):
    """A map as a list of positions: `(batch, height, width, n)` -> `(batch, height * width, n)`."""
    shape = ops.shape(x)
    return ops.reshape(x, (-1, shape[1] * shape[2], shape[3]))
