"""From how many pictures on a fine-tuned `r3gan_emoji` beats training from scratch, on sets that are no emoji.

    python benchmarks/small_folders.py --cifar10 npz:cifar10.npz [--sets glyphs drawings photos] [--images 50 200 800]
        [--steps 500] [--seeds 0] [--arms tuned scratch] [--strip DIR] [--cells 4] [--out small_folders.jsonl]

- `glyphs`: letters and digits of the twelve fonts of Matplotlib in dark colours on white, 64x64;
- `drawings`: a house, a tree and a sun of random sizes, places and colours, drawn by code, 64x64;
- `photos`: horses of CIFAR-10, 32x32: the layers of the preset that match are kept.

Arms are those of few_images.py: the same images, batches of 32 and steps. The table has the kernel distance (x 1,000)
of 500 images of the last weights against 500 other pictures of the set, in features of `classifier_emoji`; `real` is
that of 500 other pictures of the training set's kind. `--strip DIR` writes a grid of each cell.
"""

import argparse
import dataclasses
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cells
import numpy as np
from few_images import ARMS, recipe_of
from PIL import Image, ImageDraw, ImageFont

import keras_genzoo
from keras_genzoo import metrics, plots
from keras_genzoo.recipes import build_model

PARENT, HELD_OUT, HORSE = "r3gan_emoji", 500, 7
CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def glyphs(number, rng, options):
    """Characters of the fonts of Matplotlib, in dark colours on white."""
    import matplotlib

    fonts = sorted(Path(matplotlib.get_data_path(), "fonts", "ttf").glob("DejaVuS*.ttf"))
    fonts = [font for font in fonts if "Display" not in font.name]
    pictures = []
    for _ in range(number):
        image = Image.new("RGB", (64, 64), "white")
        font = ImageFont.truetype(str(rng.choice(fonts)), 52)
        colour = tuple(int(level) for level in rng.integers(0, 160, 3))
        ImageDraw.Draw(image).text((32, 32), str(rng.choice([*CHARACTERS])), fill=colour, font=font, anchor="mm")
        pictures.append(np.asarray(image))
    return np.stack(pictures)


def drawings(number, rng, options):
    """A house, a tree and a sun, drawn at four times their size and scaled down."""
    pictures = []
    for _ in range(number):
        sky, grass, wall, roof = (
            hue(rng, *bounds) for bounds in ((0.52, 0.6), (0.25, 0.38), (0.02, 0.15), (0.95, 1.0))
        )
        image = Image.new("RGB", (256, 256), sky)
        draw = ImageDraw.Draw(image)
        ground = int(rng.integers(160, 210))
        draw.rectangle((0, ground, 256, 256), fill=grass)
        x, y, r = rng.integers(30, 226), rng.integers(25, 60), rng.integers(14, 26)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 220, 40))
        side = int(rng.choice([-1, 1]))
        x, width, height = 128 - side * rng.integers(30, 60), rng.integers(30, 52), rng.integers(40, 80)
        draw.rectangle((x - width, ground - height, x + width, ground + 20), fill=wall)
        top = ground - height
        draw.polygon([(x - width - 10, top), (x + width + 10, top), (x, top - rng.integers(30, 60))], fill=roof)
        draw.rectangle((x - 9, ground - 22, x + 9, ground + 20), fill=(90, 60, 40))
        x, crown, trunk = 128 + side * rng.integers(40, 90), rng.integers(20, 36), rng.integers(30, 60)
        draw.rectangle((x - 5, ground - trunk, x + 5, ground + 15), fill=(100, 70, 40))
        middle = ground - trunk
        draw.ellipse((x - crown, middle - crown, x + crown, middle + crown), fill=hue(rng, 0.28, 0.4, 0.5))
        pictures.append(np.asarray(image.resize((64, 64), Image.Resampling.LANCZOS)))
    return np.stack(pictures)


def hue(rng, low, high, value=0.85):
    """A colour of a hue in `low..high`."""
    import colorsys

    return tuple(round(255 * each) for each in colorsys.hsv_to_rgb(rng.uniform(low, high), 0.7, value))


def photos(number, rng, options):
    """Horses of CIFAR-10."""
    images, labels = keras_genzoo.data.load_arrays(options.cifar10, split="train")
    return images[rng.permutation(np.flatnonzero(labels == HORSE))[:number]]


SETS = {"glyphs": glyphs, "drawings": drawings, "photos": photos}


def distance(cell, options):
    """Kernel distance of one cell, as a dict of results."""
    number = cell["images"]
    rng = np.random.default_rng(cell["seed"])
    pictures = SETS[cell["set"]](number + 2 * HELD_OUT, rng, options)
    chosen, held_out, others = np.split(pictures, [number, number + HELD_OUT])
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/few.npz", x_train=chosen)
        source = f"npz:{folder}/few.npz"
        recipe = recipe_of(cell["arm"], PARENT, source, number, cell["steps"])
        recipe = dataclasses.replace(recipe, seed=cell["seed"])
        if chosen.shape[1:] != tuple(recipe.args["image_shape"]):
            recipe = recipe.override({"image_shape": list(chosen.shape[1:])})
        model = build_model(recipe)
        data = keras_genzoo.data.load(source, seed=cell["seed"], **recipe.data.load_options())
        model.fit(data, epochs=recipe.epochs, verbose=0)
    features = metrics.extractor("emoji")
    made = model.generate(HELD_OUT, seed=0)
    if options.strip:
        options.strip.mkdir(parents=True, exist_ok=True)
        name = "_".join(str(cell[key]) for key in ("set", "images", "arm", "seed"))
        plots.save_grid(np.concatenate([chosen[:8], made[:56]]), options.strip / f"{name}.png")
    real, fake, other = features(held_out), features(made), features(others)
    values = [1000 * float(metrics.kernel_distance(real, each).value) for each in (fake, other)]
    return dict(zip(("kernel distance", "real"), values, strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cifar10", default="keras:cifar10")
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--images", type=int, nargs="*", default=[50, 200, 800])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--arms", nargs="*", choices=ARMS, default=["tuned", "scratch"])
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--strip", type=Path)
    cells.add_arguments(parser, "small_folders.jsonl")
    options = parser.parse_args()
    wanted = [
        dict(set=name, images=images, seed=seed, arm=arm, steps=options.steps)
        for seed in options.seeds
        for images in options.images
        for name in options.sets
        for arm in options.arms
    ]
    rows = cells.run(wanted, lambda cell: distance(cell, options), options)
    print(cells.table(rows, ("set", "images", "steps"), "arm", "kernel distance", options.arms))
    for name in options.sets:
        found = [row["real"] for row in rows if row["set"] == name]
        print(f"{name}: real pictures {np.mean(found):.2f}" if found else f"{name}: nothing measured")


if __name__ == "__main__":
    main()
