"""The partition function of a restricted Boltzmann machine, by annealed importance sampling.

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
from keras_genzoo.checks import check_at_least, check_seed

LogPartition = namedtuple("LogPartition", ["value", "standard_error", "method"])
LogPartition.__doc__ = """The logarithm of a partition function.

Fields:
    value: Estimate, in nats.
    standard_error: Of the estimate, in nats: that of the mean weight, relative to the mean; `None` for a single chain.
    method: Text: how it was estimated.
"""

# Chains times units of one pass through all temperatures.
UNITS_A_PASS = 2**24


def log_partition(model, num_chains, num_temperatures, seed):
    """Estimate of log Z and its standard error: see `RBM.log_partition`."""
    check_at_least(1, num_chains=num_chains, num_temperatures=num_temperatures)
    seed = tf.constant(check_seed(seed), tf.int64)
    compiled = model.compiled_function("anneal", lambda *inputs: anneal(model, *inputs))
    rows = max(1, UNITS_A_PASS // (model.visible_units + model.hidden_units))
    betas, parts = temperatures(num_temperatures), []
    for first in range(0, num_chains, rows):
        # As tensors: a Python number would be traced anew for every value.
        start, num = tf.constant(first, tf.int64), tf.constant(min(rows, num_chains - first))
        parts.append(np.asarray(compiled(betas, seed, start, num)))
    log_weights = np.concatenate(parts)
    largest = log_weights.max()
    weights = np.exp(log_weights - largest)
    # The machine at inverse temperature 0: free pixels, and hidden units that are 0 or 1 alike.
    log_base = np.logaddexp(0.0, np.asarray(model.visible_bias, "float64")).sum() + model.hidden_units * math.log(2.0)
    error = float(weights.std(ddof=1) / weights.mean() / math.sqrt(num_chains)) if num_chains > 1 else None
    method = f"AIS, {num_chains:,} chains, {num_temperatures:,} temperatures"
    return LogPartition(float(log_base + largest + math.log(weights.mean())), error, method)


def temperatures(num):
    """Inverse temperatures from 0 to 1, denser towards 1, where chains mix slowly: float32 `(num + 1,)`.

    A quarter of the steps goes to 0.5, another to 0.8, and half of them to 1.
    """
    return np.interp(np.linspace(0.0, 1.0, num + 1), [0.0, 0.25, 0.5, 1.0], [0.0, 0.5, 0.8, 1.0]).astype("float32")


def anneal(model, betas, seed, start, num):
    """Log-weights of chains that go from free pixels, at inverse temperature 0, to the machine itself, at 1.

    Between them the unnormalized probability is `exp(a.v) prod_j (1 + exp(beta x_j))` with `x = b + v W`: weights and
    hidden biases count `beta` times, visible biases in full. A chain's weight is the product of the ratios at
    successive temperatures, each taken before the chain moves at the second one.

    Returns:
        float64 tensor `(num,)`; chain i depends on `(seed, start + i)` alone.
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
