"""RAE: an autoencoder with a smooth decoder, by a regularizer in place of the noise of a VAE.

Ghosh et al., 2020, From variational to deterministic autoencoders, https://arxiv.org/abs/1903.12436.

Training minimizes (section 3, equations 8 to 11)

    ||x - D(z)||^2 + code_weight * 1/2 ||z||^2 + regularizers of the decoder D,    z = E(x),

where the second term keeps codes from growing without limit, and the decoder has any of three regularizers: the squared
norm of its kernels (`l2_weight`; RAE-L2), half the squared norm of its Jacobian (`gradient_weight`; RAE-GP), or
spectral normalization of each layer (`spectral_normalization`; RAE-SN). Codes have no distribution that is known
beforehand; the paper fits one to the codes of the training images afterwards. Draws from N(0, I), which `generate`
decodes, are not these codes, though they are nearer to them than those of an autoencoder without regularizers.

Differences from the paper: pixels are in [-1, 1]; the sums over pixels are not averaged, so weights have another unit;
the norm of the Jacobian is estimated by one random projection, whose mean it is, for the decoder with the moving
statistics of its batch normalization, because those of a batch would tie the images to each other.
"""

import keras
from keras import ops

from keras_genzoo import sampling
from keras_genzoo.families.gradients import gradient_norms
from keras_genzoo.layers import SpectralNormalization
from keras_genzoo.models.autoencoder import Autoencoder
from keras_genzoo.utils.arguments import Flag, Weight


@keras.saving.register_keras_serializable(package="keras_genzoo")
class RAE(Autoencoder):
    """Encodes images as codes of small norm from which a regularized decoder reconstructs them.

    Shapes: as `Autoencoder`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1903.12436, equations 8 to 11.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("rae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8, gradient_weight=0.01)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.encode(digits[:4]).shape
    (4, 2)
    """

    code_weight = Weight(0.1, "Weight of half the squared norm of a code.", training=True)
    l2_weight = Weight(
        1e-3,
        "Weight of the squared norm of all kernels of the decoder; 0 for none. It is 0 with spectral normalization, "
        "which takes the size away from kernels.",
        training=True,
        only={"spectral_normalization": (False,)},
    )
    gradient_weight = Weight(
        0.0, "Weight of half the squared norm of the Jacobian of the decoder at each code; 0 for none.", training=True
    )
    spectral_normalization = Flag(False, "Whether each layer of the decoder has spectral normalization.")

    loss_names = ("loss", "reconstruction_loss", "code_loss", "l2_loss", "gradient_loss")

    @property
    def decoder_wrapper(self):
        return SpectralNormalization if self.spectral_normalization else None

    def loss_terms(self, batch, training=True):
        """Terms of the objective: see `Autoencoder.loss_terms`; `gradient_loss` is 0 where its weight is."""
        z = self.encoded(batch.images, training=training)["z"]
        return {
            "reconstruction_loss": self.reconstruction_loss(batch.images, self.decoded(z, training=training)),
            "code_loss": 0.5 * ops.mean(ops.sum(ops.square(z), axis=-1)),
            "l2_loss": self.l2_loss(),
            "gradient_loss": self.gradient_loss(z) if self.gradient_weight else ops.zeros((), "float32"),
        }

    def loss_weights(self):
        l2_weight = 0.0 if self.spectral_normalization else self.l2_weight  # the size of such kernels has no effect
        return {"code_loss": self.code_weight, "l2_loss": l2_weight, "gradient_loss": self.gradient_weight}

    def l2_loss(self):
        """Squared norm of all kernels of the decoder, a scalar (equation 9)."""
        kernels = [variable for variable in self.decoder.trainable_variables if len(variable.shape) > 1]
        return sum(ops.sum(ops.square(kernel)) for kernel in kernels)

    def gradient_loss(self, z):
        """Estimate of half the squared norm of the Jacobian of the decoder, a mean over codes: a scalar (equation 10).

        For standard normal v, the mean of `||J^T v||^2` is the squared Frobenius norm of J, and `J^T v` is the gradient
        of one number.
        """
        v = sampling.step_normal((ops.shape(z)[0], *self.image_shape), self.noise())

        def projection(codes):
            return ops.sum(self.decoded(codes) * v, axis=tuple(range(1, len(v.shape))))[:, None]

        return 0.5 * ops.mean(ops.square(gradient_norms(projection, z)))
