"""Likelihood that the one-layer VAE of MNIST reaches in equal minutes, by optimizer, batch and other measures of speed.

    python benchmarks/vae_optimizers.py --mnist npz:mnist.npz [--minutes 3] [--only NAME ...] [--threads N]

Each row trains the recipe `vae_mnist` with its changes for as many epochs as fit into the minutes, by a first
measurement of an epoch; the learning rate falls along a cosine over these epochs, unless the row says otherwise. The
values are importance-weighted estimates on the 10,000 test images, binarized once, in nats per image. Finished rows
are kept in --out.
"""

import argparse
import os
import time
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cells
import likelihood
import tensorflow as tf

import keras_genzoo
from keras_genzoo import recipes, training
from keras_genzoo.training.train import load_data


def adam(rate):
    return {"name": "adam", "epsilon": 1e-4, "learning_rate": rate}


def muon(rate, iterations):
    return {"name": "muon", "adam_lr_ratio": 0.2, "ns_steps": iterations, "learning_rate": rate}


class Row(NamedTuple):
    """Optimizer, images in a batch, settings of the recipe, and whether the rate keeps its first value."""

    optimizer: dict
    batch: int
    settings: dict = {}
    constant_rate: bool = False


# Keras's average of all weights, which `fit` puts into the model at its end
AVERAGE = {"use_ema": True, "ema_momentum": 0.999}
ROWS = {
    "Adam, batches of 256": Row(adam(2e-3), 256, {"steps_per_execution": 1}),
    "20 steps in a call": Row(adam(2e-3), 256),
    "20 steps in a call, bfloat16": Row(adam(2e-3), 256, {"dtype": "mixed_bfloat16"}),
    "20 steps in a call, batches of 512": Row(adam(3e-3), 512),
    "Adam, batches of 256, constant rate": Row(adam(1e-3), 256, constant_rate=True),
    "Adam, batches of 256, constant rate, average of the weights": Row(
        {**adam(1e-3), **AVERAGE}, 256, constant_rate=True
    ),
    "Muon, batches of 256": Row(muon(1e-2, 5), 256),
    "Muon, batches of 512": Row(muon(1e-2, 5), 512),
    "Muon, batches of 512, 3 iterations": Row(muon(1e-2, 3), 512),
    "Muon, batches of 512, 3 iterations, constant rate, average of the weights": Row(
        {**muon(1e-2, 3), **AVERAGE}, 512, constant_rate=True
    ),
    "Muon, batches of 1,024, 3 iterations": Row(muon(1e-2, 3), 1024),
}


def recipe_of(name, mnist, epochs, samples):
    """The recipe of a row, with a schedule over all its steps."""
    row = ROWS[name]
    steps = epochs * -(-60_000 // row.batch)
    rate = row.optimizer["learning_rate"]
    if not row.constant_rate:
        rate = {"schedule": "cosine_decay", "initial_learning_rate": rate, "decay_steps": steps, "alpha": 0.01}
    return keras_genzoo.load_recipe("vae_mnist").override(
        {
            "steps_per_execution": 20,
            **row.settings,
            "epochs": epochs,
            "optimizers": {"optimizer": {**row.optimizer, "learning_rate": rate}},
            "data.batch_size": row.batch,
            "data.source": mnist,
            "evaluation.metrics": ["log_likelihood", "elbo"],
            "evaluation.num_samples": samples,
        }
    )


def measured(name, mnist, minutes, samples):
    """Figures of one row."""
    epochs = max(1, int(60 * minutes / likelihood.seconds_of_epoch(recipe_of(name, mnist, 1, samples))))
    recipe = recipe_of(name, mnist, epochs, samples)
    model = recipes.build_model(recipe)
    data = load_data(recipe, model)
    start = time.perf_counter()
    model.fit(data, epochs=epochs, verbose=0)
    seconds = time.perf_counter() - start
    results = training.measure(model, recipe)
    return dict(
        nats=-results["log_likelihood"]["value"],
        bound=-results["elbo"]["value"],
        epochs=epochs,
        trained=round(seconds, 1),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", required=True, help="source of MNIST in grey levels, such as tfds:mnist")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    cells.add_arguments(parser, "vae_optimizers.jsonl")
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    common = dict(minutes=options.minutes, samples=options.samples)
    rows = cells.run(
        [dict(row=name, **common) for name in options.only],
        lambda cell: measured(cell["row"], options.mnist, options.minutes, options.samples),
        options,
    )
    print("| what | nats per image | -ELBO | epochs | seconds |\n" + "| --- " * 5 + "|")
    for row in rows:
        print(f"| {row['row']} | {row['nats']:.2f} | {row['bound']:.2f} | {row['epochs']} | {row['trained']:.0f} |")


if __name__ == "__main__":
    main()
