"""Modes that GANs cover on the grid of 25 Gaussians, against published figures of the same protocol.

    python benchmarks/mode_coverage.py [MODEL ...] [--trials 10] [--steps 12000] [--speed] [--out FILE]

Protocol (PacGAN, https://arxiv.org/abs/1712.04086, section 4.1): 25 Gaussians of standard deviation 0.05 on a grid from
-4 to 4, 100,000 training points, 2,500 samples. A sample is good within three standard deviations of the nearest mode;
a mode is covered if it has a good sample; reverse KL is that of all samples over the nearest modes from the uniform
distribution (`keras_genzoo.metrics.mode_coverage`). A trial is another seed of weights, noise and order. Values are
means and their standard errors over the trials; `worst` is the worst trial.

Without names, all unconditional GANs of the zoo that have fully connected networks are trained, all by the settings
of `SETTINGS`, with the additions of `OWN`. A finished trial is a line of `--out`, and is not done again. The
published networks have four layers of 400 units in the generator and three of 200 with maxout in the discriminator,
and take two-dimensional codes.

Steps of such small networks cost little beside what it takes to start one: `steps_per_execution` runs many in one call.
`--speed` prints the microseconds of a step with one and with 50 steps in a call, and compiled by XLA.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cells
import keras
import numpy as np

import keras_genzoo
from keras_genzoo import building, data, metrics
from keras_genzoo.families import BaseGAN

SOURCE = "points:grid25"
NUM_SAMPLES = 2500
STEPS_PER_CALL = 50
PUBLISHED = {
    "GAN, 1712.04086": "17.3 +- 0.8      94.8       0.70",
    "ALI, 1712.04086": "24.1             95.7       0.14",
    "PacGAN4, 1712.04086": "24.8 +- 0.2      93.6       0.04",
}

SETTINGS = dict(image_shape=(2,), network="mlp", latent_dim=2, hidden_units=(128,) * 6, ema_decay=0.999)
BATCH, LEARNING_RATE = 512, 1e-3
OWN = {
    # A weak penalty lets the critic, and so the generator, be steep between modes.
    "wgan_gp": dict(d_steps=1, gp_weight=0.003, learning_rate=2e-3, betas=(0.0, 0.9)),
    # of clip values 0.05, 0.1 and 0.2 at this rate, and 0.1 at a third of it, by the good samples of one trial
    "wgan": dict(d_steps=1, clip_value=0.05, betas=(0.0, 0.9)),
    "dragan": dict(gp_weight=0.01),  # of 0.01, 0.3 and 10, by the good samples of one trial
    # a code shorter than a point, which the autoencoder could else copy
    "began": dict(code_dim=1, gamma=0.95, balance_rate=0.01),
    "pacgan": dict(learning_rate=2e-4),  # of 1e-4, 2e-4, 3e-4 and 1e-3, by the good samples of one trial
}


def names_of_models():
    """Names of the unconditional GANs of the zoo with fully connected networks."""
    found = []
    for name in keras_genzoo.list_models():
        cls = building.model_class(name)
        known = cls.arguments()
        if issubclass(cls, BaseGAN) and "network" in known and not cls.data_kind.has_labels:
            found.append(name)
    return found


def build(name, seed, steps, speed=None):
    """A compiled model, and the images of a batch."""
    own = dict(OWN.get(name, {}))
    rate, batch = own.pop("learning_rate", LEARNING_RATE), own.pop("batch", BATCH)
    beta_1, beta_2 = own.pop("betas", (0.5, 0.999))
    known = building.model_class(name).arguments()
    args = {key: value for key, value in {**SETTINGS, **own}.items() if key in known}
    model = keras_genzoo.build(name, **args, seed=seed)
    schedule = keras.optimizers.schedules.CosineDecay
    optimizers = {
        key: keras.optimizers.Adam(schedule(rate, steps * num, alpha=0.01), beta_1=beta_1, beta_2=beta_2)
        for key, num in dict(d_optimizer=getattr(model, "d_steps", 1), g_optimizer=1).items()
    }
    model.compile(**optimizers, **(speed or {"steps_per_execution": STEPS_PER_CALL}))
    return model, batch * getattr(model, "d_steps", 1)


def batches(seed, size):
    """An endless data set of batches in a random order, which is drawn in the graph."""
    import tensorflow as tf

    points, _ = data.load_arrays(SOURCE)
    points = tf.constant(points)
    seeds = tf.data.Dataset.random(seed=seed).batch(2, drop_remainder=True)
    return seeds.map(
        lambda pair: tf.gather(points, tf.random.stateless_uniform([size], pair, 0, len(points), tf.int32))
    ).prefetch(STEPS_PER_CALL)


def trial(name, seed, steps):
    """Figures of one training: dict of `modes`, `good_share`, `reverse_kl` and `minutes`."""
    model, size = build(name, seed, steps)
    start = time.perf_counter()
    model.fit(batches(seed, size), steps_per_epoch=steps, epochs=1, verbose=0)
    minutes = (time.perf_counter() - start) / 60.0
    points = model.generate(NUM_SAMPLES, seed=seed, batch_size=NUM_SAMPLES)
    figures = metrics.mode_coverage(points, data.modes_of(SOURCE))
    return {**{key: float(value) for key, value in figures.items()}, "minutes": minutes}


def microseconds(name, speed, steps=1000):
    """Time of one training step."""
    model, size = build(name, 0, steps, speed)
    points = batches(0, size)
    model.fit(points, steps_per_epoch=steps, epochs=1, verbose=0)  # traces
    start = time.perf_counter()
    model.fit(points, steps_per_epoch=steps, epochs=1, verbose=0)
    return (time.perf_counter() - start) / steps * 1e6


def show_speed(names):
    kinds = {
        "one step in a call": {"steps_per_execution": 1, "jit_compile": False},
        "50 steps": {"steps_per_execution": 50, "jit_compile": False},
        "50 steps, XLA": {"steps_per_execution": 50, "jit_compile": True},
    }
    for name in names:
        times = {kind: microseconds(name, speed) for kind, speed in kinds.items()}
        print(f"{name:12}", "   ".join(f"{kind} {value:6.0f} us" for kind, value in times.items()), flush=True)


def row(name, trials):
    """A line of the table."""
    columns = {key: np.array([each[key] for each in trials]) for key in trials[0]}
    error = columns["modes"].std(ddof=1) / np.sqrt(len(trials)) if len(trials) > 1 else 0.0
    worst = columns["modes"].min(), 100 * columns["good_share"].min(), columns["reverse_kl"].max()
    return (
        f"{name:20} {len(trials):2} trials   {columns['modes'].mean():4.1f} +- {error:3.1f}      "
        f"{100 * columns['good_share'].mean():4.1f}      "
        f"{columns['reverse_kl'].mean():5.3f}   worst {worst[0]:.0f} / {worst[1]:.1f} / {worst[2]:.3f}   "
        f"{columns['minutes'].mean():.1f} minutes per trial"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--speed", action="store_true", help="print the time of a step only")
    cells.add_arguments(parser, "mode_coverage.jsonl")
    options = parser.parse_args()
    names = options.models or names_of_models()
    if options.speed:
        show_speed(names)
        return

    def compute(cell):
        return dict(figures=trial(cell["model"], cell["seed"], cell["steps"]))

    wanted = [dict(model=name, seed=seed, steps=options.steps) for seed in range(options.trials) for name in names]
    rows = cells.run(wanted, compute, options)
    print(f"{'model':32} modes            good %     reverse KL   ({options.steps} steps)")
    for name, figures in PUBLISHED.items():
        print(f"{name:32} {figures}")
    for name in names:
        if trials := [each["figures"] for each in rows if each["model"] == name]:
            print(row(name, trials))


if __name__ == "__main__":
    main()
