"""Base class of energy-based models of binary units: Gibbs sampling, generation, likelihood and export."""

import functools

import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo import sampling
from keras_genzoo.families import generation, imputing
from keras_genzoo.families.allowed import at_least
from keras_genzoo.families.base import ZooModel
from keras_genzoo.families.batches import compiled_function, in_batches, joined
from keras_genzoo.families.checks import images_in_range
from keras_genzoo.families.exporting import ExportFunction, image_input, scalar_inputs, uniform_input
from keras_genzoo.likelihood import ais, importance
from keras_genzoo.utils import pixels
from keras_genzoo.utils.checks import check_at_least, check_flag, check_seed, is_number
from keras_genzoo.utils.text import shown

# Chains use weights that are rounded to multiples of this step. Sums of them up to 2048 are then exact in float32 in
# any order, so that an image does not depend on the number of images in its batch.
GRID = 2.0**-13


class BinaryMachine(ZooModel):
    """Base of models with binary visible units (pixels) and binary hidden units.

    A subclass has the attributes `visible_units`, `hidden_units`, `kernel`, `visible_bias`, `hidden_bias`,
    `generation_steps` and `binarize`, and the methods `visible_logits`, `hidden_logits` and `energy_of`. The states of
    units are flat tensors, float32 `(n, units)`.
    """

    likelihood = "bernoulli"
    generated_pixels = "probabilities of white pixels, as grey levels"  # what metrics of `generate` are measured on
    network_range = (0.0, 1.0)
    web_view = "chain"

    generate = generation.generate
    generate_on_device = generation.generate_on_device

    # -- states ----------------------------------------------------------------------------------------------

    def flat(self, images):
        """Images to states of the visible units: `(n, height, width, channels)` -> `(n, visible_units)` in [0, 1]."""
        return ops.reshape(self.to_network(images), (-1, self.visible_units))

    def images_from_states(self, visible, dtype="float32"):
        """States of the visible units to images: `(n, visible_units)` -> float32 images in [0, 1], or uint8."""
        return self.from_network(ops.reshape(visible, (-1, *self.image_shape)), dtype)

    def mean_field(self, hidden_logits, kernel):
        """Log-odds of the pixels, given the probabilities of the hidden units."""
        return self.visible_logits(ops.sigmoid(hidden_logits), kernel)

    def draw(self, logits, noise):
        """Draws binary units: 1 where uniform `noise` is below the probability with log-odds `logits`, else 0."""
        return sampling.bernoulli(ops.sigmoid(logits), noise)

    def gibbs_step(self, visible, kernel, hidden_noise, visible_noise):
        """One step of block Gibbs sampling, from uniform noise: the drawn pixels, and the log-odds of those.

        Args:
            visible: States, `(n, visible_units)`.
            kernel: The weights, in the dtype of the matrix products.
            hidden_noise: `(n, hidden_units)`.
            visible_noise: `(n, visible_units)`.
        """
        hidden = self.draw(self.hidden_logits(visible, kernel), hidden_noise)
        logits = self.visible_logits(hidden, kernel)
        return self.draw(logits, visible_noise), logits

    def run_chains(self, visible, steps, kernel, seed, start=0):
        """Block Gibbs sampling: each step draws the hidden units given the pixels, then the pixels.

        Args:
            visible: Initial states, `(n, visible_units)`.
            steps: Integer or int32 scalar tensor, at least 1.
            kernel: The weights, in the dtype of the matrix products.
            seed: int64 scalar tensor; the draws of row i depend on `(seed, start + i)` alone.
            start: Index of the first row.

        Returns:
            Tuple of the final states and the probabilities from which they were drawn, both `(n, visible_units)`.
        """
        num, units = ops.shape(visible)[0], self.hidden_units

        def step(index, visible, _):
            noise = sampling.uniform_rows(seed, start, num, units + self.visible_units, stream=index + 1)
            drawn, logits = self.gibbs_step(visible, kernel, noise[:, :units], noise[:, units:])
            return index + 1, drawn, ops.sigmoid(logits)

        state = (tf.constant(0), visible, visible)
        return tf.while_loop(lambda index, *_: index < steps, step, state)[1:]

    # -- use ------------------------------------------------------------------------------------------------------

    def call(self, inputs, training=False):
        """Images (uint8 0..255 or float 0..1) -> their reconstructions, float32 in [0, 1]."""
        return self.reconstructed(images_in_range(inputs))

    def reconstructed(self, images, dtype="float32"):
        """Reconstructions as tensors, float32 in [0, 1] or uint8. Usable inside a graph."""
        kernel = ops.convert_to_tensor(self.kernel)
        logits = self.mean_field(self.hidden_logits(self.flat(images), kernel), kernel)
        return self.images_from_states(ops.sigmoid(logits), dtype)

    def grid_kernel(self):
        """The weights, rounded to multiples of `GRID`."""
        return ops.round(ops.convert_to_tensor(self.kernel) / GRID) * GRID

    def generate_batch(self, seed, start, num, conditions):
        noise = sampling.uniform_rows(seed, start, num, self.visible_units)
        visible = self.draw(ops.convert_to_tensor(self.visible_bias), noise)
        _, probabilities = self.run_chains(visible, self.generation_steps, self.grid_kernel(), seed, start)
        return self.images_from_states(probabilities, "uint8")

    def reconstruct(self, images, batch_size=256):
        """Reconstructs images by one pass to the hidden units and back, with probabilities instead of binary draws.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images per pass.

        Returns:
            uint8 NumPy array of the same shape.

        Raises:
            ValueError: If the images have a wrong shape, type or range.
        """
        pixels.check_images(images, self.image_shape)
        function = functools.partial(self.reconstructed, dtype="uint8")
        parts = in_batches(self, "reconstruct", function, batch_size, images)
        return joined(parts, self.image_shape, "uint8")

    def free_energy(self, images, batch_size=256):
        """Returns the free energy of images, with their grey values as the states of the visible units.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`.
            batch_size: Images per pass.

        Returns:
            float64 NumPy array `(n,)`, in nats. For binary images, `-free_energy - log Z` is the log-likelihood.

        Raises:
            ValueError: If the images have a wrong shape, type or range.
        """
        pixels.check_images(images, self.image_shape)
        parts = in_batches(self, "free_energy", self._free_energy, batch_size, images)
        return np.concatenate([np.empty(0), *parts])

    def gibbs(self, images, steps, seed=None, start=0, samples=False, batch_size=256):
        """Runs Gibbs chains that start at given images.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`; binarized first if the model has
                `binarize=True`.
            steps: Number of steps, at least 1; each step draws all hidden units and then all pixels.
            seed: Integer; the draws of image i depend on `(seed, start + i)` alone. `None` draws a seed.
            start: Index of the first image, at least 0.
            samples: Whether to return the binary pixels of the last step; otherwise their probabilities are returned as
                grey values.
            batch_size: Images per pass.

        Returns:
            uint8 NumPy array of the same shape.

        Raises:
            ValueError: If the images have a wrong shape, type or range, or an argument is out of range.
        """
        check_at_least(1, steps=steps)
        check_at_least(0, start=start)
        check_flag(samples=samples)
        seed = tf.constant(sampling.fresh_seed() if seed is None else check_seed(seed), tf.int64)
        pixels.check_images(images, self.image_shape)
        index = np.arange(start, start + len(images), dtype="int64")
        parts = in_batches(self, "gibbs", self._gibbs, batch_size, images, seed, tf.constant(steps), index)
        return np.concatenate([np.empty((0, *self.image_shape), "uint8"), *(part[not samples] for part in parts)])

    impute = imputing.machine_impute

    def log_partition(self, num_chains=100, num_temperatures=10000, seed=0):
        """Estimates the logarithm of the partition function `Z = sum_v exp(-F(v))` by annealed importance sampling.

        Args:
            num_chains: Number of chains, at least 1. Each gives an estimate of Z, and the estimates are averaged.
            num_temperatures: Number of temperatures between independent pixels and the model, at least 1. More of them
                take more time and lower the error.
            seed: Seed of the chains.

        Returns:
            Named tuple of `value` and `standard_error`, floats in nats (no error, `None`, for a single chain), and
            `method`, a string. The mean weight is an unbiased estimate of Z, so its logarithm is too low on average.
            The bias is small if the standard error is small and the chains reach every mode. The standard error does
            not show a mode that all chains have missed; more temperatures help to find such modes.

        Raises:
            ValueError: If an argument is out of range.

        References:
            Salakhutdinov and Murray, 2008, https://www.cs.toronto.edu/~rsalakhu/papers/dbn_ais.pdf. Their chains start
            at independent pixels with the frequencies of the data; here, the visible biases give the frequencies.

        Example:

        >>> import keras_genzoo
        >>> model = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=4)
        >>> round(model.log_partition(num_chains=10, num_temperatures=100).value)  # 68 log 2: the model is not trained
        47
        """
        annealed = compiled_function(self, "anneal", functools.partial(ais.anneal, self))
        return ais.log_partition(self, num_chains, num_temperatures, seed, annealed)

    def log_likelihood(self, images, num_samples=None, seed=0, start=0, log_z=None):
        """Estimates `log p(v) = -F(v) - log Z` of each image.

        Args:
            images: uint8 0..255 or float 0..1, `(n, height, width, channels)`. They are binarized once if the model has
                `binarize=True`; otherwise they are binary, as the result would not be a likelihood for others.
            num_samples: Number of chains for the estimate of log Z, `None` for 100: see `log_partition`.
            seed: Seed of the chains and of the binarization, which depends on `(seed, start + i)` alone for image i.
            start: Index of the first image.
            log_z: The result of `log_partition`, or its value in nats. `None` estimates it, which takes about a minute
                for 784 pixels and 500 hidden units.

        Returns:
            float64 NumPy array `(n,)`, in nats per image. The values tend to be too high, because the estimate of log Z
            tends to be too low.

        Raises:
            ValueError: If the images have a wrong shape, type or range, or an argument is out of range.
        """
        pixels.check_images(images, self.image_shape)
        check_at_least(0, start=start)
        if not self.binarize and pixels.has_grey(np.asarray(images)):
            raise ValueError("Expected black and white images with binarize=False. Received: grey pixels")
        images = self.to_network(images)
        images = importance.binarized(images, check_seed(seed), start) if self.binarize else images
        if log_z is None:
            log_z = self.log_partition(100 if num_samples is None else num_samples, seed=seed)
        elif num_samples is not None:
            raise ValueError(f"Expected no num_samples: log_z is given. Received: num_samples={num_samples!r}")
        log_z = getattr(log_z, "value", log_z)
        if not is_number(log_z) or not np.isfinite(log_z):
            raise ValueError(f"Expected log_z as a finite number. Received: log_z={shown(log_z)}")
        return -self.free_energy(np.asarray(images)) - log_z

    def _free_energy(self, images):
        visible = self.flat(images)
        return self.energy_of(visible, self.hidden_logits(visible, ops.convert_to_tensor(self.kernel)))

    def _gibbs(self, images, seed, steps, index=None):
        """uint8 images of the final states and of their probabilities; `index` has the numbers of the images."""
        start = 0 if index is None else index[0]
        visible = self.flat(images)
        if self.binarize:
            noise = sampling.uniform_rows(seed, start, ops.shape(visible)[0], self.visible_units)
            visible = sampling.bernoulli(visible, noise)
        last = self.run_chains(visible, steps, self.grid_kernel(), seed, start)
        return [self.images_from_states(group, "uint8") for group in last]

    # -- export ---------------------------------------------------------------------------------------------------

    def export_functions(self, image_dtype="float32"):
        image, units = image_input(self, image_dtype), self.visible_units
        noise = {
            **uniform_input("hidden_noise", (self.hidden_units,)),
            **uniform_input("visible_noise", self.image_shape),
        }

        def gibbs_step(image, hidden_noise, visible_noise):
            kernel, visible_noise = ops.convert_to_tensor(self.kernel), ops.reshape(visible_noise, (-1, units))
            states, logits = self.gibbs_step(self.flat(image), kernel, hidden_noise, visible_noise)
            return {
                "image": self.images_from_states(states, image_dtype),
                "probability": self.images_from_states(ops.sigmoid(logits), image_dtype),
            }

        def impute(image, mask, hidden_noise, visible_noise):
            made = gibbs_step(image, hidden_noise, visible_noise)
            return {name: ops.where(mask > 0.5, drawn, image) for name, drawn in made.items()}

        def gibbs(image, seed, steps):
            return {"image": self._gibbs(image, seed, at_least(1, steps=steps))[1]}

        return {
            "serving_default": ExportFunction(gibbs_step, {**image, **noise}, ("image", "probability")),
            **generation.generate_functions(self),
            "gibbs": ExportFunction(gibbs, {**image, **scalar_inputs("seed", "steps")}, ("image",), portable=False),
            "free_energy": ExportFunction(
                lambda image: {"free_energy": self._free_energy(image)}, image, ("free_energy",)
            ),
            "reconstruct": ExportFunction(
                lambda image: {"image": self.reconstructed(image, image_dtype)}, image, ("image",)
            ),
            "impute": ExportFunction(impute, {**image, **imputing.mask_input(self), **noise}, ("image", "probability")),
        }
