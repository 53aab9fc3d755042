"""What each training trick of GANs does on one measured run: a small DCGAN of MNIST, one thing changed at a time.

    python benchmarks/gan_tricks.py --data npz:mnist.npz [--epochs 3] [--images 60000] [--seeds 0] [--only NAME ...]
                                    [--dtype float32]

Each run has the networks and batches of the recipe `dcgan_mnist`, and the same images, epochs and seed. The table has
the classifier FID of 10,000 images of the averaged generator against the 10,000 test images, its recall (how much of
the real data is covered), and the time of training as a multiple of the first row's. Few images show what a trick does
for small data sets: `--images 1000`. Finished rows are kept in --cache, and a run that was broken off goes on.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from rich.console import Console
from rich.table import Table

import keras_genzoo
from keras_genzoo import metrics

ADAM = dict(beta_1=0.5)
RECIPE = keras_genzoo.load_recipe("dcgan_mnist")


def adam(rate, **options):
    return keras.optimizers.Adam(rate, **{**ADAM, **options})


def both(make):
    """The same optimizer for both networks."""
    return lambda steps: dict(d_optimizer=make(steps), g_optimizer=make(steps))


def decayed(steps):
    return adam(keras.optimizers.schedules.CosineDecay(3e-4, steps, alpha=0.05))


OPTIMIZERS = {
    "Adam": both(lambda steps: adam(3e-4)),
    "learning rate that falls along a cosine": both(decayed),
    "two rates: discriminator 4 times the generator's": lambda steps: dict(
        d_optimizer=adam(6e-4), g_optimizer=adam(1.5e-4)
    ),
    "two rates: generator 4 times the discriminator's": lambda steps: dict(
        d_optimizer=adam(1.5e-4), g_optimizer=adam(6e-4)
    ),
    "RMSprop 0.0003": both(lambda steps: keras.optimizers.RMSprop(3e-4)),
    "SGD 0.02": both(lambda steps: keras.optimizers.SGD(0.02)),
    "SGD 0.02, momentum 0.5": both(lambda steps: keras.optimizers.SGD(0.02, momentum=0.5)),
}

TRICKS = {
    "one-sided label smoothing 0.1": dict(label_smoothing=0.1),
    "label noise 0.05": dict(label_noise=0.05),
    "instance noise 0.3, falls to 0": dict(instance_noise=0.3, instance_noise_steps="half"),
    "minibatch standard deviation": dict(minibatch_stddev=True),
    "dropout 0.3": dict(dropout=0.3),
    "two updates of the discriminator, half a batch in each": dict(d_steps=2),
    "no average of the generator": dict(ema_decay=0.0),
    "DiffAugment: translation, cutout": dict(augmentations=["translation", "cutout"]),
    "adaptive: translation, cutout, target 0.6": dict(augmentations=["translation", "cutout"], augmentation_target=0.6),
}

ROWS = {name: (name, {}) for name in OPTIMIZERS} | {name: ("Adam", args) for name, args in TRICKS.items()}


def run(name, images, test, features, seed, options):
    """Classifier FID, recall and seconds of one row."""
    optimizer, args = ROWS[name]
    steps = options.epochs * -(-len(images) // RECIPE.data.batch_size)
    args = {key: steps // 2 if value == "half" else value for key, value in args.items()}
    args = {**RECIPE.args, **args}
    model = keras_genzoo.build("dcgan", optimizers=OPTIMIZERS[optimizer](steps), seed=seed, dtype=options.dtype, **args)
    keras.utils.set_random_seed(seed)  # the order of the images
    start = time.perf_counter()
    model.fit(images, batch_size=RECIPE.data.batch_size, epochs=options.epochs, verbose=0)
    seconds = time.perf_counter() - start
    made = features(model.generate(len(test), seed=0))
    real = features(test)
    recall = metrics.recall(real[:5000], made[:5000])
    return dict(fid=metrics.frechet_distance(real, made), recall=float(recall), seconds=seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="tfds:mnist")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--dtype", default="float32", help="mixed_bfloat16 is faster on some machines")
    parser.add_argument("--images", type=int, default=60_000, help="training images: the first ones")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--only", nargs="*", choices=ROWS, default=list(ROWS))
    parser.add_argument("--cache", type=Path, help="JSON file that keeps finished rows")
    options = parser.parse_args()
    images, _ = keras_genzoo.data.load_arrays(options.data, split="train")
    test, _ = keras_genzoo.data.load_arrays(options.data, split="test")
    features = metrics.extractor("mnist")
    known = json.loads(options.cache.read_text()) if options.cache and options.cache.exists() else {}
    table = Table("what", "classifier FID", "recall", "time")
    for name in options.only:
        found = []
        for seed in options.seeds:
            key = key_of(name, seed, options)
            if key not in known:
                known[key] = run(name, images[: options.images], test, features, seed, options)
                if options.cache:
                    options.cache.write_text(json.dumps(known, indent=1))
            found.append(known[key])
        first = first_seconds(known, options)
        table.add_row(
            name,
            " ".join(f"{each['fid']:.1f}" for each in found),
            " ".join(f"{each['recall']:.3f}" for each in found),
            " ".join(f"{each['seconds'] / first:.2f}" for each in found) if first else "",
        )
    Console().print(table)


def key_of(name, seed, options):
    """Name of a run in the cache."""
    return f"{name}, {options.data}, {options.images} images, {options.epochs} epochs, {options.dtype}, seed {seed}"


def first_seconds(known, options):
    """Seconds of the plain row, `None` where it has not run."""
    key = key_of("Adam", options.seeds[0], options)
    return known[key]["seconds"] if key in known else None


if __name__ == "__main__":
    main()
