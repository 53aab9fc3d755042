"""Trains the models that claim disentangled codes, and `vae`, on the source `shapes`, and prints what they reach
as a table in Markdown.

    python benchmarks/disentanglement.py [MODEL ...] [--seeds 0 1 2] [--epochs 360] [--set key=value ...] [--out FILE]

Each model has its recipe `<model>_shapes`: the same network, batches and number of steps.
The table has mean and standard deviation over the seeds of the mutual information gap (of the posteriors), the
FactorVAE score and the reconstruction error, on all 4,608 images, and the gap of each factor. Each finished training is
a line of `--out`, and is not done again.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cells
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
    cells.add_arguments(parser, "disentanglement.jsonl")
    options = parser.parse_args()

    def compute(cell):
        recipe = keras_genzoo.load_recipe(f"{cell['model']}_shapes")
        recipe = recipe.with_epochs(cell["epochs"] or recipe.epochs).override(cell["set"])
        return dict(figures=measure(recipe, cell["seed"]))

    wanted = [
        dict(model=name, seed=seed, epochs=options.epochs, set=options.set)
        for seed in options.seeds
        for name in options.models or MODELS
    ]
    print("\n" + table(cells.run(wanted, compute, options)))


def table(rows):
    """The figures of all models in Markdown: means and, of several seeds, standard deviations."""
    columns = list(rows[0]["figures"]) if rows else []
    lines = [f"| model | trainings | {' | '.join(columns)} |", "| --- " * (2 + len(columns)) + "|"]
    for name in dict.fromkeys(row["model"] for row in rows):
        runs = [row["figures"] for row in rows if row["model"] == name]
        shown = [
            f"{np.mean(values):.3g}" + (f" ± {np.std(values, ddof=1):.2g}" if len(values) > 1 else "")
            for values in ([run[column] for run in runs] for column in columns)
        ]
        lines.append(f"| `{name}` | {len(runs)} | {' | '.join(shown)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
