"""Trains the models of the likelihood tables by their recipes, and prints what they reach as a table in Markdown.

    python benchmarks/likelihood.py --mnist npz:mnist.npz --binarized npz:binarized_mnist.npz [--rows vae iwae ...]
                                    [--epochs N] [--minutes M] [--out runs/likelihood]

Each row has a recipe, a protocol and the figures that papers give for it. `dynamic`: pixels are binarized at random
anew in each batch and, once, in the evaluation; `fixed`: the fixed binarization, as arrays of 0 and 255. Values are
importance-weighted estimates on the test set with the number of samples of the recipe, in nats.

Runs are kept in `--out` and resumed from there; a finished one is only read. `--epochs` stretches the schedules of a
new run; `--minutes` takes as many epochs as fit into that time, by a first measurement of an epoch.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras_genzoo
from keras_genzoo import presets, recipes, training
from keras_genzoo.training.train import load_data


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        recipe: Name of a bundled recipe.
        protocol: `"dynamic"` or `"fixed"`.
        published: Figures for the model on this protocol, with their sources.
        changes: Changes of the recipe, `key=value`.
        epochs: Epochs that the row takes by default; `None`: those of the recipe.
        metrics: What is measured.
    """

    recipe: str
    protocol: str
    published: str
    changes: tuple = ()
    epochs: int | None = None
    metrics: tuple = ("log_likelihood", "elbo")


# Of other hierarchies and decoders.
BEST = "82.90 (two-layer IWAE, 1509.00519), 79.10 (IAF, 1606.04934), 78.53 (VLAE, 1611.02731)"
FLOW = "at most 89.9, other networks (1505.05770); 89.78 (pythae)"  # without flows: the bound of the paper
# The recipe is for 60,000 images, and there are 50,000.
VAMP_FIXED = (
    "binarize=false",
    "warmup_steps=1960",
    "optimizers.optimizer.learning_rate.decay_steps=10780",
)
RBM_FIXED = ("binarize=false", "optimizers.optimizer.learning_rate.decay_steps=80000")
# Convolutions in place of the network of the tables, which Muon does not move.
CONV_FIXED = (
    "network=conv",
    "base_filters=32",
    "latent_dim=40",
    "dtype=mixed_bfloat16",
    "optimizers.optimizer={name: adam, learning_rate: {schedule: cosine_decay, initial_learning_rate: 0.001, "
    "decay_steps: 11730, alpha: 0.01}}",
    "data.batch_size=128",
    "steps_per_execution=17",
    "epochs=30",
    "evaluation.num_likelihood_images=2000",
    "evaluation.num_samples=500",
)
ROWS = {
    "vae": Row("vae_mnist", "dynamic", "86.76 (1509.00519)"),
    "iwae_5": Row("iwae_mnist", "dynamic", "85.54 (1509.00519)", ("train_samples=5",), 500),
    "iwae_50": Row("iwae_mnist", "dynamic", "84.78 (1509.00519)", ("train_samples=50", "gradient=dreg"), 200),
    "iaf_vae": Row("iaf_vae_mnist", "dynamic", "79.10, with convolutions (1606.04934)"),
    "ladder_vae": Row("ladder_vae_mnist", "dynamic", BEST),
    "pixel_vae": Row("pixel_vae_mnist", "dynamic", BEST),
    "vae_fixed": Row("vae_binarized_mnist", "fixed", FLOW),
    "vae_conv_fixed": Row("vae_binarized_mnist", "fixed", FLOW, CONV_FIXED),
    "chain_vae_fixed": Row("chain_vae_binarized_mnist", "fixed", "none"),
    "iwae_50_fixed": Row("iwae_binarized_mnist", "fixed", "86.82, with its network (pythae)", ("train_samples=50",)),
    "rbm_fixed": Row(
        "rbm_mnist", "fixed", "about 86.3 (Salakhutdinov and Murray, 2008)", RBM_FIXED, metrics=("log_likelihood",)
    ),
    "vamp_vae_fixed": Row("vamp_vae_mnist", "fixed", "85.57 (1705.07120)", VAMP_FIXED),
}


def recipe_of(row, arguments):
    """The recipe of a row with its data."""
    source = arguments.mnist if row.protocol == "dynamic" else arguments.binarized
    if source is None:
        option = "--mnist" if row.protocol == "dynamic" else "--binarized"
        raise SystemExit(f"Expected {option} for the row of {row.recipe} ({row.protocol}). Received: none")
    changes = [*row.changes, f"data.source={source}", f"evaluation.metrics=[{', '.join(row.metrics)}]"]
    recipe = recipes.load_recipe(row.recipe).override(changes)
    if arguments.minutes is not None:
        return recipe.with_epochs(max(1, int(60 * arguments.minutes / seconds_of_epoch(recipe))))
    return recipe.with_epochs(arguments.epochs or row.epochs or recipe.epochs)


def seconds_of_epoch(recipe):
    """Seconds of an epoch of a training that is thrown away, after some steps that compile it."""
    model = recipes.build_model(recipe)
    data = load_data(recipe, model)
    model.fit(data.take(2 * recipe.steps_per_execution), verbose=0)
    start = time.perf_counter()
    model.fit(data, verbose=0)
    return time.perf_counter() - start


def trained(name, row, arguments):
    """The card of the run of a row, which is trained first if it is not there."""
    folder = Path(arguments.out) / name
    if not (folder / "preset" / presets.CONFIG).is_file():
        resume = folder.is_dir()
        recipe = training.Run(folder).recipe if resume else recipe_of(row, arguments)
        training.train(recipe, folder, resume=resume, verbose=2)
    return presets.card(folder / "preset")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--mnist", help="source of MNIST in grey levels, such as tfds:mnist")
    parser.add_argument("--binarized", help="source of the fixed binarization")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int, help="default: those of the recipes; of IWAE, 500 and 200")
    length.add_argument("--minutes", type=float, help="time of each training")
    parser.add_argument("--out", default="runs/likelihood")
    arguments = parser.parse_args()
    lines = ["| model | protocol | -log p(x) | -ELBO | epochs | minutes | published |", "| --- " * 7 + "|"]
    for name in arguments.rows:
        row, card = ROWS[name], trained(name, ROWS[name], arguments)
        likelihood, bound = (card["metrics"].get(metric) for metric in ("log_likelihood", "elbo"))
        bound = f"{-bound['value']:.2f}" if bound else ""
        error, samples = likelihood.get("standard_error", 0.0), likelihood["protocol"]["num_samples"]
        lines.append(
            f"| {name} | {row.protocol} | {-likelihood['value']:.2f} ± {error:.2f} ({samples} samples) "
            f"| {bound} | {card['epochs']} | {card['wall_time_seconds'] / 60:.0f} | {row.published} |"
        )
        print(lines[-1], flush=True)
    print(f"\nkeras_genzoo {keras_genzoo.__version__}\n\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
