"""Time of a training step with the check of its pixels inside the graph, relative to the same step without it.

    python benchmarks/input_checks.py [--rounds 40]

Each round makes one step of both; the ratio is the median over the rounds. Batches of 64 images of 28x28.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import keras_genzoo


def step_of(name, images, checked):
    """A function that makes one compiled step of a new model."""
    import tensorflow as tf

    model = keras_genzoo.build(name, image_shape=(28, 28, 1), base_filters=32)
    if not checked:
        vars(model)["checked_images"] = model.to_network
    step, batch = tf.function(model.train_step), (tf.constant(images),)
    step(batch)
    return lambda: step(batch)


def seconds(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    pixels = np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1), dtype=np.uint8)
    for name in ("dcgan", "vae"):
        for images in (pixels, (pixels / 255.0).astype("float32")):
            with_check, without = (step_of(name, images, checked) for checked in (True, False))
            ratios = [seconds(with_check) / seconds(without) for _ in range(rounds)]
            print(f"{name}, {images.dtype}: {statistics.median(ratios):.3f} of the step without checks")


if __name__ == "__main__":
    main()
