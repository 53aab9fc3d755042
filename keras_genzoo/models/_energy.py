"""What a machine of binary units with a free energy can do: Markov chains, images, likelihoods, and their export."""

import functools

import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo import images as pixels
from keras_genzoo import sampling
from keras_genzoo.checks import check_at_least, check_flag, check_seed
from keras_genzoo.models import _ais, _likelihood
from keras_genzoo.models._base import ExportFunction
from keras_genzoo.models._latent import Generates, at_least, scalar_specs

# In chains, weights are rounded to this grid. Sums of them up to 2048 are exact in float32 then, whatever their order,
# so that an image of a collection does not depend on how many are made beside it.
GRID = 2.0**-13


class HasFreeEnergy(Generates):
    """Gives its methods to a `ZooModel` with binary visible units (pixels) and binary hidden units.

    The model has `visible_units`, `hidden_units`, `kernel`, `visible_bias`, `hidden_bias`, `generation_steps` and
    `binarize`. States of units are flat, float32 `(n, units)`.
    """

    likelihood = "bernoulli"

    # -- states ----------------------------------------------------------------------------------------------

    def flat(self, images):
        """Images as states of the visible units: `(n, height, width, channels)` -> `(n, visible_units)` in [0, 1]."""
        return ops.reshape(self.to_network(images), (-1, self.visible_units))

    def image_of(self, visible, dtype="float32"):
        """The reverse: float32 images in [0, 1], or uint8 ones."""
        return self.from_network(ops.reshape(visible, (-1, *self.image_shape)), dtype)

    def mean_field(self, hidden_logits, kernel):
        """Log-odds of the pixels, given the probabilities of the hidden units."""
        return self.visible_logits(ops.sigmoid(hidden_logits), kernel)

    def draw(self, logits, noise):
        """Units that are 1 with these log-odds where uniform `noise` is below their probability, and else 0."""
        return sampling.bernoulli(ops.sigmoid(logits), noise)

    def run_chains(self, visible, steps, kernel, seed, start=0):
        """Block Gibbs sampling: hidden units given pixels, then pixels given hidden units, `steps` times.

        Args:
            visible: States to begin with, `(n, visible_units)`.
            steps: Integer or int32 scalar tensor, at least 1.
            kernel: The weights, in the type to multiply in.
            seed: int64 scalar tensor; what row i draws depends on `(seed, start + i)` alone.
            start: Index of the first row.

        Returns:
            The last states, and the probabilities from which they were drawn.
        """
        num, units = ops.shape(visible)[0], self.hidden_units

        def step(index, visible, _):
            noise = sampling.uniform_rows(seed, start, num, units + self.visible_units, stream=index + 1)
            hidden = self.draw(self.hidden_logits(visible, kernel), noise[:, :units])
            logits = self.visible_logits(hidden, kernel)
            return index + 1, self.draw(logits, noise[:, units:]), ops.sigmoid(logits)

        state = (tf.constant(0), visible, visible)
        return tf.while_loop(lambda index, *_: index < steps, step, state)[1:]

    # -- use ------------------------------------------------------------------------------------------------------

    def call(self, inputs, training=False):
        """Images (uint8 0..255 or float 0..1) -> the probabilities of the pixels after one pass, float32 in [0, 1]."""
        return self.reconstructed(inputs)

    def reconstructed(self, images, dtype="float32"):
        """Images after one pass to the hidden units and back as tensors, float32 in [0, 1] or uint8."""
        kernel = ops.convert_to_tensor(self.kernel)
        logits = self.mean_field(self.hidden_logits(self.flat(images), kernel), kernel)
        return self.image_of(ops.sigmoid(logits), dtype)

    def grid_kernel(self):
        """The weights, rounded to `GRID`."""
        return ops.round(ops.convert_to_tensor(self.kernel) / GRID) * GRID

    def generate_batch(self, seed, start, num, labels):
        noise = sampling.uniform_rows(seed, start, num, self.visible_units)
        visible = self.draw(ops.convert_to_tensor(self.visible_bias), noise)
        _, probabilities = self.run_chains(visible, self.generation_steps, self.grid_kernel(), seed, start)
        return self.image_of(probabilities, "uint8")

    def reconstruct(self, images, batch_size=256):
        """Images after one pass to the hidden units and back, probabilities instead of draws.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images in one pass.

        Returns:
            uint8 NumPy array of the same shape.

        Raises:
            ValueError: On images that the model does not take.
        """
        pixels.check_images(images, self.image_shape)
        function = functools.partial(self.reconstructed, dtype="uint8")
        parts = self.in_batches("reconstruct", function, batch_size, images)
        return np.concatenate(parts) if parts else np.empty((0, *self.image_shape), "uint8")

    def free_energy(self, images, batch_size=256):
        """Free energy of images, their grey values taken as the states of the visible units.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images in one pass.

        Returns:
            float64 NumPy array `(n,)`, nats; `-free_energy - log Z` is the log-likelihood of a black and white image.

        Raises:
            ValueError: On images that the model does not take.
        """
        pixels.check_images(images, self.image_shape)
        parts = self.in_batches("free_energy", self._free_energy, batch_size, images)
        return np.concatenate([np.empty(0), *parts])

    def gibbs(self, images, steps, seed=None, start=0, samples=False, batch_size=256):
        """Images after some steps of a Markov chain that begins at given ones.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`; binarized first where the model does
                that.
            steps: Number of steps, at least 1; each draws all hidden units and then all pixels.
            seed: Integer; what image i draws depends on `(seed, start + i)` alone. `None` draws a seed.
            start: Index of the first image, at least 0.
            samples: Whether the pixels of the last step are given as drawn, black or white; else their probabilities
                as grey values.
            batch_size: Images in one pass.

        Returns:
            uint8 NumPy array of the same shape.

        Raises:
            ValueError: On images that the model does not take, or an argument out of its range.
        """
        check_at_least(1, steps=steps)
        check_at_least(0, start=start)
        check_flag(samples=samples)
        seed = tf.constant(sampling.fresh_seed() if seed is None else check_seed(seed), tf.int64)
        pixels.check_images(images, self.image_shape)
        index = np.arange(start, start + len(images), dtype="int64")
        parts = self.in_batches("gibbs", self._gibbs, batch_size, images, seed, tf.constant(steps), index)
        return np.concatenate([np.empty((0, *self.image_shape), "uint8"), *(part[not samples] for part in parts)])

    def log_partition(self, num_chains=100, num_temperatures=10000, seed=0):
        """Estimate of the logarithm of the partition function `Z = sum_v exp(-F(v))`, by annealed importance sampling.

        Args:
            num_chains: Chains, each of which gives an estimate of Z; their mean counts. At least 1.
            num_temperatures: Temperatures that each chain passes on its way from independent pixels to this machine.
                Time grows with it, and the error falls. At least 1.
            seed: Of the chains.

        Returns:
            Named tuple: `value` and `standard_error`, floats in nats (`None` for the error of a single chain), and
            `method`, a text. The mean weight estimates Z without bias, so its logarithm is on average too low: by
            little where the standard error is small and the chains find every mode. No chain knows of one that all
            chains have missed; more temperatures help to find them.

        Raises:
            ValueError: If an argument is out of its range.

        References:
            Salakhutdinov and Murray, 2008, https://www.cs.toronto.edu/~rsalakhu/papers/dbn_ais.pdf. Their chains start
            at independent pixels as frequent as in the data; here it is pixels as the visible biases have them.

        Example:

        >>> import keras_genzoo
        >>> model = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=4)
        >>> round(model.log_partition(num_chains=10, num_temperatures=100).value)  # 68 log 2: it has learned nothing
        47
        """
        return _ais.log_partition(self, num_chains, num_temperatures, seed)

    def log_likelihood(self, images, num_samples=100, seed=0, start=0, log_z=None):
        """Estimate of `log p(v) = -F(v) - log Z` of each image.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`; binarized once where the model
                binarizes, and else to be black and white, or it is no likelihood.
            num_samples: Chains of the estimate of log Z: see `log_partition`.
            seed: Of the chains and of the binarization; what image i draws depends on `(seed, start + i)` alone.
            start: Index of the first image.
            log_z: The value of `log_partition`, where it is known; else it is estimated anew, in about a minute for
                784 pixels and 500 hidden units.

        Returns:
            float64 NumPy array `(n,)`: nats an image. As log Z is rather too low, these are rather too high.

        Raises:
            ValueError: On images that the model does not take, or an argument out of its range.
        """
        pixels.check_images(images, self.image_shape)
        images = _likelihood.binarized(self, images, check_seed(seed), start)
        log_z = self.log_partition(num_samples, seed=seed).value if log_z is None else log_z
        return -self.free_energy(np.asarray(images)) - log_z

    def _free_energy(self, images):
        visible = self.flat(images)
        return self.energy_of(visible, self.hidden_logits(visible, ops.convert_to_tensor(self.kernel)))

    def _gibbs(self, images, seed, steps, index=None):
        """uint8 images of the states and of the probabilities of a chain's last step; `index` numbers the images."""
        start = 0 if index is None else index[0]
        visible = self.flat(images)
        if self.binarize:
            noise = sampling.uniform_rows(seed, start, ops.shape(visible)[0], self.visible_units)
            visible = sampling.bernoulli(visible, noise)
        last = self.run_chains(visible, steps, self.grid_kernel(), seed, start)
        return [self.image_of(group, "uint8") for group in last]

    # -- export ---------------------------------------------------------------------------------------------------

    def export_functions(self, image_dtype="float32"):
        image = tf.TensorSpec((None, *self.image_shape), image_dtype, name="image")
        hidden_noise = tf.TensorSpec((None, self.hidden_units), tf.float32, name="hidden_noise")
        visible_noise = tf.TensorSpec((None, *self.image_shape), tf.float32, name="visible_noise")
        chain_inputs = {"image": image, **scalar_specs(seed=tf.int64, steps=tf.int32)}

        def gibbs_step(image, hidden_noise, visible_noise):
            kernel = ops.convert_to_tensor(self.kernel)
            hidden = self.draw(self.hidden_logits(self.flat(image), kernel), hidden_noise)
            logits = self.visible_logits(hidden, kernel)
            drawn = self.draw(logits, ops.reshape(visible_noise, (-1, self.visible_units)))
            return {
                "image": self.image_of(drawn, image_dtype),
                "probability": self.image_of(ops.sigmoid(logits), image_dtype),
            }

        def gibbs(image, seed, steps):
            return {"image": self._gibbs(image, seed, at_least(1, steps=steps))[1]}

        step_inputs = {"image": image, "hidden_noise": hidden_noise, "visible_noise": visible_noise}
        return {
            "serving_default": ExportFunction(gibbs_step, step_inputs, ("image", "probability")),
            **self.generate_functions(),
            "gibbs": ExportFunction(gibbs, chain_inputs, ("image",), portable=False),
            "free_energy": ExportFunction(
                lambda image: {"free_energy": self._free_energy(image)}, {"image": image}, ("free_energy",)
            ),
            "reconstruct": ExportFunction(
                lambda image: {"image": self.reconstructed(image, image_dtype)}, {"image": image}, ("image",)
            ),
        }
