"""RBM: a restricted Boltzmann machine, binary pixels and binary hidden units.

Smolensky, 1986, Information processing in dynamical systems: foundations of harmony theory; Hinton, 2002, Training
products of experts by minimizing contrastive divergence, https://www.cs.toronto.edu/~hinton/absps/nccd.pdf; Tieleman,
2008, Training restricted Boltzmann machines using approximations to the likelihood gradient,
https://www.cs.toronto.edu/~tijmen/pcd/pcd.pdf.

An undirected model: `p(v, h) = exp(v.a + h.b + v W h) / Z` over the pixels `v` and hidden units `h`, all 0 or 1. Given
one side, the units of the other are independent, so that a Gibbs chain draws each side at once. Summed over the hidden
units, `p(v) = exp(-F(v)) / Z` with the free energy `F(v) = -v.a - sum_j softplus(b_j + (v W)_j)`. The gradient of the
negative log-likelihood is that of the mean free energy of the data less that of the machine's own images; only the
latter needs an estimate. CD-k runs k Gibbs steps from the data; PCD-k goes on with chains of its own from step to step.

As in Hinton's guide (2010, https://www.cs.toronto.edu/~hinton/absps/guideTR.pdf), weights start as normals of standard
deviation 0.01, the first batch sets the biases of the pixels to their log-odds, and the gradient uses the probabilities
of the hidden units, which are drawn only to draw pixels. Where we differ: pixels are drawn in every phase, grey ones of
the data anew in each step. New images come from chains that start at independent pixels, drawn by their biases. While
the learning rate is high, the weights run after the chains and favour now one kind of image and now another: let it
fall to zero before images are made or the likelihood is measured.
"""

import math

import keras
import tensorflow as tf
from keras import ops

from keras_genzoo import losses, sampling
from keras_genzoo.checks import check_at_least, check_choice, check_flag
from keras_genzoo.models._base import ZooModel, noise_for_tests
from keras_genzoo.models._energy import HasFreeEnergy

NOT_BEGUN = -1.0  # state of a chain before the first step: then it begins at the data


