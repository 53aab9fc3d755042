"""Time of layers of the zoo relative to what Keras has for the same outputs, forward and backward, in one run.

    python benchmarks/layers.py [--rounds 31]

`ReflectionPadding` against `keras.ops.pad` by reflection, less the time of the loss without any padding; and
`UpsamplingConv2D` against `UpSampling2D` with a `Conv2D` of 3x3. Figures are medians over rounds in which all take
turns, as shares of the time of Keras.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as keras_genzoo sets it; here TensorFlow comes first

import keras
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from keras_genzoo.layers import ReflectionPadding, UpsamplingConv2D

PADDED = ((8, 16, 16, 96), 1), ((32, 16, 16, 96), 1), ((8, 64, 64, 24), 3)  # maps, margin
LARGER = ((8, 16, 16, 96), 48), ((8, 32, 32, 48), 24), ((16, 32, 32, 64), 3)  # maps, filters


def with_gradients(function, weights):
    """A compiled function of maps: the gradients of the sum of the squares of the outputs."""

    @tf.function
    def step(maps):
        with tf.GradientTape() as tape:
            tape.watch(maps)
            outputs = tf.cast(function(maps), "float32")
            loss = tf.reduce_sum(tf.square(outputs))
        return tape.gradient(loss, [maps, *[weight.value for weight in weights]])

    return step


def seconds(steps, maps, rounds):
    """Median times of the steps of a dict."""
    times = {name: [] for name in steps}
    for number in range(rounds + 2):
        for name, step in steps.items():
            begin = time.perf_counter()
            step(maps)
            if number > 1:  # the first call compiles
                times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(each) for name, each in times.items()}


def padding(shape, margin, dtype, rounds):
    """Times of ours and of Keras."""
    margins = [(margin, margin)] * 2
    ours = ReflectionPadding(margins, dtype=dtype)
    steps = {
        "none": lambda maps: maps,
        "ours": lambda maps: ours(maps, training=True),
        "keras": lambda maps: keras.ops.pad(maps, ((0, 0), *margins, (0, 0)), mode="reflect"),
    }
    maps = tf.cast(tf.random.normal(shape), dtype)
    times = seconds({name: with_gradients(step, []) for name, step in steps.items()}, maps, rounds)
    return times["ours"] - times["none"], times["keras"] - times["none"]


def upsampling(shape, filters, dtype, rounds):
    """Times of ours and of Keras."""
    policy = "float32" if dtype == "float32" else f"mixed_{dtype}"
    ours = UpsamplingConv2D(filters, dtype=policy)
    repeat = keras.layers.UpSampling2D(2, dtype=policy)
    conv = keras.layers.Conv2D(filters, 3, padding="same", dtype=policy)
    maps = tf.cast(tf.random.normal(shape), dtype)
    ours(maps)
    conv(repeat(maps))
    steps = {
        "ours": with_gradients(ours, ours.trainable_weights),
        "keras": with_gradients(lambda maps: conv(repeat(maps)), conv.trainable_weights),
    }
    times = seconds(steps, maps, rounds)
    return times["ours"], times["keras"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=31)
    options = parser.parse_args()
    table = Table("layer", "maps", "dtype", "ours", "Keras", "share")
    for measured, cases in ((padding, PADDED), (upsampling, LARGER)):
        for shape, size in cases:
            for dtype in ("bfloat16", "float32"):
                ours, theirs = measured(shape, size, dtype, options.rounds)
                times = (f"{1000 * ours:.2f} ms", f"{1000 * theirs:.2f} ms", f"{ours / theirs:.2f}")
                table.add_row(f"{measured.__name__}, {size}", " x ".join(map(str, shape)), dtype, *times)
    Console().print(table)


if __name__ == "__main__":
    main()
