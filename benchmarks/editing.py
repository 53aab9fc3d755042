"""How often edits by a classifier reach their class, and how far other features of the images move.

    python benchmarks/editing.py [PRESET ...] [--num 1000] [--steps 200] [--sliders]

For each preset of digits, codes of the prior get targets drawn at random among the other nine classes. The table has
the share of images in which the classifier that guides the edit is at least 90 % sure of the target, the share that it
takes for the target at all, and the mean absolute change of slant (pixels per row) and brightness (0..1), with and
without the penalty that holds them.

`--sliders` has the share of 200 codes that a walk of length 5 along the normal of the boundary of a class, as the
sliders of a page in the browser take it, brings to that class: the mean over the classes, and the least of them.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from rich.console import Console
from rich.table import Table

import keras_genzoo
from keras_genzoo import latent

HELD = ("slant", "brightness")


def figures(model, classifier, num, steps, weight):
    """Shares and mean changes of one setting."""
    z = latent.sample(model, num, seed=0)
    shown = classifier.predict_labels(latent.decode(model, z))
    target = (shown + np.random.default_rng(0).integers(1, 10, num)) % 10
    edited = latent.edit(model, classifier, z, target, hold=HELD, hold_weight=weight, steps=steps)
    agreed = np.mean(classifier.predict_labels(edited.images) == target)
    changes = {name: change for name, _, _, change in edited.table()}
    return edited.reached.mean(), agreed, *(changes[name] for name in HELD)


def sliders(model, classifier, num=200, distance=5.0):
    """Share of the images that show the class of a slider at its end, by class."""
    z = latent.sample(model, num, seed=1)
    shares = {}
    for name, direction in latent.class_directions(model, classifier).items():
        moved = latent.walk(model, z, direction, [distance])[:, 0]
        shares[name] = np.mean(classifier.predict_labels(latent.decode(model, moved)) == int(name))
    return shares


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", default=["dcgan_mnist", "vae_mnist"])
    parser.add_argument("--num", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--sliders", action="store_true", help="the shares of sliders only")
    options = parser.parse_args()
    classifier = keras_genzoo.build("classifier", weights="mnist")
    if options.sliders:
        for name in options.presets:
            shares = sliders(keras_genzoo.from_preset(name), classifier)
            least = min(shares, key=shares.get)
            print(f"{name}: {100 * np.mean([*shares.values()]):.1f} %, least {100 * shares[least]:.1f} % for {least}")
        return
    table = Table("preset", "penalty", "at least 90 % sure", "taken for the target", *(f"change of {n}" for n in HELD))
    for name in options.presets:
        model = keras_genzoo.from_preset(name)
        for weight in (0.0, 1.0):
            sure, agreed, *changes = figures(model, classifier, options.num, options.steps, weight)
            shown = [f"{change:.4f}" for change in changes]
            table.add_row(name, f"{weight:g}", f"{100 * sure:.1f} %", f"{100 * agreed:.1f} %", *shown)
    Console().print(table)


if __name__ == "__main__":
    main()
