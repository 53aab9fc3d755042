"""VAE: the variational autoencoder.

Kingma and Welling, 2013, Auto-encoding variational Bayes, https://arxiv.org/abs/1312.6114.

The encoder gives mean and log-variance of a diagonal Gaussian posterior (appendix C), the code is drawn by the
reparametrization z = mean + sigma * noise (section 2.4), and the KL term is in closed form (appendix B). With
`network="mlp"` the networks are the paper's fully connected ones with tanh; `network="conv"`, the default, has strided
and transposed convolutions, which larger pictures need.
"""

import keras
from keras import layers, ops

from keras_genzoo import losses, sampling
from keras_genzoo.models import _vae
from keras_genzoo.models._base import check_at_least, check_choice
from keras_genzoo.networks.conv import conv_features, conv_generator
from keras_genzoo.networks.mlp import mlp_features, mlp_generator


@keras.saving.register_keras_serializable(package="keras_genzoo")
class VAE(_vae.VAE):
    """Encodes images as Gaussian codes and generates images from codes.

    Args:
        image_shape: `(height, width, channels)`, sides of 8..256 pixels, 1 or 3 channels.
        latent_dim: Length of the code `z`, at least 1.
        network: `"conv"` for convolutions with batch normalization, `"mlp"` for the paper's fully connected layers.
        base_filters: Convolutions only: filters at full resolution, doubled at each halving.
        hidden_units: Fully connected only: units of the encoder's hidden layers; the decoder has them in reverse.
        **kwargs: `likelihood`, `alpha`, `binarize`, `seed`, `dtype` and `name`: see `keras_genzoo.models._vae.VAE`.

    Shapes: `encoder` images in [0, 1] (Bernoulli) or [-1, 1] (Gaussian) -> `z_mean` and `z_log_var`
    `(batch, latent_dim)`; `decoder` `(batch, latent_dim)` -> logits or means `(batch, height, width, channels)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1312.6114, equation 10 and appendices B and C.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.reconstruct(digits[:4]).shape
    (4, 8, 8, 1)
    """

    def __init__(
        self, image_shape=(28, 28, 1), latent_dim=32, network="conv", base_filters=32, hidden_units=(500,), **kwargs
    ):
        super().__init__(image_shape, latent_dim, **kwargs)
        check_choice(("conv", "mlp"), network=network)
        if not isinstance(hidden_units, (list, tuple)):
            raise ValueError(f"Expected hidden_units as a list of integers. Received: hidden_units={hidden_units!r}")
        check_at_least(1, base_filters=base_filters, **{f"hidden_units[{i}]": n for i, n in enumerate(hidden_units)})
        self.network = network
        self.base_filters = base_filters
        self.hidden_units = tuple(hidden_units)
        build = self.build_conv if network == "conv" else self.build_mlp
        with sampling.seeded_initializers(self.seed):
            image = keras.Input(self.image_shape, name="image")
            features, decoder = build(image)
            self.set_networks(keras.Model(image, self.posterior(features), name="encoder"), decoder)

    def build_conv(self, image):
        features = conv_features(image, self.image_shape, self.base_filters, dtype=self.dtype_policy)
        decoder = conv_generator(
            self.image_shape,
            self.latent_dim,
            self.base_filters,
            output_activation="linear",
            dtype=self.dtype_policy,
            name="decoder",
        )
        return features, decoder

    def build_mlp(self, image):
        features = mlp_features(image, self.hidden_units, dtype=self.dtype_policy)
        decoder = mlp_generator(self.image_shape, self.latent_dim, self.hidden_units[::-1], dtype=self.dtype_policy)
        return features, decoder

    def posterior(self, features):
        """The encoder's two outputs, from its features."""
        z_mean = layers.Dense(self.latent_dim, dtype="float32", name="z_mean")(features)  # (batch, latent_dim)
        z_log_var = layers.Dense(self.latent_dim, dtype="float32", name="z_log_var")(features)
        # An unbounded log-variance overflows in exp and ends in NaN.
        return {"z_mean": z_mean, "z_log_var": ops.clip(z_log_var, -losses.MAX_LOG_VAR, losses.MAX_LOG_VAR)}