@keras.saving.register_keras_serializable(package="keras_genzoo")
class RBM(HasFreeEnergy, ZooModel):
    """Generates black and white images by a Markov chain, and gives their likelihood up to a constant.

    Args:
        image_shape: `(height, width, channels)`, sides of 8..256 pixels, 1 or 3 channels; each pixel and channel is a
            visible unit.
        hidden_units: Number of hidden units, at least 1.
        algorithm: `"pcd"`: persistent contrastive divergence, chains that go on from step to step. `"cd"`: contrastive
            divergence, chains that start at the data in each step.
        gibbs_steps: Steps of the chains in one training step (the k of CD-k and PCD-k), at least 1.
        num_chains: PCD only: number of persistent chains, at least 1. They start at the first batch.
        generation_steps: Steps of the chains that make images, at least 1.
        binarize: Draw each grey pixel of the data as 0 or 1 with its grey value as the probability, anew in each step;
            else the grey value itself is the unit's state.
        seed: Seed of the random numbers in training steps.
        dtype: Dtype policy of training; chains of `generate` and `gibbs`, energies and likelihoods are float32.
        name: Name of the Keras model.

    Under `tf.distribute`, each replica draws from the same persistent chains with noise of its own, and those of the
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

    network_range = (0.0, 1.0)
    optimizer_names = ("optimizer",)
    loss_names = ("reconstruction_loss", "free_energy_gap")
    training_arguments = (
        *ZooModel.training_arguments,
        "algorithm",
        "gibbs_steps",
        "num_chains",
        "generation_steps",
        "binarize",
    )

    def __init__(
        self,
        image_shape=(28, 28, 1),
        hidden_units=500,
        algorithm="pcd",
        gibbs_steps=1,
        num_chains=100,
        generation_steps=1000,
        binarize=True,
        seed=None,
        dtype=None,
        name=None,
    ):
        super().__init__(image_shape, seed=seed, dtype=dtype, name=name)
        counts = dict(gibbs_steps=gibbs_steps, num_chains=num_chains, generation_steps=generation_steps)
        check_at_least(1, hidden_units=hidden_units, **counts)
        check_choice(("pcd", "cd"), algorithm=algorithm)
        check_flag(binarize=binarize)
        self.hidden_units = hidden_units
        self.algorithm = algorithm
        self.gibbs_steps = gibbs_steps
        self.num_chains = num_chains
        self.generation_steps = generation_steps
        self.binarize = binarize
        self.visible_units = math.prod(self.image_shape)
        self.build_weights()
        self.finish_construction()

    def build_weights(self):
        """Sets `kernel` (visible, hidden), `visible_bias`, `hidden_bias` and, for PCD, `chains` (chains, visible)."""
        shared = dict(dtype="float32", autocast=False)
        with sampling.seeded_initializers(self.seed):
            normal = keras.initializers.RandomNormal(stddev=0.01)
            shape = (self.visible_units, self.hidden_units)
            self.kernel = self.add_weight(name="kernel", shape=shape, initializer=normal, **shared)
        self.hidden_bias = self.add_weight(name="hidden_bias", shape=shape[1:], initializer="zeros", **shared)
        # These two begin with the first batch. Replicas see other parts of it: that of the first one counts.
        shared |= dict(initializer="zeros", aggregation="only_first_replica")
        self.visible_bias = self.add_weight(name="visible_bias", shape=shape[:1], **shared)
        self.chains = None
        if self.algorithm == "pcd":
            chains = (self.num_chains, self.visible_units)
            shared |= dict(initializer=keras.initializers.Constant(NOT_BEGUN))
            self.chains = self.add_weight(name="chains", shape=chains, trainable=False, **shared)

    def default_optimizers(self):
        """Stochastic gradient descent with learning rate 0.05 for all weights.

        It makes updates of about a thousandth of the weights, as section 7 of Hinton's guide has it.
        """
        return {"optimizer": keras.optimizers.SGD(0.05)}

    def optimized_variables(self):
        return {"optimizer": self.network_variables}

    @property
    def network_variables(self):
        return [self.kernel, self.visible_bias, self.hidden_bias]

    def count_params(self):
        return sum(math.prod(variable.shape) for variable in self.network_variables)

    # Weights are stored by name: a file holds chains or not, and other ones than this model's are left out.
    def save_own_variables(self, store):
        for variable in self.weights:
            store[variable.name] = variable

    def load_own_variables(self, store):
        for variable in self.network_variables:
            variable.assign(store[variable.name])
        if self.chains is not None:
            fits = "chains" in store and store["chains"].shape == tuple(self.chains.shape)
            self.chains.assign(store["chains"] if fits else ops.full_like(self.chains, NOT_BEGUN))

    # -- the machine ----------------------------------------------------------------------------------------------

    def hidden_logits(self, visible, kernel):
        """`b + v W`: log-odds of the hidden units, float32; multiplied in the type of `kernel`."""
        return self.hidden_bias + ops.cast(ops.matmul(ops.cast(visible, kernel.dtype), kernel), "float32")

    def visible_logits(self, hidden, kernel):
        """`a + h W^T`: log-odds of the pixels, float32; multiplied in the type of `kernel`."""
        product = ops.matmul(ops.cast(hidden, kernel.dtype), ops.transpose(kernel))
        return self.visible_bias + ops.cast(product, "float32")

    def energy_of(self, visible, hidden_logits):
        """`F(v) = -v.a - sum_j softplus(b_j + (v W)_j)`, `(n,)`."""
        return -ops.sum(visible * self.visible_bias, axis=-1) - ops.sum(softplus(hidden_logits), axis=-1)

    # -- training -------------------------------------------------------------------------------------------------

    def visible_batch(self, data):
        """States of the visible units from a training batch: `(n, visible_units)`, binarized where the model does."""
        visible = ops.reshape(self.unpack(data)[0], (-1, self.visible_units))
        if not self.binarize:
            return visible
        return sampling.bernoulli(visible, sampling.step_uniform(ops.shape(visible), self.noise()))

    def begin(self, visible):
        """Sets the visible biases, where all are zero, to the log-odds of the pixels in a batch."""
        num = ops.cast(ops.shape(visible)[0], "float32")
        rates = (ops.sum(visible, axis=0) + 0.5) / (num + 1.0)
        known = ops.any(ops.not_equal(self.visible_bias, 0.0))
        self.visible_bias.assign(ops.where(known, self.visible_bias, ops.log(rates / (1.0 - rates))))

    def negative_batch(self, visible):
        """States that stand for the machine's own: `gibbs_steps` steps on from the data, or from the chains."""
        first = visible
        if self.chains is not None:
            rows = ops.arange(self.num_chains) % ops.shape(visible)[0]
            first = ops.where(self.chains == NOT_BEGUN, ops.take(visible, rows, axis=0), self.chains)
        seed = sampling.step_seed(self.noise())
        key = tf.random.stateless_uniform((), seed, minval=None, maxval=None, dtype=tf.int64)
        kernel = ops.cast(self.kernel, self.compute_dtype)
        return self.run_chains(first, self.gibbs_steps, kernel, key)[0]

    def contrast(self, positive, negative):
        """Mean free energy of some states less that of others, and its gradient.

        Args:
            positive: States of the visible units, `(n, visible_units)`: the data.
            negative: Others, `(m, visible_units)`: the machine's own.

        Returns:
            The difference, a scalar, the list of its derivatives by `network_variables`, and the log-odds of the hidden
            units given `positive`.
        """
        states = ops.concatenate([positive, negative])
        rows = ops.shape(positive)[0]
        num, others = (ops.cast(n, "float32") for n in (rows, ops.shape(negative)[0]))
        # 1 for each of the first, -n/m for each of the others: one product of matrices instead of the difference of
        # two, which half precision would round away.
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
        self.begin(positive)
        negative = self.negative_batch(positive)
        values, gradients = self.terms(positive, negative)
        self.apply_estimate("optimizer", gradients)
        if self.chains is not None:
            self.chains.assign(negative)
        return self.results(values)

    def test_step(self, data):
        with noise_for_tests():
            positive = self.visible_batch(data)
            values, _ = self.terms(positive, self.negative_batch(positive))
        return self.results(values)

    def terms(self, positive, negative):
        """Dict of what is logged of a step, and the gradient."""
        gap, gradients, hidden_logits = self.contrast(positive, negative)
        logits = self.mean_field(hidden_logits, ops.cast(self.kernel, self.compute_dtype))
        reconstruction_loss = ops.mean(losses.bernoulli_nll(positive, logits))
        return {"reconstruction_loss": reconstruction_loss, "free_energy_gap": gap}, gradients


def softplus(x):
    """`log(1 + exp(x))`, in operations that every runtime has."""
    return ops.relu(x) + ops.log(1.0 + ops.exp(-ops.abs(x)))
