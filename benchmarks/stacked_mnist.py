"""Modes of stacked MNIST that GANs cover: 1,000 kinds of images of three random digits, one in each colour channel.

    python benchmarks/stacked_mnist.py --data npz:mnist.npz [--models dcgan wgan_gp pacgan r3gan infogan] [--steps N]

Protocol of PacGAN (1712.04086, section 4.2): 128,000 training images, 26,000 generated ones; the bundled classifier of
digits reads each channel, and three digits are a mode. The table has the number of modes with at least one image, and
the KL divergence of the distribution of the modes from the uniform one, in nats: the sum of p log(1000 p). The floor is
that of 26,000 stacks of test images. Published rows have other networks and classifiers, and stand below.

Networks, optimizers and batches are those of the recipes `dcgan_mnist` and so on, for images of three channels; their
schedules end with the last of --steps, which are updates of the generator. `infogan` has a code of ten categories for
each channel, and no labels. Finished models are kept in --out.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cells
import keras
import numpy as np
from rich.console import Console
from rich.table import Table

import keras_genzoo
from keras_genzoo import presets
from keras_genzoo.recipes import build_model

MODES, TRAINING, GENERATED = 1000, 128_000, 26_000
MODELS = ("dcgan", "wgan_gp", "pacgan", "r3gan", "infogan")
OWN = {"infogan": {"code_sizes": [10, 10, 10]}}
PUBLISHED = {  # modes, KL: 2501.05441, table 3
    "DCGAN": (99, 3.40),
    "WGAN-GP": (959, 0.73),
    "PacGAN2": (1000, 0.06),
    "R3GAN": (1000, 0.029),
}
SHAPE = (28, 28, 3)


def stacks(images, num, seed):
    """uint8 `(num, 28, 28, 3)` of three random images each."""
    rows = np.random.default_rng(seed).integers(0, len(images), (num, 3))
    return np.concatenate([images[rows[:, channel]] for channel in range(3)], axis=-1)


def modes_of(images, classifier):
    """Number of the mode of each image, 0..999."""
    digits = [
        np.argmax(classifier.predict(images[..., channel : channel + 1], batch_size=500, verbose=0), axis=-1)
        for channel in range(3)
    ]
    return digits[0] + 10 * digits[1] + 100 * digits[2]


def coverage(modes):
    """How many of the 1,000 modes there are, and the divergence of their distribution from the uniform one."""
    shares = np.bincount(modes, minlength=MODES) / len(modes)
    there = shares[shares > 0]
    return len(there), float(np.sum(there * np.log(MODES * there)))


def trained(name, images, steps, seed):
    """A model after `steps` updates of its generator, and the minutes that they took."""
    recipe = keras_genzoo.load_recipe(f"{name}_mnist")
    updates = {"g_optimizer": steps, "d_optimizer": steps * recipe.args.get("d_steps", 1)}
    schedules = {f"optimizers.{key}.learning_rate.decay_steps": num for key, num in updates.items()}
    model = build_model(recipe.override({"image_shape": list(SHAPE), "seed": seed, **schedules, **OWN.get(name, {})}))
    keras.utils.set_random_seed(seed)
    per_epoch = -(-len(images) // recipe.data.batch_size)
    batches = keras_genzoo.data.load(images, batch_size=recipe.data.batch_size, seed=seed).repeat()
    start = time.perf_counter()
    model.fit(batches, steps_per_epoch=min(per_epoch, steps), epochs=max(1, round(steps / per_epoch)), verbose=2)
    return model, (time.perf_counter() - start) / 60.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="tfds:mnist")
    parser.add_argument("--models", nargs="*", choices=MODELS, default=MODELS)
    parser.add_argument("--steps", type=int, default=10_000, help="updates of the generator")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    cells.add_arguments(parser, "stacked_mnist.jsonl")
    options = parser.parse_args()
    images, test = (keras_genzoo.data.load_arrays(options.data, split=split)[0] for split in ("train", "test"))
    classifier = keras_genzoo.build("classifier", weights="mnist")
    accuracy = presets.card("classifier_mnist")["metrics"]["accuracy"]["value"]
    table = Table(
        "model", "modes", "KL", "minutes", title=f"Digit classifier: {100 * accuracy:.2f} % of the test images"
    )
    table.add_row("floor: test images", *described(coverage(modes_of(stacks(test, GENERATED, 1), classifier))), "")

    def compute(cell):
        name, seed = cell["model"], cell["seed"]
        model, minutes = trained(name, stacks(images, TRAINING, seed), cell["steps"], seed)
        modes, divergence = coverage(modes_of(model.generate(GENERATED, seed=seed, batch_size=500), classifier))
        return dict(modes=modes, kl=divergence, minutes=minutes)

    wanted = [dict(model=name, seed=seed, steps=options.steps) for seed in options.seeds for name in options.models]
    for row in cells.run(wanted, compute, options):
        table.add_row(
            f"{row['model']}, seed {row['seed']}", *described((row["modes"], row["kl"])), f"{row['minutes']:.0f}"
        )
    for name, found in PUBLISHED.items():
        table.add_row(f"published: {name}", *described(found), "")
    Console().print(table)


def described(found):
    modes, divergence = found
    return str(modes), f"{divergence:.3f}"


if __name__ == "__main__":
    main()
