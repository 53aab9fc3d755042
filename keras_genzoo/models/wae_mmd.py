"""WAE-MMD: an autoencoder whose codes are drawn towards the prior by the maximum mean discrepancy.

Tolstikhin et al., 2017, Wasserstein auto-encoders, https://arxiv.org/abs/1711.01558.

A deterministic encoder and decoder minimize (algorithm 2)

    |x - G(Q(x))|^2 + lambda MMD(codes of a batch, draws of the prior N(0, I)),

where the MMD is the unbiased estimate with the inverse multiquadratic kernel C / (C + |z - z'|^2) and C = 2 latent_dim
(section 4). As in the code of the authors, the kernel is a sum over seven multiples of C. The squared error is summed
over pixels in [0, 1]. The networks are the zoo's, not the paper's.
"""

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.families import BaseAutoencoder
from keras_genzoo.utils.arguments import Integer, Weight
from keras_genzoo.utils.noise import noise_for_tests

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def kernel(x, y):
    """Sum of inverse multiquadratic kernels of all pairs: `(n, dim)` and `(m, dim)` -> `(n, m)`."""
    distance = ops.sum(ops.square(x[:, None] - y[None]), axis=-1)
    sizes = [2.0 * x.shape[-1] * scale for scale in SCALES]
    return sum(size / (size + distance) for size in sizes)


def mmd(x, y):
    """Unbiased estimate of the squared MMD of the distributions of two samples of the same size, a scalar.

    Pairs of a code with itself do not count. The estimate may be negative. Samples of one code, which have no pairs,
    give 0.
    """
    num = ops.cast(ops.shape(x)[0], "float32")
    others = ops.maximum(num - 1.0, 1.0)

    def within(values):
        return (ops.sum(kernel(values, values)) - num * len(SCALES)) / (num * others)

    estimate = within(x) + within(y) - 2.0 * ops.mean(kernel(x, y))
    return ops.where(num > 1.0, estimate, 0.0)


@keras.saving.register_keras_serializable(package="keras_genzoo")
class WAEMMD(BaseAutoencoder):
    """Encodes images as codes that are distributed like the prior, and generates images from draws of it.

    Shapes: `encoder` images in [0, 1] -> `z` `(batch, latent_dim)`; `decoder` `(batch, latent_dim)` -> images in
    [0, 1].

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1711.01558, algorithm 2.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("wae_mmd", image_shape=(8, 8, 1), latent_dim=4, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.encode(digits[:4]).shape
    (4, 4)
    """

    latent_dim = Integer(8, "Length of the latent code `z`.")
    mmd_weight = Weight(10.0, "Weight of the discrepancy between codes and prior (the paper's lambda).", training=True)

    optimizer_names = ("optimizer",)
    loss_names = ("loss", "reconstruction_loss", "mmd_loss")
    network_range = (0.0, 1.0)
    decoder_activation = "sigmoid"

    def default_optimizers(self):
        """Adam with learning rate 0.001 and beta_1 0.5 for all weights."""
        return {"optimizer": keras.optimizers.Adam(1e-3, beta_1=0.5)}

    def optimized_variables(self):
        return {"optimizer": self.trainable_variables}

    def loss_terms(self, images, training=True):
        """Dict of scalars: `reconstruction_loss`, the mean squared error of an image, and `mmd_loss`."""
        z = self.encoded(images, training=training)["z"]
        decoded = self.decoded(z, training=training)
        prior = self.prior
        drawn = prior.from_normal(sampling.step_normal((ops.shape(z)[0], prior.noise_dim), self.noise()))
        error = ops.mean(losses.squared_error(images, decoded))
        return {"reconstruction_loss": error, "mmd_loss": mmd(z, drawn)}

    def objective(self, data, training=True):
        """What training minimizes, a scalar, and the dict of its terms."""
        terms = self.loss_terms(self.unpack(data).images, training)
        return terms["reconstruction_loss"] + self.mmd_weight * terms["mmd_loss"], terms

    def train_step(self, data):
        with self.recording("optimizer") as tape:
            loss, terms = self.objective(data)
        self.apply_gradients("optimizer", loss, tape)
        return self.results({"loss": loss, **terms})

    def test_step(self, data):
        with noise_for_tests():
            loss, terms = self.objective(data, training=False)
        return self.results({"loss": loss, **terms})
