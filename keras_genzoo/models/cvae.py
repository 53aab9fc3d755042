"""CVAE: the conditional variational autoencoder, whose encoder and decoder know the label.

Sohn, Lee and Yan, 2015, Learning structured output representation using deep conditional generative models, NeurIPS
2015; for images of a class as here: Kingma et al., 2014, Semi-supervised learning with deep generative models,
https://arxiv.org/abs/1406.5298, equation 6 (model M2 where the label is known).

The bound is that of the VAE with the label y beside every x and z: log p(x|y) >= E_q(z|x,y) log p(x|y,z) -
KL(q(z|x,y) || p(z)). What the label says need not be in the code, so z keeps the style alone, and one code gives the
same style in every class.
"""

import keras

from keras_genzoo.checks import check_at_least
from keras_genzoo.models import _vae


@keras.saving.register_keras_serializable(package="keras_genzoo")
class CVAE(_vae.VAE):
    """Encodes images with their labels, and generates images of given classes: `generate(16, labels=3)`.

    Args:
        num_classes: Number of classes, at least 2. Labels are integers in 0..num_classes - 1.
        **kwargs: `likelihood`, `alpha` and `binarize`: see `keras_genzoo.models._vae.VAE`; `image_shape`, `latent_dim`,
            `network`, `base_filters`, `hidden_units`, `seed`, `dtype` and `name`: see
            `keras_genzoo.models.EncoderDecoder`.

    Shapes: `encoder` `[images, labels (batch,)]` -> `z_mean` and `z_log_var` `(batch, latent_dim)`; `decoder`
    `[(batch, latent_dim), labels (batch,)]` -> logits or means `(batch, height, width, channels)`.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1406.5298, equation 6.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("cvae", image_shape=(8, 8, 1), latent_dim=2, base_filters=8)
    >>> images, labels = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(images, labels, epochs=1, verbose=0)
    >>> z, _ = model.encode(images[:4], labels[:4])
    >>> model.decode(z, labels=[5, 5, 5, 5]).shape
    (4, 8, 8, 1)
    """

    takes_labels = True

    def __init__(self, num_classes=10, **kwargs):
        check_at_least(2, num_classes=num_classes)
        self.num_classes = num_classes  # before the networks, which are built with it
        super().__init__(**kwargs)
