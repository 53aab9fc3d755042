"""What the measurement of a GAN's health costs beside an epoch of its training.

    python benchmarks/health_cost.py [RECIPE ...] [--steps 40] [--rounds 5] [--images 60000] [--threads N]

The recipes are trained on random images of their size, in their batches. Each round times some steps of `fit` and one
measurement of `keras_genzoo.callbacks.GANHealth`, with 256 generated and 1,024 real images as in `keras-genzoo train`,
on the same model. Times are medians over the rounds; shares are medians of the shares within a round, for an epoch of
so many images.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from keras_genzoo.callbacks import GANHealth
from keras_genzoo.recipes import build_model, load_recipe
from keras_genzoo.training.health import MAX_IMAGES


def timed(function):
    """Seconds that a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def rounds_of(recipe, steps, rounds):
    """Pairs of the seconds of a step and of a measurement, one pair for each round."""
    model = build_model(recipe)
    rng, size = np.random.default_rng(0), recipe.data.batch_size
    images = rng.integers(0, 256, (max(steps * size, MAX_IMAGES), *model.image_shape), dtype="uint8")
    labels = rng.integers(0, 10, len(images)) if model.data_kind.has_labels else None
    data = (images, labels) if labels is not None else images
    batches = tf.data.Dataset.from_tensor_slices(data).batch(size).take(steps).prefetch(2)
    health = GANHealth(images[:MAX_IMAGES], None if labels is None else labels[:MAX_IMAGES])
    model.fit(batches, verbose=0)  # builds the function
    health.set_model(model)
    health.on_train_begin()
    health.measure()
    return [(timed(lambda: model.fit(batches, verbose=0)) / steps, timed(health.measure)) for _ in range(rounds)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=["gan_mnist", "dcgan_mnist", "wgan_gp_mnist", "r3gan_mnist"])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    given = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(given.threads)
    table = Table("recipe", "ms per step", "ms per measurement", "share of an epoch")
    for name in given.recipes:
        recipe = load_recipe(name)
        found = rounds_of(recipe, given.steps, given.rounds)
        epoch = given.images / recipe.data.batch_size
        share = statistics.median(measure / (epoch * step) for step, measure in found)
        step, measure = (1e3 * statistics.median(column) for column in zip(*found, strict=True))
        table.add_row(name, f"{step:.1f}", f"{measure:.0f}", f"{share:.2%}")
    Console().print(table)


if __name__ == "__main__":
    main()
