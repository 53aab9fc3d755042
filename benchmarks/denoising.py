"""Noise removed from signals: a filter learned by `pix2pix` against Wiener filters, in dB on held-out signals.

    python benchmarks/denoising.py [--steps 3000] [--seed 0] [--num 1000] [--json figures.json]

Signals are those of `keras_genzoo.data.draw_signals`: tones, chirps and pulses of 512 samples, with noise at 0 to 10
dB. `noisy` has white and coloured noise. `hum` has mains hum with harmonics, impulses, and white and coloured noise: it
stands in for what a recording picks up, and is made by code as well; no recorded noise is at hand. One network is
trained on both kinds, on the split `train`, by the settings of the recipe `pix2pix_signals`. The figures are means over
the first `--num` signals of the split `test` of each kind: the signal-to-noise ratio against the clean signal, and how
much that is above the input. After `+-` stands the standard error of the mean.

The rivals:
- `scipy.signal.wiener`, which estimates local means and variances, with the window that is best on training signals.
- A Wiener filter that knows the mean power spectra of signals and noise of this kind, and of each signal the power of
  the clean one and that of its noise, which the network is not told.
- A Wiener filter that knows the power spectrum of each clean signal itself, and the mean one of the noise: no filter in
  use can know that. It bounds what a linear filter of one response per signal can do.
"""

import argparse
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from scipy.signal import wiener

import keras_genzoo
from keras_genzoo import data, metrics
from keras_genzoo.recipes import load_recipe

NOISES = ("noisy", "hum")
WINDOWS = range(3, 32, 2)
CHOSEN_ON = 300  # training signals on which the window is chosen


def powers(signals):
    """Power of each signal at each frequency, `(n, frequencies, 1)`."""
    return np.square(np.abs(np.fft.rfft(signals.astype("float64"), axis=1)))


def filtered(noisy, of_signal, of_noise):
    """The Wiener filter of the power spectra of signals and noise."""
    response = of_signal / (of_signal + of_noise)
    made = np.fft.irfft(np.fft.rfft(noisy, axis=1) * response, noisy.shape[1], axis=1)
    return made.clip(-1.0, 1.0).astype("float32")


def scipy_wiener(noisy, window):
    """`scipy.signal.wiener` of each signal."""
    return np.stack([wiener(each[:, 0].astype("float64"), window)[:, None] for each in noisy]).clip(-1, 1)


def best_window(clean, noisy):
    """The window of `scipy.signal.wiener` with the highest ratio on training signals."""
    return max(WINDOWS, key=lambda window: metrics.snr(clean, scipy_wiener(noisy, window)))


def rivals(trained, test):
    """Dict of the filtered signals by the name of a filter.

    Args:
        trained: Pair of clean and noisy signals for training.
        test: The same for testing.
    """
    clean, noisy = test
    of_signal, of_noise = (powers(each).mean(axis=0, keepdims=True) for each in (trained[0], trained[1] - trained[0]))
    own_signal, own_noise = powers(clean), powers(noisy - clean)

    def scaled(mean, own):
        return mean / mean.mean() * own.mean(axis=1, keepdims=True)

    window = best_window(*(each[:CHOSEN_ON] for each in trained))
    known = scaled(of_noise, own_noise)
    return {
        "input": noisy,
        f"scipy.signal.wiener, window {window}": scipy_wiener(noisy, window),
        "Wiener, mean spectra and own powers known": filtered(noisy, scaled(of_signal, own_signal), known),
        "Wiener, spectrum of each clean signal known": filtered(noisy, own_signal, known),
    }


def trained_model(clean, noisy, steps, seed):
    """`pix2pix` with the settings of its recipe, trained for so many steps."""
    recipe = load_recipe("pix2pix_signals")
    batch = recipe.data.batch_size
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps, alpha=0.01)
    optimizers = {
        "g_optimizer": keras.optimizers.Adam(rate, beta_1=0.5),
        "d_optimizer": keras.optimizers.Adam(1e-4, beta_1=0.5),
    }
    model = keras_genzoo.build("pix2pix", **{**recipe.args, "seed": seed}, optimizers=optimizers)
    pairs = data.load_pairs(noisy, clean, paired=True, batch_size=batch, seed=seed, drop_remainder=True)
    model.fit(pairs.repeat(), steps_per_epoch=steps, epochs=1, verbose=2)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3000, help="steps of the training, of 32 pairs")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights, noise of the training and order")
    parser.add_argument("--num", type=int, default=1000, help="test signals of each kind of noise")
    parser.add_argument("--json", help="file to write the figures to")
    options = parser.parse_args()
    sets = {
        split: {name: data.load_arrays(f"signals:{name}", split=split)[0] for name in ("clean", *NOISES)}
        for split in ("train", "test")
    }
    train, test = sets["train"], {name: each[: options.num] for name, each in sets["test"].items()}
    began = time.monotonic()
    clean = np.concatenate([train["clean"]] * len(NOISES))
    model = trained_model(clean, np.concatenate([train[name] for name in NOISES]), options.steps, options.seed)
    seconds = time.monotonic() - began
    count = model.generator_ab.count_params()
    print(f"{options.steps} steps in {seconds:.0f} s, generator of {count:,} parameters, seed {options.seed}")
    figures = {}
    for name in NOISES:
        made = rivals((train["clean"], train[name]), (test["clean"], test[name]))
        made["pix2pix"] = model.translate(test[name])
        ratios = {key: metrics.snr(test["clean"], each, per_signal=True) for key, each in made.items()}
        print(f"\nsignals:{name}, {len(test['clean'])} held-out signals      SNR in dB        above the input")
        figures[name] = {}
        for key, values in ratios.items():
            error = values.std(ddof=1) / np.sqrt(len(values))
            gain = (values - ratios["input"]).mean()
            print(f"{key:48} {values.mean():6.2f} +- {error:.2f}   {gain:6.2f}")
            figures[name][key] = {"snr": values.mean(), "standard_error": error, "gain": gain}
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"steps": options.steps, "seed": options.seed, "seconds": seconds, **figures}, file, indent=2)


if __name__ == "__main__":
    main()
