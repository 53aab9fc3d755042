"""GANs of convolutions: the family's step with the networks that most of its image models share."""

from keras_genzoo import sampling
from keras_genzoo.checks import check_at_least, check_none_or_at_least
from keras_genzoo.models._adversarial import SMALL_NORMAL
from keras_genzoo.models._gan import GAN
from keras_genzoo.networks.conv import conv_discriminator, conv_generator

# First weights from N(0, 0.02), as in https://arxiv.org/abs/1511.06434, section 4; scales of normalizations around 1.
SMALL_NORMAL_WEIGHTS = dict(
    kernel_initializer=SMALL_NORMAL,
    gamma_initializer={"class_name": "RandomNormal", "config": {"mean": 1.0, "stddev": 0.02}},
)


class ConvGAN(GAN):
    """A GAN whose generator doubles the resolution by transposed convolutions and whose discriminator halves it.

    A model says in `network_options` and `discriminator_options` what its networks have of their own, and overrides
    `build_generator` or `build_discriminator` where that is not enough.

    Args:
        image_shape: `(height, width, channels)`, sides of 8..256 pixels, 1 or 3 channels.
        latent_dim: Length of the code `z`, at least 1.
        base_filters: Filters at full resolution, at least 1; they double at each halving, up to 8 times as many.
        d_base_filters: The same for the discriminator's first convolution; `None` for as many as `base_filters`.
        kernel_size: Side of all kernels in pixels, at least 2.
        **kwargs: `d_steps`, `ema_decay`, `seed`, `dtype` and `name`: see `keras_genzoo.models.GAN`.
    """

    network_options = {}  # arguments of both builders in `networks.conv`
    discriminator_options = {}  # of the discriminator's alone

    def __init__(
        self, image_shape=(28, 28, 1), latent_dim=100, base_filters=64, d_base_filters=None, kernel_size=4, **kwargs
    ):
        super().__init__(image_shape, latent_dim, **kwargs)
        check_at_least(1, base_filters=base_filters)
        check_none_or_at_least(1, d_base_filters=d_base_filters)
        check_at_least(2, kernel_size=kernel_size)
        self.base_filters = base_filters
        self.d_base_filters = d_base_filters
        self.kernel_size = kernel_size
        with sampling.seeded_initializers(self.seed):
            self.set_networks(self.build_generator(), self.build_discriminator())

    def build_generator(self):
        """Functional model from `z`, or `[z, labels]`, to images in [-1, 1]."""
        return conv_generator(self.image_shape, self.latent_dim, self.base_filters, **self._shared())

    def build_discriminator(self):
        """Functional model from images in [-1, 1], or `[images, labels]`, to logits or scores `(batch, 1)`."""
        filters = self.base_filters if self.d_base_filters is None else self.d_base_filters
        options = {**self._shared(), **self.discriminator_options}
        return conv_discriminator(self.image_shape, base_filters=filters, **options)

    def _shared(self):
        classes = self.num_classes if self.takes_labels else None
        own = dict(kernel_size=self.kernel_size, num_classes=classes, dtype=self.dtype_policy)
        return {**own, **self.network_options}
