"""VampVAE: a VAE whose prior is the mean of its posteriors at learned pseudo-inputs.

Tomczak and Welling, 2017, VAE with a VampPrior, https://arxiv.org/abs/1705.07120.

The best prior of an encoder is the mean of its posteriors over all images (section 2, equation 5). It would overfit and
cost too much, so K images u_k that are learned with the networks stand for the data (equation 9):

    p(z) = 1/K sum_k q(z|u_k).

The bound is the VAE's with this prior; KL(q(z|x) || p(z)) has no closed form and is estimated from the draw of the
code. As in the code of the authors, pseudo-inputs have a hard tanh to [0, 1], the range of pixels, and start as nearly
black images with a mean of 0.05 and a standard deviation of 0.01; and the weight of the KL term grows from 0 to 1 over
the first steps, `warmup_steps`: the posteriors of images that are all alike make a prior that posteriors of data can
join at once, and without the warm-up a fully connected network leaves its codes unused. This is the paper's model with
one stochastic layer. Its networks are the zoo's, not the paper's gated ones. Where the encoder has batch normalization,
pseudo-inputs pass it with the moving statistics, so that one prior serves training and generation.
"""

import functools

import keras
from keras import ops

from keras_genzoo.families import MixturePrior, NormalPrior
from keras_genzoo.families.priors import Components
from keras_genzoo.families.step_count import StepCount
from keras_genzoo.models.vae import VAE
from keras_genzoo.utils.arguments import Integer, Steps


class VampPrior(MixturePrior):
    """The mean of Gaussian posteriors, which are computed when they are first needed.

    Args:
        dim: Length of a code.
        posterior: Function that returns the `GaussianPosterior` of the pseudo-inputs.
    """

    def __init__(self, dim, posterior):
        NormalPrior.__init__(self, dim)
        self.posterior = posterior

    @functools.cached_property
    def components(self):
        """The Gaussians of the mixture, all with the same weight."""
        posterior = self.posterior()
        return Components(ops.zeros_like(posterior.z_mean[:, 0]), posterior.z_mean, ops.exp(0.5 * posterior.z_log_var))


@keras.saving.register_keras_serializable(package="keras_genzoo")
class VampVAE(VAE):
    """Encodes images as Gaussian codes, and generates images from codes of its pseudo-inputs.

    Shapes: as `VAE`; `pseudo_inputs` `(num_pseudo_inputs, height, width, channels)`, pixels before the hard tanh.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        https://arxiv.org/abs/1705.07120, equation 9.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("vamp_vae", image_shape=(8, 8, 1), latent_dim=2, num_pseudo_inputs=5, base_filters=8)
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    num_pseudo_inputs = Integer(500, "Number of pseudo-inputs (the paper's K).")
    warmup_steps = Steps(
        2000, "Steps over which the weight of the KL term rises from 0 to 1; 0 for none.", training=True
    )

    advice_on_unused_codes = "more warmup_steps use more of them"

    def build_networks(self):
        super().build_networks()
        self.pseudo_inputs = self.add_weight(
            name="pseudo_inputs",
            shape=(self.num_pseudo_inputs, *self.image_shape),
            initializer=keras.initializers.RandomNormal(mean=0.05, stddev=0.01),
            dtype="float32",
            autocast=False,
        )
        self.step_count = StepCount(self)

    @property
    def prior(self):
        return VampPrior(self.latent_dim, lambda: self.posterior(self.encoded(self.pseudo_images())))

    def pseudo_images(self):
        """The pseudo-inputs as images in `network_range`: `(num_pseudo_inputs, height, width, channels)`."""
        return self.values.from_unit(self.pseudo_inputs, self.network_range)
