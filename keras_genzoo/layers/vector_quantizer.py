"""Vector quantization: the nearest of a list of code vectors, which move by averages of what they stand for."""

import keras
import tensorflow as tf
from keras import ops

from keras_genzoo.layers.frozen import is_frozen
from keras_genzoo.utils import replicas
from keras_genzoo.utils.checks import check_at_least, check_fraction


@keras.saving.register_keras_serializable(package="keras_genzoo")
class VectorQuantizer(keras.layers.Layer):
    """Replaces vectors by the nearest code vectors. No gradient moves these; `update` does.

    A code vector is the moving average of the vectors that it stood for. One that stands for few of them is dead: it is
    replaced by a vector of the batch, and counts as one that is used as often as the others. A new layer has used no
    code, so its first update takes code vectors from the batch.

    Under `tf.distribute`, averages are those of the whole batch, and dead codes become vectors of the first replica.

    Args:
        num_codes: Number of code vectors, at least 2.
        dim: Length of a vector, at least 1.
        decay: Weight of the previous value in the moving averages, in [0, 1). Default 0.99.
        dead_below: A code is dead if its average use is below this part of the mean use of all codes, in [0, 1); 0
            keeps all. Default 0.05.
        **kwargs: `name`, as for every Keras layer. Distances are computed in float32.

    Shapes: `(..., dim)` -> `(..., dim)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        van den Oord, Vinyals and Kavukcuoglu, 2017, https://arxiv.org/abs/1711.00937, equation 1 and appendix A.1;
        replaced codes: Dhariwal et al., 2020, https://arxiv.org/abs/2005.00341, section 3.

    Example:

    >>> layer = VectorQuantizer(num_codes=8, dim=3)
    >>> vectors = keras.random.normal((2, 4, 4, 3))
    >>> layer.update(vectors, noise=keras.random.uniform((8,)))
    >>> layer(vectors).shape, layer.nearest(vectors).shape
    (TensorShape([2, 4, 4, 3]), TensorShape([2, 4, 4]))
    """

    def __init__(self, num_codes, dim, decay=0.99, dead_below=0.05, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        check_at_least(2, num_codes=num_codes)
        check_at_least(1, dim=dim)
        check_fraction(decay=decay, dead_below=dead_below)
        self.num_codes, self.dim = num_codes, dim
        self.decay, self.dead_below = decay, dead_below
        self.supports_jit = True
        # All replicas compute the same averages; the vectors that replace dead codes are those of the first one.
        kept = dict(dtype="float32", trainable=False, aggregation="only_first_replica")
        uniform = keras.initializers.RandomUniform(-1.0 / num_codes, 1.0 / num_codes)
        self.codebook = self.add_weight(name="codebook", shape=(num_codes, dim), initializer=uniform, **kept)
        self.counts = self.add_weight(name="counts", shape=(num_codes,), initializer="zeros", **kept)
        self.sums = self.add_weight(name="sums", shape=(num_codes, dim), initializer="zeros", **kept)
        self.built = True

    def call(self, vectors):
        return self.lookup(self.nearest(vectors))

    def nearest(self, vectors):
        """Number of the nearest code vector: `(..., dim)` -> int32 `(...)`."""
        codebook = ops.convert_to_tensor(self.codebook)
        flat = ops.reshape(ops.cast(vectors, "float32"), (-1, self.dim))
        # Squared distances but for the squared length of the vector, which is the same for all codes.
        distances = ops.sum(ops.square(codebook), axis=1) - 2.0 * ops.matmul(flat, ops.transpose(codebook))
        # Not ops.argmin, whose way with -0.0 has an operation that ONNX, OpenVINO and LiteRT do not have.
        nearest = tf.argmin(distances, axis=-1, output_type=tf.int32)
        return ops.reshape(nearest, ops.shape(vectors)[:-1])

    def lookup(self, indices):
        """Code vectors by number: int32 `(...)` -> `(..., dim)`."""
        return ops.take(ops.convert_to_tensor(self.codebook), indices, axis=0)

    def usage(self, indices):
        """How often each code stands in a batch, on all replicas: int32 `(...)` -> float32 `(num_codes,)`."""
        return replicas.total(ops.sum(self._assigned(indices), axis=0))

    def perplexity(self, indices):
        """The number of codes that a batch uses, equally often used ones counted whole, in 1..num_codes: a scalar.

        It is the exponential of the entropy of their frequencies.
        """
        used = self.usage(indices)
        rates = used / ops.sum(used)
        return ops.exp(-ops.sum(rates * ops.log(ops.maximum(rates, 1e-12))))

    def update(self, vectors, noise):
        """Moves the code vectors to the average of the vectors that they stand for, and replaces dead ones.

        Does nothing if the layer is not trainable, or within `frozen_statistics`.

        Args:
            vectors: A batch, `(..., dim)`.
            noise: Uniform numbers in [0, 1), `(num_codes,)`, which choose the vectors that replace dead codes.
        """
        if not self.trainable or is_frozen():
            return
        flat = ops.reshape(ops.cast(ops.stop_gradient(vectors), "float32"), (-1, self.dim))
        assigned = self._assigned(self.nearest(flat))
        counts = self._moved(self.counts, replicas.total(ops.sum(assigned, axis=0)))
        sums = self._moved(self.sums, replicas.total(ops.matmul(ops.transpose(assigned), flat)))
        mean_count = ops.mean(counts)
        dead = counts < self.dead_below * mean_count
        num = ops.shape(flat)[0]
        chosen = ops.minimum(ops.cast(noise * ops.cast(num, "float32"), "int32"), num - 1)
        fresh = ops.take(flat, chosen, axis=0)
        counts = ops.where(dead, mean_count, counts)
        sums = ops.where(dead[:, None], fresh * mean_count, sums)
        # A code that has never been used stays where it is.
        average = sums / ops.maximum(counts, 1e-12)[:, None]
        self.codebook.assign(ops.where((counts > 1e-12)[:, None], average, self.codebook))
        self.counts.assign(counts)
        self.sums.assign(sums)

    def _assigned(self, indices):
        """One-hot rows of the codes, `(n, num_codes)`; zeros where this replica holds a black image in place of one."""
        flat = ops.reshape(indices, (-1,))
        return ops.one_hot(flat, self.num_codes, dtype="float32") * replicas.held()

    def _moved(self, average, value):
        return average * self.decay + value * (1.0 - self.decay)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {name: getattr(self, name) for name in ("num_codes", "dim", "decay", "dead_below")}
        return {**super().get_config(), **own}
