"""Time of one IWAE training step, ours against one that repeats the images, interleaved in one run.

    python benchmarks/iwae_step.py [--rounds 15] [--batch-size 100] [--train-samples 50]

Network 784-200-200-50, float32. "encoder and decoder" is the step of many implementations: each image stands k times in
the batch. "repeated images" runs the encoder once and takes `losses.bernoulli_nll` of images that stand k times. "ours"
is the model `iwae`, with either gradient. Times are medians over the rounds; ratios are medians of the ratios within a
round, because a machine's speed drifts.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as keras_genzoo sets it; here TensorFlow comes first

import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo.likelihood import importance
from keras_genzoo.models.iwae import IWAE


class RepeatedImages(IWAE):
    """The encoder once per image, and the likelihood of repeated images."""

    def draws_nll(self, images, decoded):
        repeated = importance.repeat(images, self.train_samples)
        return ops.reshape(self.negative_log_likelihood(repeated, decoded), (-1, self.train_samples))


class EncoderAndDecoder(RepeatedImages):
    """Both networks k times per image."""

    def posterior(self, encoded):
        posterior = super().posterior(encoded)
        posterior.repeat = lambda num: posterior
        return posterior

    def encoded(self, images, training=False, **conditions):
        return super().encoded(importance.repeat(images, self.train_samples), training, **conditions)


def step_of(cls, arguments, **options):
    args = dict(image_shape=(28, 28, 1), latent_dim=50, network="mlp", hidden_units=(200, 200), binarize=True)
    model = cls(**args, train_samples=arguments.train_samples, dtype="float32", seed=0, **options)
    model.compile()
    return tf.function(model.train_step)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--train-samples", type=int, default=50)
    arguments = parser.parse_args()
    images = np.random.default_rng(0).integers(0, 256, (arguments.batch_size, 28, 28, 1), dtype="uint8")
    steps = {
        "encoder and decoder": step_of(EncoderAndDecoder, arguments),
        "repeated images": step_of(RepeatedImages, arguments),
        "ours": step_of(IWAE, arguments),
        "ours, dreg": step_of(IWAE, arguments, gradient="dreg"),
    }
    times = {name: [] for name in steps}
    for step in steps.values():
        step(images)  # tracing
    for _ in range(arguments.rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            step(images)
            times[name].append((time.perf_counter() - start) * 1000.0)
    base = times["encoder and decoder"]
    for name, values in times.items():
        ratio = statistics.median(value / first for value, first in zip(values, base, strict=True))
        print(f"{name:20} {statistics.median(values):8.1f} ms   {ratio:5.2f} of encoder and decoder", flush=True)


if __name__ == "__main__":
    main()
