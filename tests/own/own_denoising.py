"""A denoising autoencoder, which reconstructs images from copies of them with noise.

Vincent et al., 2008, Extracting and composing robust features with denoising autoencoders,
https://www.cs.toronto.edu/~larocheh/publications/icml-2008-denoising-autoencoders.pdf.
"""

from keras import ops

import keras_genzoo
from keras_genzoo import sampling
from keras_genzoo.models.autoencoder import Autoencoder
from keras_genzoo.utils.arguments import Weight


@keras_genzoo.register("own_denoising")
class OwnDenoising(Autoencoder):
    """Encodes images with noise as codes from which the decoder reconstructs the images without it.

    Shapes: as `Autoencoder`.
    """

    noise_level = Weight(0.5, "Standard deviation of the noise on pixels in [-1, 1].", training=True)

    def loss_terms(self, batch, training=True):
        noise = sampling.step_normal(ops.shape(batch.images), self.noise())
        z = self.encoded(batch.images + self.noise_level * noise, training=training)["z"]
        return {"reconstruction_loss": self.reconstruction_loss(batch.images, self.decoded(z, training=training))}
