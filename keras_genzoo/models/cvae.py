"""CVAE: the conditional variational autoencoder, whose encoder and decoder know the label.

Sohn, Lee and Yan, 2015, Learning structured output representation using deep conditional generative models, NeurIPS
2015; for images of a class: Kingma et al., 2014, Semi-supervised learning with deep generative models,
https://arxiv.org/abs/1406.5298, equation 6 (model M2 where the label is known).

The bound is the VAE's, conditioned on the label y: log p(x|y) >= E_q(z|x,y) log p(x|y,z) -
KL(q(z|x,y) || p(z)). What the label says need not be in the code, so z keeps the style alone, and one code gives the
same style in every class.
"""

import keras

from keras_genzoo.data.kinds import LabelledImages
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.arguments import Integer, Names


@keras.saving.register_keras_serializable(package="keras_genzoo")
class CVAE(VAE):
    """Encodes images with their labels, and generates images of given classes: `generate(16, labels=3)`.

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
    >>> z, _ = model.encode(images[:4], labels=labels[:4])
    >>> model.decode(z, labels=[5, 5, 5, 5]).shape
    (4, 8, 8, 1)
    """

    num_classes = Integer(10, "Number of classes. Labels are integers in `0..num_classes - 1`.", low=2)
    class_names = Names(None, "Names of the classes in the order of the labels.", training=True)

    data_kind = LabelledImages()

    @property
    def conditions(self):
        return (self.label_condition,)
