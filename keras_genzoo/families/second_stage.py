"""The second VAE of `TwoStageSampler`: its networks, two hidden layers of ReLU units, and its training on codes."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo import losses, sampling

STEPS, BATCH_SIZE, LEARNING_RATE = 3000, 256, 1e-3
# Log-variance of encoder and decoder at the start. Both begin near the identity with little noise: from an encoder that
# says nothing, the posterior collapses.
START = -3.0


def weights(add, inputs, hidden, outputs):
    """The weights of a network, made by a function `add(name, shape, initializer)`.

    Returns:
        List of kernels and biases. The last layer, which sees the input beside the hidden units, begins at zero.
    """
    made, width = [], inputs
    for index in range(2):
        made += [add(f"kernel_{index}", (width, hidden), "glorot_uniform"), add(f"bias_{index}", (hidden,))]
        width = hidden
    return [*made, add("kernel_2", (hidden + inputs, outputs)), add("bias_2", (outputs,))]


def outputs_of(x, network):
    """What a network gives: `(n, inputs)` -> `(n, outputs)`."""
    features = x
    for kernel, bias in zip(network[0:4:2], network[1:4:2], strict=True):
        features = ops.relu(ops.matmul(features, kernel) + bias)
    return ops.matmul(ops.concatenate([features, x], axis=-1), network[4]) + network[5]


def decoded(u, decoder):
    """Means of standardized codes of second-stage codes: `(n, dim)` twice."""
    return u + outputs_of(u, decoder)


def train(decoder, codes, seed):
    """Trains the decoder, and an encoder that is dropped, to maximize the bound of standardized codes.

    Args:
        decoder: Its weights, see `weights`.
        codes: float32 `(n, dim)`.
        seed: Of the order of the codes and of the noise.

    Returns:
        The standard deviation of a code around the decoder's mean.
    """
    dim, hidden = codes.shape[1], decoder[1].shape[0]

    def add(name, shape, initializer="zeros"):
        return keras.Variable(keras.initializers.get(initializer)(shape), name=name)

    encoder, log_var = weights(add, dim, hidden, 2 * dim), add("log_var", ())
    log_var.assign(START)
    variables = [*encoder, *decoder, log_var]
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, STEPS))
    optimizer.build(variables)
    noises = keras.random.SeedGenerator(seed)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch([variable.value for variable in decoder])  # which are not trainable
            shift, u_log_var = ops.split(outputs_of(x, encoder), 2, axis=-1)
            u_mean = x + shift
            u_log_var = ops.clip(u_log_var + START, -losses.MAX_LOG_VAR, losses.MAX_LOG_VAR)
            noise = sampling.step_normal(ops.shape(u_mean), noises)
            means = decoded(u_mean + ops.exp(0.5 * u_log_var) * noise, decoder)
            variance = ops.clip(log_var, -losses.MAX_LOG_VAR, losses.MAX_LOG_VAR)
            loss = ops.mean(losses.gaussian_nll(x, means, variance) + losses.gaussian_kl(u_mean, u_log_var))
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)

    rng, size = np.random.default_rng(seed), min(BATCH_SIZE, len(codes))
    for _ in range(STEPS):
        step(tf.constant(codes[rng.choice(len(codes), size, replace=False)], "float32"))
    return float(np.exp(0.5 * np.clip(log_var.numpy(), -losses.MAX_LOG_VAR, losses.MAX_LOG_VAR)))
