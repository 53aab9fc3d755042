"""Generates images with a LiteRT file of keras_genzoo on a Raspberry Pi, or any machine with NumPy and LiteRT.

    pip install numpy ai-edge-litert
    python raspberry_pi.py dcgan.tflite --num 64 --seed 0 --out grid.png
    python raspberry_pi.py cgan.tflite --label 7

Create the file with `keras-genzoo export dcgan_mnist --out dcgan.tflite` on another machine, with `--signature sample`
for a model with a fitted mixture, such as `vae_mnist`. This script does not need TensorFlow, keras_genzoo or Pillow.
Copy it and change it.
"""

import argparse
import struct
import sys
import time
import zlib

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class Generator:
    """A LiteRT file that generates images from codes.

    Args:
        path: The `.tflite` file.
        threads: Threads of the runtime; a Raspberry Pi has four cores.
    """

    def __init__(self, path, threads=4):
        interpreter = Interpreter(model_path=path, num_threads=threads)
        names = list(interpreter.get_signature_list())
        self.run = interpreter.get_signature_runner(names[0])
        self.inputs, self.output = self.run.get_input_details(), self.run.get_output_details().get("image")
        # `--signature sample` makes a file that draws codes of noise, of a fitted mixture for example.
        self.code = "noise" if "noise" in self.inputs else "z"
        if self.code not in self.inputs or self.output is None or not set(self.inputs) <= {self.code, "label"}:
            raise SystemExit(f"Expected a file from codes to images. Received: {path!r}, with inputs {[*self.inputs]}")
        self.batch_size, self.latent_dim = self.inputs[self.code]["shape"]
        self.takes_labels = "label" in self.inputs

    def __call__(self, z, labels=None):
        """Images of codes: float32 (n, latent_dim) -> uint8 (n, height, width, channels), 0..255."""
        images = []
        for start in range(0, len(z), self.batch_size):  # the batch size of the file is fixed
            given = {self.code: self.filled(z[start : start + self.batch_size])}
            if self.takes_labels:
                given["label"] = self.filled(labels[start : start + self.batch_size])
            given[self.code] = to_integers(given[self.code], self.inputs[self.code])
            images.append(np.array(to_reals(self.run(**given)["image"], self.output)))
        images = np.concatenate(images)[: len(z)]
        return images if images.dtype == np.uint8 else np.rint(255 * np.clip(images, 0, 1)).astype("uint8")

    def filled(self, values):
        """A batch of the size in the file: `values`, padded with zeros."""
        batch = np.zeros((self.batch_size, *values.shape[1:]), values.dtype)
        batch[: len(values)] = values
        return batch


def to_integers(values, detail):
    """Real numbers as the integers of a quantized input; unchanged if the input is not quantized."""
    scale, zero_point = detail["quantization"]
    if not scale:
        return values.astype(detail["dtype"])
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.round(values / scale) + zero_point, limits.min, limits.max).astype(detail["dtype"])


def to_reals(values, detail):
    """Integers of a quantized output as real numbers; unchanged if the output is not quantized."""
    scale, zero_point = detail["quantization"]
    return scale * (values.astype("float32") - zero_point) if scale else values


def grid(images, columns):
    """A grid of images: uint8 (n, height, width, channels) -> (rows * height, columns * width, channels)."""
    rows = -(-len(images) // columns)
    height, width, channels = images.shape[1:]
    sheet = np.zeros((rows * columns, height, width, channels), "uint8")
    sheet[: len(images)] = images
    sheet = sheet.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    return sheet.reshape(rows * height, columns * width, channels)


def write_png(path, image):
    """Writes uint8 (height, width, 1 or 3) as a PNG file, with zlib only."""
    height, width, channels = image.shape

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">2I5B", width, height, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    lines = b"".join(b"\0" + line.tobytes() for line in image)  # each line starts with its filter, 0 for none
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)))
        file.write(chunk(b"IEND", b""))


def main():
    parser = argparse.ArgumentParser(description="Generates images with a LiteRT file.")
    parser.add_argument("file", help="a .tflite file from keras-genzoo export")
    parser.add_argument("--num", type=int, default=64, help="number of images")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same images")
    parser.add_argument("--label", type=int, help="class of all images, for conditional models; default: in turn")
    parser.add_argument("--classes", type=int, default=10, help="number of classes")
    parser.add_argument("--columns", type=int, default=8, help="images per row")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--out", default="grid.png")
    options = parser.parse_args()
    if options.num < 1 or options.columns < 1:
        parser.error("expected --num and --columns of at least 1")

    generator = Generator(options.file, options.threads)
    if options.label is not None and not generator.takes_labels:
        parser.error(f"{options.file} has no label input")
    z = np.random.default_rng(options.seed).standard_normal((options.num, generator.latent_dim)).astype("float32")
    labels = np.arange(options.num) % options.classes if options.label is None else np.full(options.num, options.label)
    labels = labels.astype("int32")
    try:
        generator(z[:1], labels[:1])  # the first call allocates
        generator(z[:1], labels[-1:])
    except RuntimeError as error:
        parser.error(f"{options.file} refuses label {labels[-1]}; it may have fewer classes (--classes): {error}")
    start = time.perf_counter()
    images = generator(z, labels)
    seconds = time.perf_counter() - start
    write_png(options.out, grid(images, options.columns))
    print(f"{options.out}: {len(images)} images, {1000 * seconds / len(images):.2f} ms per image", file=sys.stderr)


if __name__ == "__main__":
    main()
