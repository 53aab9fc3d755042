"""Time of a training step by `fit`, with one and with several steps in a call of the compiled function.

    python benchmarks/steps_per_call.py [RECIPE ...] [--steps 60] [--counts 1 5 20] [--rounds 5] [--threads N]

The recipes are trained on random images of their size, in their batches, with `steps_per_execution` as the counts say.
Each round trains all counts once; times are medians over the rounds, and ratios are medians of the ratios within a
round, because a machine's speed drifts.
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

from keras_genzoo.recipes import build_model, load_recipe


def trained(recipe, count, steps):
    """A function that trains so many steps, and returns milliseconds a step."""
    model = build_model(recipe.override({"steps_per_execution": count}))
    rng, size = np.random.default_rng(0), recipe.data.batch_size
    images = rng.integers(0, 256, (steps * size, *model.image_shape), dtype="uint8")
    arrays = (images, rng.integers(0, 10, len(images))) if model.data_kind.has_labels else images
    data = tf.data.Dataset.from_tensor_slices(arrays).batch(size).prefetch(2)

    def run():
        start = time.perf_counter()
        model.fit(data, verbose=0)
        return 1e3 * (time.perf_counter() - start) / steps

    run()  # builds the function
    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=["vae_mnist", "lsgan_mnist"])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    given = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(given.threads)
    table = Table("recipe", "steps in a call", "ms per step", f"to {given.counts[0]} in a call")
    for name in given.recipes:
        runs = [trained(load_recipe(name), count, given.steps) for count in given.counts]
        rounds = [[run() for run in runs] for _ in range(given.rounds)]
        for index, count in enumerate(given.counts):
            times, ratios = [each[index] for each in rounds], [each[index] / each[0] for each in rounds]
            table.add_row(name, str(count), f"{statistics.median(times):.2f}", f"{statistics.median(ratios):.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
