"""Classifiers trained on generated images: alone, and beside 100 real ones.

    python benchmarks/synthetic_training.py --data npz:mnist.npz [--presets cgan_mnist cvae_mnist] [--seeds 0 1 2]
        [--real 100] [--synthetic 10000] [--steps 2000] [--cells 4] [--seconds 3000] [--out synthetic_training.jsonl]

For each preset of a model that takes labels, the classifier of the bundled recipe is trained for the same number of
steps on:

- `real`: some real images, equally many of each class;
- `synthetic`: generated images alone (GAN-train);
- `both`: the real ones and generated ones, half of each batch each;
- `all real`: as many real images as there are generated ones, for comparison.

The table has the accuracy on the test images in percent: mean, standard deviation over the seeds, and their number. The
generators have seen all training images with their labels: this measures what their images are worth, not what 100
labels are worth. Finished cells are kept in --out, one line each, so that the benchmark runs in parts.

References:
    Shmelkov et al., 2018, How good is my GAN?, https://arxiv.org/abs/1807.09499, section 3.
"""

import argparse
import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cells
import numpy as np
import tensorflow as tf

import keras_genzoo
from keras_genzoo.recipes import build_model

ARMS = ("real", "synthetic", "both", "all real")
BATCH = 128


def sets_of(cell, images, labels):
    """The sets of images and labels that a batch has equal parts of."""
    rng = np.random.default_rng(cell["seed"])
    order = rng.permutation(len(labels))
    if cell["arm"] == "all real":
        return [(images[order[: cell["synthetic"]]], labels[order[: cell["synthetic"]]])]
    classes = [order[labels[order] == label][: cell["real"] // 10] for label in range(10)]
    real = [(images[rows], labels[rows]) for rows in [np.concatenate(classes)]]
    if cell["arm"] == "real":
        return real
    model = keras_genzoo.from_preset(cell["preset"])
    made = model.generate(cell["synthetic"], seed=cell["seed"] + 1, batch_size=256)  # not the images of metrics
    synthetic = (made, np.arange(len(made), dtype="int32") % model.num_classes)
    return [synthetic] if cell["arm"] == "synthetic" else [*real, synthetic]


def accuracy(cell, source, recipe):
    """Accuracy of one cell on the test images in percent, as a dict of results."""
    images, labels = keras_genzoo.data.load_arrays(source, split="train")
    test, test_labels = keras_genzoo.data.load_arrays(source, split="test")
    sets = sets_of(cell, images, labels)
    parts = [
        tf.data.Dataset.from_tensor_slices(each)
        .shuffle(len(each[1]), seed=cell["seed"])
        .repeat()
        .batch(BATCH // len(sets))
        for each in sets
    ]
    data = parts[0]
    if len(parts) > 1:
        data = tf.data.Dataset.zip(*parts).map(
            lambda *pairs: tuple(tf.concat(each, 0) for each in zip(*pairs, strict=True))
        )
    model = build_model(dataclasses.replace(recipe, seed=cell["seed"]))
    model.fit(data, epochs=1, steps_per_epoch=cell["steps"], verbose=0)
    return {"accuracy": 100 * model.accuracy(test, test_labels), "dtype": model.dtype_policy.name}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="tfds:mnist")
    parser.add_argument("--recipe", default="classifier_mnist", help="recipe of the classifier")
    parser.add_argument("--presets", nargs="*", default=["cgan_mnist", "cvae_mnist"])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--real", type=int, default=100, help="real images, a multiple of 10")
    parser.add_argument("--synthetic", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--arms", nargs="*", choices=ARMS, default=list(ARMS))
    parser.add_argument("--dtype", default="auto")
    cells.add_arguments(parser, "synthetic_training.jsonl")
    options = parser.parse_args()
    rate = dict(schedule="cosine_decay", initial_learning_rate=0.001, decay_steps=options.steps)
    recipe = keras_genzoo.load_recipe(options.recipe)
    recipe = recipe.override({"optimizers.optimizer.learning_rate": rate, "dtype": options.dtype})
    size = dict(real=options.real, synthetic=options.synthetic, steps=options.steps)
    wanted = [
        dict(preset=preset if arm in ("synthetic", "both") else "none", seed=seed, arm=arm, **size)
        for seed in options.seeds
        for preset in options.presets
        for arm in options.arms
    ]
    wanted = [cell for number, cell in enumerate(wanted) if cell not in wanted[:number]]  # real images once
    rows = cells.run(wanted, lambda cell: accuracy(cell, options.data, recipe), options)
    print(cells.table(rows, ("preset", "real", "synthetic", "steps"), "arm", "accuracy", options.arms))


if __name__ == "__main__":
    main()
