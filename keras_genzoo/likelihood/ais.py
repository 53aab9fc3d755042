"""Annealed importance sampling (AIS) of the partition function of a restricted Boltzmann machine.

Salakhutdinov and Murray, 2008, On the quantitative analysis of deep belief networks,
https://www.cs.toronto.edu/~rsalakhu/papers/dbn_ais.pdf; Neal, 1998, Annealed importance sampling,
https://arxiv.org/abs/physics/9803008.
"""

import math
from collections import namedtuple

import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo import sampling
from keras_genzoo.utils.checks import check_at_least, check_seed

LogPartition = namedtuple("LogPartition", ["value", "standard_error", "method"])
LogPartition.__doc__ = """Estimate of the logarithm of a partition function.

Fields:
    value: The estimate, in nats.
    standard_error: Standard error of the estimate, in nats (the standard error of the mean weight divided by the mean
        weight); `None` for a single chain.
    method: Description of the estimator, for cards.
"""

# Chains times units that are annealed together.
UNITS_PER_PASS = 2**24


def log_partition(model, num_chains, num_temperatures, seed, annealed):
    """Estimate of log Z and its standard error: see `BinaryMachine.log_partition`.

    Args:
        model: The model, a `BinaryMachine`.
        num_chains: Number of chains, at least 1.
        num_temperatures: Number of temperatures, at least 1.
        seed: Seed of the chains.
        annealed: `anneal` of this model as a compiled function of `(betas, seed, start, num)`.

    Returns:
        A `LogPartition`.
    """
    check_at_least(1, num_chains=num_chains, num_temperatures=num_temperatures)
    seed = tf.constant(check_seed(seed), tf.int64)
    rows = max(1, UNITS_PER_PASS // (model.visible_units + model.hidden_units))
    betas, parts = temperatures(num_temperatures), []
    for first in range(0, num_chains, rows):
        # As tensors: TensorFlow would trace the function again for each new Python number.
        start, num = tf.constant(first, tf.int64), tf.constant(min(rows, num_chains - first))
        parts.append(np.asarray(annealed(betas, seed, start, num)))
    log_weights = np.concatenate(parts)
    largest = log_weights.max()
    weights = np.exp(log_weights - largest)
    # At inverse temperature 0 the pixels follow their biases, and each hidden unit is 0 or 1 with probability 1/2.
    log_base = np.logaddexp(0.0, np.asarray(model.visible_bias, "float64")).sum() + model.hidden_units * math.log(2.0)
    error = float(weights.std(ddof=1) / weights.mean() / math.sqrt(num_chains)) if num_chains > 1 else None
    method = f"AIS, {num_chains:,} chains, {num_temperatures:,} temperatures"
    return LogPartition(float(log_base + largest + math.log(weights.mean())), error, method)


def temperatures(num):
    """Inverse temperatures from 0 to 1, denser towards 1, where chains mix slowly: float32 `(num + 1,)`.

    A quarter of the steps lead from 0 to 0.5, a quarter from 0.5 to 0.8 and half of them from 0.8 to 1.
    """
    return np.interp(np.linspace(0.0, 1.0, num + 1), [0.0, 0.25, 0.5, 1.0], [0.0, 0.5, 0.8, 1.0]).astype("float32")


def anneal(model, betas, seed, start, num):
    """Log-weights of annealed chains, from independent pixels at inverse temperature 0 to the model at 1.

    At inverse temperature `beta` the unnormalized probability of the pixels is `exp(a.v) prod_j (1 + exp(beta x_j))`
    with `x = b + v W`: weights and hidden biases are multiplied by `beta`, visible biases are not. The weight of a
    chain is the product of the ratios of these probabilities at successive temperatures; each ratio is taken before the
    chain moves at the second temperature.

    Args:
        model: The model, a `BinaryMachine`.
        betas: Inverse temperatures, float32 `(num_temperatures + 1,)`.
        seed: int64 scalar; chain i depends on `(seed, start + i)` alone.
        start: int64 scalar, index of the first chain.
        num: int32 scalar, number of chains.

    Returns:
        float64 tensor `(num,)`, in nats.
    """
    kernel, visible_bias = ops.convert_to_tensor(model.kernel), ops.convert_to_tensor(model.visible_bias)
    units = model.hidden_units

    def step(index, visible, log_weights):
        low, high = betas[index], betas[index + 1]
        x = model.hidden_logits(visible, kernel)
        gain = ops.sum(ops.softplus(high * x) - ops.softplus(low * x), axis=-1)
        noise = sampling.uniform_rows(seed, start, num, units + model.visible_units, stream=index + 1)
        hidden = model.draw(high * x, noise[:, :units])
        pull = model.visible_logits(hidden, kernel) - visible_bias
        visible = model.draw(visible_bias + high * pull, noise[:, units:])
        return index + 1, visible, log_weights + tf.cast(gain, tf.float64)

    visible = model.draw(visible_bias, sampling.uniform_rows(seed, start, num, model.visible_units))
    state = (tf.constant(0), visible, tf.zeros(tf.stack([num]), tf.float64))
    last = tf.size(betas) - 1
    return tf.while_loop(lambda index, *_: index < last, step, state)[2]
