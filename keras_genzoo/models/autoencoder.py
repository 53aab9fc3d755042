"""Autoencoder: a deterministic code for each image, from which a decoder reconstructs it.

Hinton and Salakhutdinov, 2006, Reducing the dimensionality of data with neural networks,
https://www.cs.toronto.edu/~hinton/science.pdf.

Encoder and decoder minimize the squared error of the reconstruction,

    L(x) = ||x - decoder(encoder(x))||^2,

and nothing says how codes are distributed: draws from N(0, I), which `generate` decodes, are far from the codes of
images, and most of their images show nothing. It is a model for codes and reconstructions.

Differences from the paper: the networks are trained as a whole from random weights, which takes neither the
Boltzmann machines of the paper as a start nor its conjugate gradients; pixels are in [-1, 1] with a squared error in
place of the cross entropy; convolutions by default, and with `network="mlp"` fully connected layers with tanh.
"""

import keras
from keras import ops

from keras_genzoo import losses
from keras_genzoo.families import BaseAutoencoder
from keras_genzoo.utils.noise import noise_for_tests


@keras.saving.register_keras_serializable(package="keras_genzoo")
class Autoencoder(BaseAutoencoder):
    """Encodes images as codes from which the decoder reconstructs them.

    `loss_terms` returns the terms of the objective per image, which `objective` adds up; a variant has further terms.

    Shapes: `encoder` images in [-1, 1] -> `z` `(batch, latent_dim)`; `decoder` `(batch, latent_dim)` -> images in
    [-1, 1].

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://www.cs.toronto.edu/~hinton/science.pdf, figure 1.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("autoencoder", image_shape=(8, 8, 1), latent_dim=2, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.encode(digits[:4]).shape, model.reconstruct(digits[:4]).shape
    ((4, 2), (4, 8, 8, 1))
    """

    optimizer_names = ("optimizer",)
    loss_names = ("loss", "reconstruction_loss")
    decoder_activation = "tanh"

    def default_optimizers(self):
        """Adam with learning rate 0.001 for all weights."""
        return {"optimizer": keras.optimizers.Adam(1e-3)}

    def optimized_variables(self):
        return {"optimizer": self.encoder.trainable_variables + self.decoder.trainable_variables}

    # -- the objective --------------------------------------------------------------------------------------------

    def loss_terms(self, batch, training=True):
        """Terms of the objective.

        Args:
            batch: Record of `images` in [-1, 1].
            training: Whether layers behave, and their statistics move, as in training.

        Returns:
            Dict of scalars by name, per image, means over the batch; `reconstruction_loss` is the squared error.
        """
        z = self.encoded(batch.images, training=training)["z"]
        return {"reconstruction_loss": self.reconstruction_loss(batch.images, self.decoded(z, training=training))}

    def reconstruction_loss(self, images, decoded):
        """Squared error of an image, summed over its pixels in [-1, 1], mean over the batch: a scalar."""
        return ops.mean(losses.squared_error(images, decoded))

    def loss_weights(self):
        """Dict of the weights of terms that count other than once."""
        return {}

    def objective(self, batch, training=True):
        """What training minimizes, a scalar, and the dict of its terms."""
        terms, weights = self.loss_terms(batch, training), self.loss_weights()
        return sum(weights.get(key, 1.0) * term for key, term in terms.items()), terms

    # -- the step -------------------------------------------------------------------------------------------------

    def train_step(self, data):
        batch = self.unpack(data)
        with self.recording("optimizer") as tape:
            loss, terms = self.objective(batch)
        self.apply_gradients("optimizer", loss, tape)
        return self.results({"loss": loss, **terms})

    def test_step(self, data):
        with noise_for_tests():  # of a variant that draws some
            loss, terms = self.objective(self.unpack(data), training=False)
        return self.results({"loss": loss, **terms})
