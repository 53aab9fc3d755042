"""A deterministic autoencoder: the squared error of the reconstruction, and no noise in training.

Hinton and Salakhutdinov, 2006, Reducing the dimensionality of data with neural networks,
https://www.cs.toronto.edu/~hinton/science.pdf.
"""

import keras
from keras import ops

import keras_genzoo
from keras_genzoo import losses
from keras_genzoo.families import BaseAutoencoder


@keras_genzoo.register("own_autoencoder")
class OwnAutoencoder(BaseAutoencoder):
    """Encodes images as codes from which the decoder reconstructs them.

    Shapes: `encoder` images in [-1, 1] -> `z` `(batch, latent_dim)`; `decoder` `(batch, latent_dim)` -> images.
    """

    optimizer_names = ("optimizer",)
    loss_names = ("loss",)
    decoder_activation = "tanh"

    def default_optimizers(self):
        return {"optimizer": keras.optimizers.Adam(1e-3)}

    def optimized_variables(self):
        return {"optimizer": self.trainable_variables}

    def reconstruction_loss(self, batch, training=True):
        """Mean over the batch of the squared error per image: record of images in [-1, 1] -> scalar."""
        z = self.encoded(batch.images, training=training)["z"]
        return ops.mean(losses.squared_error(batch.images, self.decoded(z, training=training)))

    def train_step(self, data):
        batch = self.unpack(data)
        return self.results({"loss": self.update("optimizer", lambda: self.reconstruction_loss(batch))})

    def test_step(self, data):
        return self.results({"loss": self.reconstruction_loss(self.unpack(data), training=False)})
