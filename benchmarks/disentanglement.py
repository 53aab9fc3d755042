"""Trains the models that claim disentangled codes, and `vae`, on the source `shapes`, and prints what they reach
as a table in Markdown.

    python benchmarks/disentanglement.py [MODEL ...] [--seeds 0 1 2] [--epochs 360] [--set key=value ...]

Each model has its recipe `<model>_shapes`: the same network, batches and number of steps.
The table has mean and standard deviation over the seeds of the mutual information gap (of the posteriors), the
FactorVAE score and the reconstruction error, on all 4,608 images, and the gap of each factor.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import keras_genzoo
from keras_genzoo import recipes, training
from keras_genzoo.recipes.sizes import with_dataset_size
from keras_genzoo.training.train import load_data

MODELS = ("vae", "beta_vae", "beta_tc_vae", "factor_vae", "simple_vae")
METRICS = ["mutual_information_gap", "factor_vae_score", "reconstruction_mse"]


def measure(recipe, seed):
    """Dict of figures of one training: the metrics, the gap of each factor, and the seconds of the training."""
    recipe = with_dataset_size(recipe.override({"seed": seed, "evaluation.metrics": METRICS}))
    model = recipes.build_model(recipe)
    data = load_data(recipe, model)
    start = time.perf_counter()
    model.fit(data, epochs=recipe.epochs, verbose=0)
    seconds = time.perf_counter() - start
    results = training.measure(model, recipe)
    figures = {metric: results[metric]["value"] for metric in METRICS}
    gaps = {f"gap of {name}": gap for name, gap in results["mutual_information_gap"]["gaps"].items()}
    return {**figures, **gaps, "seconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"default: {' '.join(MODELS)}")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, help="default: those of the recipes; schedules are stretched")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="changes of all recipes")
    arguments = parser.parse_args()
    lines = []
    for name in arguments.models or MODELS:
        recipe = keras_genzoo.load_recipe(f"{name}_shapes")
        recipe = recipe.with_epochs(arguments.epochs or recipe.epochs).override(arguments.set)
        runs = [measure(recipe, seed) for seed in arguments.seeds]
        columns = {key: [run[key] for run in runs] for key in runs[0]}
        spread = (f" ± {np.std(column):.2g}" if len(runs) > 1 else "" for column in columns.values())
        cells = (f"{np.mean(column):.3g}{each}" for column, each in zip(columns.values(), spread, strict=True))
        lines = lines or [f"| model | {' | '.join(columns)} |", "| --- " * (1 + len(columns)) + "|"]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
        print(f"{name}: {len(runs)} run(s) of {recipe.epochs} epochs", flush=True)
    print("\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
