"""RBM: a restricted Boltzmann machine, binary pixels and binary hidden units.

Smolensky, 1986, Information processing in dynamical systems: foundations of harmony theory; Hinton, 2002, Training
products of experts by minimizing contrastive divergence, https://www.cs.toronto.edu/~hinton/absps/nccd.pdf; Tieleman,
2008, Training restricted Boltzmann machines using approximations to the likelihood gradient,
https://www.cs.toronto.edu/~tijmen/pcd/pcd.pdf.

The model is undirected: `p(v, h) = exp(v.a + h.b + v W h) / Z` for binary pixels `v` and binary hidden units `h`. Given
the units of one layer, the units of the other layer are independent, so block Gibbs sampling draws a whole layer at
once. Summing over the hidden units gives `p(v) = exp(-F(v)) / Z` with the free energy
`F(v) = -v.a - sum_j softplus(b_j + (v W)_j)`. The gradient of the negative log-likelihood is the gradient of the mean
free energy of the data minus the gradient of the mean free energy under the model. Only the second one has to be
estimated: CD-k runs k Gibbs steps from the data, PCD-k continues persistent chains from step to step.

As in Hinton's guide (2010, https://www.cs.toronto.edu/~hinton/absps/guideTR.pdf), the initial weights are normal with
standard deviation 0.01, the first batch sets the visible biases to the log-odds of its pixels, and the gradient uses
the probabilities of the hidden units; their binary states are only used to draw pixels.

Differences from the guide: pixels are drawn in every phase, and grey pixels of the data are drawn again in each step.
The chains that generate images start at independent pixels, drawn by the visible biases. While the learning rate is
high, the weights follow the persistent chains and favour one kind of image after another: let the learning rate decay
to zero before you generate images or measure the likelihood.
"""

import math

import keras
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.families import BinaryMachine
from keras_genzoo.families.optimizing import apply_estimate
from keras_genzoo.families.saving import load_random_states, save_random_states
from keras_genzoo.utils import replicas
from keras_genzoo.utils.arguments import Choice, Flag, Integer
from keras_genzoo.utils.noise import noise_for_tests

NOT_BEGUN = -1.0  # state of a chain before the first training step, which starts it at the data


