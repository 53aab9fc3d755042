"""Translators as LiteRT files: size, time of one image on one thread, and how near they are to Keras.

    python benchmarks/litert_translators.py npz:emoji.npz [PRESET ...]

The files are in float32 and in 8-bit integers, calibrated on 200 training images. Sizes and times are those of the
report of the export; the structural similarity is that of 200 test images translated by the file and by Keras.
"""

import argparse
import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from rich.console import Console
from rich.table import Table

import keras_genzoo
from keras_genzoo import metrics
from keras_genzoo.data.pairs import load_pair_arrays
from keras_genzoo.export import runners

KEYS = dict(image_key="noto", image_key_b="twemoji")
PRESETS = ("cut_emoji", "pix2pix_emoji", "cyclegan_emoji")
NUM = 200


def measured(model, quantization, calibrating, images):
    """Megabytes, milliseconds and the structural similarity to Keras of one file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.tflite")
        options = dict(quantization=quantization, images=calibrating if quantization else None)
        report = model.export(path, format="litert", **options)
        run = runners.litert_runner(path, "serving_default", threads=1)
    made = np.rint(255.0 * run({"image": images.astype("float32") / 255.0})["image"]).clip(0, 255).astype("uint8")
    similarity = float(metrics.ssim(model.translate(images), made))
    return report.size / 1e6, report.variants[-1].latency[1].median_ms, similarity


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="npz:PATH of arrays noto, twemoji and split")
    parser.add_argument("presets", nargs="*", default=list(PRESETS))
    options = parser.parse_args()
    calibrating, images = (load_pair_arrays(options.source, split=each, **KEYS)[0][:NUM] for each in ("train", "test"))
    table = Table("preset", "format", "MB", "ms", "SSIM to Keras")
    for name in options.presets:
        model = keras_genzoo.from_preset(name)
        for quantization in (None, "int8"):
            size, time_of_one, similarity = measured(model, quantization, calibrating, images)
            table.add_row(name, quantization or "float32", f"{size:.2f}", f"{time_of_one:.2f}", f"{similarity:.4f}")
    Console().print(table)


if __name__ == "__main__":
    main()
