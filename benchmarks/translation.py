"""Translations of emoji from one design to another, beside simple rivals, on test pairs.

    python benchmarks/translation.py npz:emoji.npz [PRESET ...] [--l1-alone FOLDER] [--strip strip.png]

The rivals are a copy of the input, and the target of the nearest training input (smallest mean squared difference).
With --l1-alone the network of pix2pix_emoji is trained by its recipe with an L1 loss alone in all but name (`l1_weight`
of a million: Adam does not see the scale of a loss), or taken from the folder where that was done before.

Columns: mean absolute error in grey levels, PSNR, SSIM, kernel distance (x 1,000) between the features of translations
and of targets (classifier of emoji groups), and sharpness: the mean absolute difference of neighbouring pixels, as a
share of that of the targets. `--strip` draws inputs, the translations of each row, and targets.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from sklearn.neighbors import NearestNeighbors

import keras_genzoo
from keras_genzoo import metrics, presets, training
from keras_genzoo.data.pairs import load_pair_arrays

KEYS = dict(image_key="noto", image_key_b="twemoji")
PRESETS = ("pix2pix_emoji", "cut_emoji", "cyclegan_emoji")


def nearest_targets(images, known, targets):
    """For each image, the target of the most similar known image."""
    flat = [each.reshape(len(each), -1).astype("float32") for each in (known, images)]
    rows = NearestNeighbors(n_neighbors=1).fit(flat[0]).kneighbors(flat[1], return_distance=False)[:, 0]
    return targets[rows]


def l1_alone(folder, source):
    """The network of pix2pix_emoji, trained without a discriminator's say."""
    if not os.path.exists(os.path.join(folder, "preset")):
        recipe = keras_genzoo.load_recipe("pix2pix_emoji").override({"args.l1_weight": 1e6, "data.source": source})
        training.train(recipe, folder, evaluate=False, resume=os.path.exists(folder))
    return keras_genzoo.build("pix2pix", weights=os.path.join(folder, "preset"))


def sharpness(images):
    """Mean absolute difference of pixels that are neighbours in a row or a column."""
    levels = images.astype("float32")
    return np.mean([np.abs(np.diff(levels, axis=axis)).mean() for axis in (1, 2)])


def figures(results, targets):
    """One row of the table."""
    features = metrics.extractor("emoji")
    kernel = metrics.kernel_distance(features(targets), features(results))
    return (
        f"{metrics.translation_l1(targets, results):.2f}",
        f"{metrics.psnr(targets, results):.2f}",
        f"{metrics.ssim(targets, results):.4f}",
        f"{1000 * kernel.value:.1f} +- {1000 * kernel.standard_error:.1f}",
        f"{sharpness(results) / sharpness(targets):.2f}",
    )


def draw(path, rows, num=20):
    """A picture with one row of images for each array, the same images in each column."""
    chosen = np.linspace(0, len(rows[0]) - 1, num).astype(int)
    Image.fromarray(np.concatenate([np.concatenate(list(row[chosen]), axis=1) for row in rows])).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="npz:PATH of arrays noto, twemoji and split")
    parser.add_argument(
        "presets", nargs="*", help=f"names or folders; default: the bundled ones of {', '.join(PRESETS)}"
    )
    parser.add_argument("--l1-alone", metavar="FOLDER")
    parser.add_argument("--strip", metavar="FILE")
    options = parser.parse_args()
    known = load_pair_arrays(options.source, split="train", **KEYS)
    images, targets = load_pair_arrays(options.source, split="test", **KEYS)
    made = {"copy of the input": images, "nearest training pair": nearest_targets(images, *known)}
    models = {"U-Net, L1 alone": l1_alone(options.l1_alone, options.source)} if options.l1_alone else {}
    bundled = [name for name in PRESETS if name in presets.list_presets()]
    models |= {name: keras_genzoo.from_preset(name) for name in options.presets or bundled}
    made |= {name: model.translate(images) for name, model in models.items()}
    table = Table("", "L1", "PSNR", "SSIM", "kernel distance", "sharpness", title=f"{len(images)} test pairs")
    for name, results in made.items():
        table.add_row(name, *figures(results, targets))
    Console().print(table)
    if options.strip:
        draw(options.strip, [images, *list(made.values())[1:], targets])


if __name__ == "__main__":
    main()
