"""Fine-tuning a preset on few images of other data, against training from scratch with the same number of steps.

    python benchmarks/few_images.py --mnist npz:mnist.npz --fashion-mnist npz:fashion_mnist.npz [--steps 2000]
        [--seeds 0 1 2] [--images 100 1000] [--arms tuned scratch] [--cells 4] [--seconds 3000] [--out few_images.jsonl]

A preset of digits is trained on garments, and one of garments on digits. The images are a random choice by the seed,
which is also that of the weights and the noise. All arms have the same images, batches of 32, steps, average of the
weights, adaptive augmentations if nothing else is said, and the learning rates of the preset's training, which fall:

- `scratch`: random weights;
- `tuned`: the defaults of `keras_genzoo.finetune`, with adaptive augmentations;
- `always`: as `tuned`, with augmentations (DiffAugment) in each step;
- `plain`: as `tuned`, without augmentations;
- `freeze_d`: as `tuned`, with the first layer of the discriminator frozen (FreezeD).

The table has the classifier FID of 10,000 images of the last weights (no early stop) against the 10,000 test images, in
features of a classifier of the new data: mean, standard deviation over the seeds, and their number. Finished cells are
kept in --out, one line each, so that the benchmark runs in parts.
"""

import argparse
import dataclasses
import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cells
import numpy as np

import keras_genzoo
from keras_genzoo import metrics
from keras_genzoo.recipes import build_model
from keras_genzoo.training import finetune_recipe

DIRECTIONS = {
    "mnist to fashion_mnist": ("mnist", "fashion_mnist"),
    "fashion_mnist to mnist": ("fashion_mnist", "mnist"),
}
ARMS = ("scratch", "tuned", "always", "plain", "freeze_d")
BATCH = 32


def recipe_of(arm, parent, source, images, steps):
    """The recipe of an arm."""
    freeze = ("discriminator[:1]",) if arm == "freeze_d" else ()
    options = dict(batch_size=BATCH, freeze=freeze, early_stop=False)
    repeat = finetune_recipe(parent, source, 1, **options).data.repeat
    recipe = finetune_recipe(parent, source, max(1, round(steps / (images * repeat // BATCH))), **options)
    if arm == "plain":
        return recipe.override({"augmentations": [], "augmentation_target": 0.0})
    if arm == "always":
        return recipe.override({"augmentation_target": 0.0})
    if arm == "scratch":
        return dataclasses.replace(recipe, weights=None, transfer=False)
    return recipe


def fid(cell, sources, parents, dtype):
    """Classifier FID of one cell, as a dict of results."""
    begun, target = DIRECTIONS[cell["direction"]]
    images, _ = keras_genzoo.data.load_arrays(sources[target], split="train")
    test, _ = keras_genzoo.data.load_arrays(sources[target], split="test")
    rng = np.random.default_rng(cell["seed"])
    chosen = images[rng.choice(len(images), cell["images"], replace=False)]
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/few.npz", x_train=chosen)
        source = f"npz:{folder}/few.npz"
        recipe = recipe_of(cell["arm"], parents[begun], source, cell["images"], cell["steps"])
        recipe = dataclasses.replace(recipe, seed=cell["seed"], dtype=dtype)
        model = build_model(recipe)
        data = keras_genzoo.data.load(source, seed=cell["seed"], **recipe.data.load_options())
        model.fit(data, epochs=recipe.epochs, verbose=0)
    features = metrics.extractor(target)
    made = model.generate(len(test), seed=0, batch_size=256)
    return {"fid": float(metrics.frechet_distance(features(test), features(made))), "dtype": model.dtype_policy.name}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", default="tfds:mnist")
    parser.add_argument("--fashion-mnist", default="tfds:fashion_mnist")
    parser.add_argument("--model", default="dcgan", help="a GAN with presets MODEL_mnist and MODEL_fashion_mnist")
    parser.add_argument("--mnist-parent", help="a preset's folder in place of the bundled MODEL_mnist")
    parser.add_argument("--fashion-mnist-parent", help="the same for MODEL_fashion_mnist")
    parser.add_argument("--directions", nargs="*", choices=DIRECTIONS, default=list(DIRECTIONS))
    parser.add_argument("--images", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--arms", nargs="*", choices=ARMS, default=list(ARMS))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--dtype", default="auto")
    cells.add_arguments(parser, "few_images.jsonl")
    options = parser.parse_args()
    sources = {"mnist": options.mnist, "fashion_mnist": options.fashion_mnist}
    given = {"mnist": options.mnist_parent, "fashion_mnist": options.fashion_mnist_parent}
    parents = {name: folder or f"{options.model}_{name}" for name, folder in given.items()}
    wanted = [
        dict(
            parent=parents[DIRECTIONS[direction][0]],
            direction=direction,
            images=images,
            seed=seed,
            arm=arm,
            steps=options.steps,
        )
        for seed in options.seeds  # all arms of one seed first: a table of a part is a fair one
        for images in options.images
        for direction in options.directions
        for arm in options.arms
    ]
    rows = cells.run(wanted, lambda cell: fid(cell, sources, parents, options.dtype), options)
    print(cells.table(rows, ("direction", "images", "steps"), "arm", "fid", options.arms))


if __name__ == "__main__":
    main()
