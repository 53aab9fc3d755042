"""How soon the average of a preset's weights follows its fine-tuning, and what a constant decay would do.

    python benchmarks/average_start.py [--preset dcgan_mnist] [--data digits] [--steps 1 20 100 500] [--num 1500]

The preset is trained on with the optimizers of its model, in batches of 64. The table has the classifier FID of --num
images against the first --num images of the data, of the generator in training (`raw`), of its average, and of an
average of constant decay, which counts the steps of the preset's own training. Each line is a training of its own.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from rich.console import Console
from rich.table import Table

import keras_genzoo
from keras_genzoo import metrics

BATCH = 64
MANY = 1e6  # steps, after which the decay is constant


def figures(preset, images, real, features, steps, num):
    """Classifier FIDs after `steps` steps: of the generator, of its average, and of one of constant decay."""

    def trained(count):
        model = keras_genzoo.from_preset(preset)
        if count is not None:
            model.ema_steps.assign(count)
        data = keras_genzoo.data.load(images, batch_size=BATCH, seed=0)
        model.fit(data.repeat(), steps_per_epoch=steps, epochs=1, verbose=0)
        return model

    model, constant = trained(None), trained(MANY)
    averaged = [metrics.frechet_distance(real, features(each.generate(num, seed=0))) for each in (model, constant)]
    model.ema_generator.set_weights(model.generator.get_weights())
    return metrics.frechet_distance(real, features(model.generate(num, seed=0))), *averaged


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="dcgan_mnist")
    parser.add_argument("--data", default="digits")
    parser.add_argument("--steps", type=int, nargs="*", default=[1, 20, 100, 500])
    parser.add_argument("--num", type=int, default=1500)
    options = parser.parse_args()
    images, _ = keras_genzoo.data.load_arrays(options.data, image_size=(28, 28))
    features = metrics.extractor("mnist")
    real = features(images[: options.num])
    table = Table("steps", "raw", "average", "constant decay")
    for steps in options.steps:
        row = figures(options.preset, images, real, features, steps, options.num)
        table.add_row(str(steps), *(f"{value:.3g}" for value in row))
    Console().print(table)


if __name__ == "__main__":
    main()