@keras.saving.register_keras_serializable(package="keras_genzoo")
class RBM(BinaryMachine):
    """Models binary images by Gibbs sampling, and gives their likelihood up to a constant.

    Each channel of each pixel is a visible unit. `generate` returns the probabilities of the pixels in the last step as
    grey levels, and distances such as the FID are measured on these; `gibbs(samples=True)` returns black and white
    images. `generate`, `gibbs`, energies and likelihoods are computed in float32
    for any `dtype`.

    Under `tf.distribute`, each replica continues the same persistent chains with its own noise, and the chains of the
    first replica are kept.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        Hinton, 2010, https://www.cs.toronto.edu/~hinton/absps/guideTR.pdf, equations 6 to 9 (CD); Tieleman, 2008,
        https://www.cs.toronto.edu/~tijmen/pcd/pcd.pdf (PCD).

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("rbm", image_shape=(8, 8, 1), hidden_units=32, generation_steps=20)
    >>> digits = keras_genzoo.data.load("digits", image_size=(8, 8), batch_size=100)
    >>> history = model.fit(digits, epochs=1, verbose=0)
    >>> model.generate(4, seed=0).shape
    (4, 8, 8, 1)
    """

    hidden_units = Integer(500, "Number of hidden units.")
    algorithm = Choice(
        "pcd",
        "`'pcd'`: persistent contrastive divergence, whose chains continue from step to step. `'cd'`: contrastive "
        "divergence, whose chains start at the data in each step.",
        choices=("pcd", "cd"),
        training=True,
    )
    gibbs_steps = Integer(1, "Gibbs steps per training step (the k of CD-k and PCD-k).", training=True)
    num_chains = Integer(
        100,
        "PCD only: number of persistent chains. They start at the first batch.",
        training=True,
        only={"algorithm": ("pcd",)},
    )
    generation_steps = Integer(1000, "Gibbs steps of `generate`.", training=True)
    binarize = Flag(
        True,
        "Draw each grey pixel of the data as 0 or 1 with its grey value as the probability, again in each step. "
        "Otherwise the grey value itself is the state of the unit.",
        training=True,
    )

    optimizer_names = ("optimizer",)
    loss_names = ("reconstruction_loss", "free_energy_gap")

    def build_networks(self):
        """Sets `kernel` (visible, hidden), `visible_bias`, `hidden_bias` and, for PCD, `chains` (chains, visible)."""
        self.visible_units = math.prod(self.image_shape)
        shared = dict(dtype="float32", autocast=False)
        normal = keras.initializers.RandomNormal(stddev=0.01)
        shape = (self.visible_units, self.hidden_units)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=normal, **shared)
        self.hidden_bias = self.add_weight(name="hidden_bias", shape=shape[1:], initializer="zeros", **shared)
        # The first batch sets the visible biases, for all replicas alike, and the chains: those of the first one count.
        shared |= dict(initializer="zeros", aggregation="only_first_replica")
        self.visible_bias = self.add_weight(name="visible_bias", shape=shape[:1], **shared)
        self.chains = None
        if self.algorithm == "pcd":
            chains = (self.num_chains, self.visible_units)
            shared |= dict(initializer=keras.initializers.Constant(NOT_BEGUN))
            self.chains = self.add_weight(name="chains", shape=chains, trainable=False, **shared)

    def default_optimizers(self):
        """Stochastic gradient descent with learning rate 0.05 for all weights.

        The updates are then about a thousandth of the weights, as section 7 of Hinton's guide recommends.
        """
        return {"optimizer": keras.optimizers.SGD(0.05)}

    def optimized_variables(self):
        return {"optimizer": [variable for variable in self.network_variables if variable.trainable]}

    @property
    def network_variables(self):
        return [self.kernel, self.visible_bias, self.hidden_bias]

    def count_params(self):
        return sum(math.prod(variable.shape) for variable in self.network_variables)

    # Weights are stored by name, because a file may have no chains, or chains of another number, which are not loaded.
    def save_own_variables(self, store):
        for variable in self.weights:
            store[variable.name] = variable
        save_random_states(self, store)

    def load_own_variables(self, store):
        for variable in self.network_variables:
            variable.assign(store[variable.name])
        if self.chains is not None:
            fits = "chains" in store and store["chains"].shape == tuple(self.chains.shape)
            self.chains.assign(store["chains"] if fits else ops.full_like(self.chains, NOT_BEGUN))
        load_random_states(self, store)

    # -- the machine ----------------------------------------------------------------------------------------------

    def hidden_logits(self, visible, kernel):
        """`b + v W`: log-odds of the hidden units, float32; the product is computed in the dtype of `kernel`."""
        return self.hidden_bias + ops.cast(ops.matmul(ops.cast(visible, kernel.dtype), kernel), "float32")

    def visible_logits(self, hidden, kernel):
        """`a + h W^T`: log-odds of the pixels, float32; the product is computed in the dtype of `kernel`."""
        product = ops.matmul(ops.cast(hidden, kernel.dtype), ops.transpose(kernel))
        return self.visible_bias + ops.cast(product, "float32")

    def energy_of(self, visible, hidden_logits):
        """`F(v) = -v.a - sum_j softplus(b_j + (v W)_j)`, `(n,)`."""
        return -ops.sum(visible * self.visible_bias, axis=-1) - ops.sum(softplus(hidden_logits), axis=-1)

    # -- training -------------------------------------------------------------------------------------------------

    def visible_batch(self, data):
        """States of the visible units for a training batch: `(n, visible_units)`, binarized with `binarize=True`."""
        visible = ops.reshape(self.unpack(data).images, (-1, self.visible_units))
        if not self.binarize:
            return visible
        return sampling.bernoulli(visible, sampling.step_uniform(ops.shape(visible), self.noise()))

    def begin(self, visible):
        """Sets the visible biases to the log-odds of the pixels in a batch, if all biases are zero."""
        num = ops.cast(ops.shape(visible)[0], "float32")
        held = replicas.held()
        rates = (replicas.total(held * ops.sum(visible, axis=0)) + 0.5) / (replicas.total(held * num) + 1.0)
        known = ops.any(ops.not_equal(self.visible_bias, 0.0))
        self.visible_bias.assign(ops.where(known, self.visible_bias, ops.log(rates / (1.0 - rates))))

    def negative_batch(self, visible):
        """Approximate samples of the model: states after `gibbs_steps` steps from the data or the persistent chains."""
        first = visible
        if self.chains is not None:
            rows = ops.arange(self.num_chains, dtype="int32") % ops.shape(visible)[0]
            first = ops.where(self.chains == NOT_BEGUN, ops.take(visible, rows, axis=0), self.chains)
        key = sampling.step_key(self.noise())
        kernel = ops.cast(self.kernel, self.compute_dtype)
        return self.run_chains(first, self.gibbs_steps, kernel, key)[0]

    def contrast(self, positive, negative):
        """Difference of the mean free energies of two batches of states, and its gradient.

        Args:
            positive: States of the visible units from the data, `(n, visible_units)`.
            negative: States of the visible units from the model, `(m, visible_units)`.

        Returns:
            Tuple of the difference, a scalar; the list of its derivatives with respect to `network_variables`; and the
            log-odds of the hidden units given `positive`, `(n, hidden_units)`.
        """
        states = ops.concatenate([positive, negative])
        rows = ops.shape(positive)[0]
        num, others = (ops.cast(n, "float32") for n in (rows, ops.shape(negative)[0]))
        # Weights of 1 for positive and -n/m for negative states: one matrix product instead of the difference of two,
        # which would be lost to rounding in half precision.
        share = ops.concatenate([ops.ones_like(positive[:, :1]), -num / others * ops.ones_like(negative[:, :1])])
        kernel = ops.cast(self.kernel, self.compute_dtype)
        logits = self.hidden_logits(states, kernel)
        hidden = share * ops.sigmoid(logits)
        product = ops.matmul(ops.transpose(ops.cast(states, kernel.dtype)), ops.cast(hidden, kernel.dtype))
        sums = [ops.cast(product, "float32"), ops.sum(share * states, axis=0), ops.sum(hidden, axis=0)]
        gap = ops.sum(share[:, 0] * self.energy_of(states, logits)) / num
        return gap, [-total / num for total in sums], logits[:rows]

    def train_step(self, data):
        positive = self.visible_batch(data)
        if self.visible_bias.trainable:
            self.begin(positive)
        negative = self.negative_batch(positive)
        values, gradients = self.terms(positive, negative)
        pairs = zip(gradients, self.network_variables, strict=True)
        apply_estimate(self, "optimizer", [gradient for gradient, variable in pairs if variable.trainable])
        if self.chains is not None and self.trainable:
            self.chains.assign(negative)
        return self.results(values)

    def test_step(self, data):
        with noise_for_tests():
            positive = self.visible_batch(data)
            values, _ = self.terms(positive, self.negative_batch(positive))
        return self.results(values)

    def terms(self, positive, negative):
        """Dict of the losses that a step logs, and the gradient."""
        gap, gradients, hidden_logits = self.contrast(positive, negative)
        logits = self.mean_field(hidden_logits, ops.cast(self.kernel, self.compute_dtype))
        reconstruction_loss = ops.mean(losses.bernoulli_nll(positive, logits))
        return {"reconstruction_loss": reconstruction_loss, "free_energy_gap": gap}, gradients


def softplus(x):
    """`log(1 + exp(x))`, composed of operations that every runtime supports."""
    return ops.relu(x) + ops.log(1.0 + ops.exp(-ops.abs(x)))
