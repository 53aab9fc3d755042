"""Memory and time of the translation of images that are larger than those of the model, in tiles.

    python benchmarks/large_images.py PRESET [--megapixels 1 5 20]

Each image is of noise, three to two. Memory is the peak of the process, beyond what it was after the translation of one
image of the model's own size: it includes the image and its translation, of one byte for each channel of a pixel.
"""

import argparse
import os
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from rich.console import Console
from rich.table import Table

import keras_genzoo

UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


def peak():
    """The most memory that the process has had, in bytes."""
    return UNIT * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset")
    parser.add_argument("--megapixels", type=float, nargs="*", default=[1, 5, 20])
    options = parser.parse_args()
    model = keras_genzoo.from_preset(options.preset)
    rng = np.random.default_rng(0)
    model.translate(rng.integers(0, 256, (1, *model.image_shape), dtype="uint8"))
    before = peak()
    table = Table("image", "image and result", "memory beyond", "seconds", title=options.preset)
    for megapixels in sorted(options.megapixels):  # the peak only grows
        height = round((megapixels * 1e6 / 1.5) ** 0.5)
        shape = (height, round(1.5 * height), model.image_shape[2])
        image = rng.integers(0, 256, shape, dtype="uint8")
        begin = time.perf_counter()
        result = model.translate(image[None])
        seconds = time.perf_counter() - begin
        memory = [f"{each / 1e6:.0f} MB" for each in (image.nbytes + result.nbytes, peak() - before)]
        table.add_row(f"{shape[1]}x{height}", *memory, f"{seconds:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
