"""The partition function of a restricted Boltzmann machine, by annealed importance sampling.

Salakhutdinov and Murray, 2008, On the quantitative analysis of deep belief networks,
https://www.cs.toronto.edu/~rsalakhu/papers/dbn_ais.pdf; Neal, 2001, Annealed importance sampling,
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

# Numbers of one pass through all temperatures: chains times units.
UNITS_A_PASS = 2**24
# The base rates come from chains of their own, far from any that are asked for.
_PILOT_START = 2**40
_PILOT_CHAINS = 100


def log_partition(model, num_chains, num_temperatures, seed):
    """Estimate of log Z and its standard error: see `RBM.log_partition`."""
    check_at_least(1, num_chains=num_chains, num_temperatures=num_temperatures)
    seed = check_seed(seed)
    own = np.asarray(model.visible_bias)
    # Annealed from the machine's own visible biases, short chains show how often each pixel is white in the machine;
    # independent pixels of those rates are much nearer to it, and so the better start.
    _, probabilities = _run(model, own, max(num_temperatures // 10, 1), seed, _PILOT_START, _PILOT_CHAINS)
    rates = np.clip(probabilities.mean(axis=0, dtype="float64"), 0.01, 0.99)
    base = np.log(rates / (1.0 - rates)).astype("float32")
    log_weights, _ = _run(model, base, num_temperatures, seed, 0, num_chains)
    largest = log_weights.max()
    weights = np.exp(log_weights - largest)
    log_base = np.logaddexp(0.0, base.astype("float64")).sum() + model.hidden_units * math.log(2.0)
    error = float(weights.std(ddof=1) / weights.mean() / math.sqrt(num_chains)) if num_chains > 1 else None
    method = f"AIS, {num_chains:,} chains, {num_temperatures:,} temperatures"
    return LogPartition(float(log_base + largest + math.log(weights.mean())), error, method)


def temperatures(num):
    """Inverse temperatures from 0 to 1: float32 `(num + 1,)`, ever denser, in the proportions of the paper.

    Of 29 steps it takes one up to 0.5, 8 from there to 0.9, and 20 to 1.
    """
    return np.interp(np.linspace(0.0, 29.0, num + 1), [0.0, 1.0, 9.0, 29.0], [0.0, 0.5, 0.9, 1.0]).astype("float32")


def _run(model, base, num_temperatures, seed, start, num):
    """Log-weights `(num,)` and last visible probabilities `(num, visible)` of chains, in passes of bounded memory."""
    compiled = model.compiled_function("anneal", lambda *inputs: anneal(model, *inputs))
    rows = max(1, UNITS_A_PASS // (base.size + model.hidden_units))
    parts = []
    for first in range(0, num, rows):
        # As tensors: a Python number would be traced anew for every value.
        counts = tf.constant(start + first, tf.int64), tf.constant(min(rows, num - first))
        drawn = compiled(base, temperatures(num_temperatures), tf.constant(seed, tf.int64), *counts)
        parts.append([np.asarray(part) for part in drawn])
    log_weights, probabilities = (np.concatenate(column) for column in zip(*parts, strict=True))
    return log_weights, probabilities


def anneal(model, base, betas, seed, start, num):
    """Chains from independent pixels with biases `base`, at inverse temperature 0, to the machine itself, at 1.

    The unnormalized probability between them is `exp((1 - beta) base.v + beta a.v) prod_j (1 + exp(beta x_j))` with
    `x = b + v W`; a chain's weight is the product of its ratios at successive temperatures.

    Returns:
        Log-weights, float64 `(num,)`, and the probabilities of the last visible pass, float32 `(num, visible)`. Chain
        i depends on `(seed, start + i)` alone.
    """
    kernel, own = ops.convert_to_tensor(model.kernel), ops.convert_to_tensor(model.visible_bias)
    units = model.hidden_units
    base = tf.convert_to_tensor(base)

    def step(index, visible, log_weights, _):
        low, high = betas[index], betas[index + 1]
        x = model.hidden_logits(visible, kernel)
        gain = (high - low) * tf.linalg.matvec(visible, own - base)
        gain += ops.sum(ops.softplus(high * x) - ops.softplus(low * x), axis=-1)
        noise = sampling.uniform_rows(seed, start, num, units + base.shape[0], stream=index + 1)
        hidden = ops.cast(noise[:, :units] < ops.sigmoid(high * x), "float32")
        logits = (1.0 - high) * base + high * model.visible_logits(hidden, kernel)
        probabilities = ops.sigmoid(logits)
        visible = ops.cast(noise[:, units:] < probabilities, "float32")
        return index + 1, visible, log_weights + tf.cast(gain, tf.float64), probabilities

    visible = ops.cast(sampling.uniform_rows(seed, start, num, base.shape[0]) < ops.sigmoid(base), "float32")
    state = (tf.constant(0), visible, tf.zeros(tf.stack([num]), tf.float64), visible)
    last = tf.size(betas) - 1
    _, _, log_weights, probabilities = tf.while_loop(lambda index, *_: index < last, step, state)
    return log_weights, probabilities
