"""Time of one DCGAN training step, ours against the naive Keras step and PyTorch, interleaved in one run.

    python benchmarks/step_time.py [--rounds 7] [--steps 5] [--batch-size 128]

Networks: 28x28 images, latent_dim 128, base_filters 64, kernels 4x4 (generator 2.27 M parameters, discriminator
0.14 M). "naive" is the step of many tutorials: `keras.layers.BatchNormalization`, and a generator pass of its own for
each of the two updates. Both run compiled, on the same batch. Times are medians over the rounds; ratios are medians of
the ratios within a round, because a machine's speed drifts. Last, `fit` is compared with a bare loop over the same
compiled step. PyTorch is measured where it is installed, on as many threads, with the same networks.
"""

import argparse
import json
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as keras_genzoo sets it; here TensorFlow comes first

import keras
import numpy as np
import tensorflow as tf

from keras_genzoo.families import BaseGAN
from keras_genzoo.layers import BatchNormalization
from keras_genzoo.networks.conv import conv_discriminator, conv_generator

SHAPE, LATENT_DIM, FILTERS, KERNEL = (28, 28, 1), 128, 64, 4


class SmallGAN(BaseGAN):
    """The family's step on the networks of this benchmark: a discriminator of two convolutions."""

    def build_generator(self):
        return conv_generator(SHAPE, LATENT_DIM, FILTERS, KERNEL, dtype=self.dtype_policy)

    def build_discriminator(self):
        return conv_discriminator(
            SHAPE, num_layers=2, base_filters=FILTERS, kernel_size=KERNEL, dtype=self.dtype_policy
        )


def small_gan(dtype, ema_decay):
    """A compiled model with the paper's optimizers."""
    model = SmallGAN(image_shape=SHAPE, latent_dim=LATENT_DIM, dtype=dtype, ema_decay=ema_decay)
    model.compile()
    return model


def with_keras_batch_normalization(network):
    """The same network with Keras' own batch normalization in place of the fused one."""

    def replace(layer):
        if isinstance(layer, BatchNormalization):
            return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype=layer.dtype_policy)
        return layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=replace)


def naive_step(dtype):
    """A compiled step as tutorials write it: two generator passes, Keras' batch normalization."""
    model = small_gan(dtype, ema_decay=0.0)
    generator = with_keras_batch_normalization(model.generator)
    discriminator = with_keras_batch_normalization(model.discriminator)
    optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    for optimizer, network in zip(optimizers, (discriminator, generator), strict=True):
        optimizer.build(network.trainable_variables)

    @tf.function
    def step(images):
        real = tf.cast(images, tf.float32) / 127.5 - 1.0
        ones, zeros = tf.ones((len(images), 1)), tf.zeros((len(images), 1))
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal((len(images), LATENT_DIM)), training=True)
            d_loss = cross_entropy(ones, discriminator(real, training=True))
            d_loss += cross_entropy(zeros, discriminator(fake, training=True))
        gradients = tape.gradient(d_loss, discriminator.trainable_variables)
        optimizers[0].apply(gradients, discriminator.trainable_variables)
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal((len(images), LATENT_DIM)), training=True)
            g_loss = cross_entropy(ones, discriminator(fake, training=True))
        gradients = tape.gradient(g_loss, generator.trainable_variables)
        optimizers[1].apply(gradients, generator.trainable_variables)
        return d_loss, g_loss

    return step


def our_step(dtype, ema_decay=0.0):
    return tf.function(small_gan(dtype, ema_decay).train_step)


def torch_step(bfloat16):
    """The same networks and naive step in PyTorch, channels_last; `None` where PyTorch is missing."""
    try:
        import torch
    except ImportError:
        return None
    from torch import nn

    generator = nn.Sequential(
        nn.Linear(LATENT_DIM, 7 * 7 * 4 * FILTERS, bias=False),
        nn.Unflatten(1, (4 * FILTERS, 7, 7)),
        nn.BatchNorm2d(4 * FILTERS),
        nn.ReLU(),
        nn.ConvTranspose2d(4 * FILTERS, 2 * FILTERS, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * FILTERS),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * FILTERS, FILTERS, 4, 2, 1, bias=False),
        nn.BatchNorm2d(FILTERS),
        nn.ReLU(),
        nn.ZeroPad2d((1, 2, 1, 2)),  # "same" for an even kernel
        nn.Conv2d(FILTERS, 1, 4),
        nn.Tanh(),
    ).to(memory_format=torch.channels_last)
    discriminator = nn.Sequential(
        nn.Conv2d(1, FILTERS, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(FILTERS, 2 * FILTERS, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * FILTERS),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(2 * FILTERS * 49, 1),
    ).to(memory_format=torch.channels_last)
    d_optimizer, g_optimizer = (
        torch.optim.Adam(network.parameters(), 2e-4, betas=(0.5, 0.999)) for network in (discriminator, generator)
    )
    cross_entropy = nn.functional.binary_cross_entropy_with_logits

    def step(images):
        real = torch.from_numpy(images).permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)
        real = real / 127.5 - 1.0
        ones, zeros = torch.ones(len(images), 1), torch.zeros(len(images), 1)
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            fake = generator(torch.randn(len(images), LATENT_DIM))
            d_loss = cross_entropy(discriminator(real), ones) + cross_entropy(discriminator(fake.detach()), zeros)
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            g_loss = cross_entropy(discriminator(generator(torch.randn(len(images), LATENT_DIM))), ones)
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()

    return step


def measure(steps, images, rounds, repeats):
    """Milliseconds a step of each of `steps` (dict by name), the contestants in turn in every round."""
    times = {name: [] for name in steps}
    for step in steps.values():
        for _ in range(2):  # tracing, allocation
            step(images)
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(repeats):
                step(images)
            times[name].append((time.perf_counter() - start) * 1000.0 / repeats)
    return times


def fit_overhead(images, rounds, steps=20):
    """Ratio of `fit` to a bare loop over its own compiled step, a pair a round."""
    model = small_gan("mixed_bfloat16", 0.999)
    data = tf.data.Dataset.from_tensors(images).repeat(steps)
    model.fit(data, verbose=0)
    ratios = []
    for _ in range(rounds):
        iterator = iter(data)
        start = time.perf_counter()
        for _ in range(steps):
            model.train_function(iterator)
        bare = time.perf_counter() - start
        start = time.perf_counter()
        model.fit(data, verbose=0)
        ratios.append((time.perf_counter() - start) / bare)
    return ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--json", help="file for the figures")
    arguments = parser.parse_args()
    images = np.random.default_rng(0).integers(0, 256, (arguments.batch_size, *SHAPE), dtype="uint8")
    figures = {}
    for dtype in ("float32", "mixed_bfloat16"):
        contestants = {
            "naive": naive_step(dtype),
            "ours": our_step(dtype),
            "ours with average": our_step(dtype, 0.999),
            "PyTorch": torch_step(dtype != "float32"),
        }
        contestants = {name: step for name, step in contestants.items() if step is not None}
        times = measure(contestants, images, arguments.rounds, arguments.steps)
        for name, values in times.items():
            ratio = statistics.median(value / base for value, base in zip(values, times["naive"], strict=True))
            figures[f"{dtype} {name}"] = {"ms": statistics.median(values), "ratio_to_naive": ratio}
            print(f"{dtype:15} {name:18} {statistics.median(values):8.1f} ms   {ratio:5.2f} of naive", flush=True)
    ratio = statistics.median(fit_overhead(images, arguments.rounds))
    figures["fit"] = {"ratio_to_bare_loop": ratio}
    print(f"fit against a bare loop over the same step: {ratio:.3f}")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
