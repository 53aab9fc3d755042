"""VAE: the variational autoencoder, with a Bernoulli or a Gaussian decoder.

Kingma and Welling, 2013, Auto-encoding variational Bayes, https://arxiv.org/abs/1312.6114.

The encoder gives mean and log-variance of a diagonal Gaussian posterior (appendix C), the code is drawn by the
reparametrization z = mean + sigma * noise (section 2.4), and the KL term is in closed form (appendix B). With
`network="mlp"` the networks are the paper's fully connected ones with tanh; `network="conv"`, the default, has strided
and transposed convolutions, which larger pictures need.
"""

import keras

from keras_genzoo.models import _vae


@keras.saving.register_keras_serializable(package="keras_genzoo")
class VAE(_vae.VAE):
    """Encodes images as Gaussian codes and generates images from codes.

    Args:
        **kwargs: `likelihood`, `alpha` and `binarize`: see `keras_genzoo.models._vae.VAE`; `image_shape`, `latent_dim`,
            `network`, `base_filters`, `hidden_units`, `seed`, `dtype` and `name`: see
            `keras_genzoo.models.EncoderDecoder`.

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
