"""The commands that make images: sample, reconstruct, interpolate, translate."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from keras_genzoo.cli.conditions import columns_of, read_conditions, rows_of
from keras_genzoo.cli.names import SamplerName, Weights, console, errors, load_named, sampler_options

Name = Annotated[str, typer.Argument(metavar="PRESET|MODEL", help="Preset, run folder, .keras file or model.")]
Seed = Annotated[int, typer.Option(help="Seed; image i depends only on the seed and i.", min=0)]
Labels = Annotated[
    str | None, typer.Option(help="Classes by number or name, dealt out in turn: cat or 3,1. Default: all classes.")
]
Conditions = Annotated[list[str] | None, typer.Option(help="name=value: any condition of the model.")]
Input = Annotated[str, typer.Option("--input", help="An image file, a folder, digits, tfds:NAME or npz:PATH.")]
Split = Annotated[str, typer.Option(help="Split of the input images.")]
Limit = Annotated[int | None, typer.Option(help="Maximum number of images.", min=1)]
MAX_PAIRS = 32  # images in a grid of before and after


def sample(
    name: Name,
    out: Annotated[Path, typer.Option(help="PNG file of a grid, or a folder for one PNG per image.")] = Path(
        "samples.png"
    ),
    num: Annotated[int, typer.Option(help="Number of images.", min=1)] = 64,
    start: Annotated[int, typer.Option(help="Index of the first image.", min=0)] = 0,
    seed: Seed = 0,
    labels: Labels = None,
    condition: Conditions = None,
    weights: Weights = None,
    sampler: SamplerName = None,
):
    """Generates images: a grid in one PNG file, or a folder of files."""
    check_output(out)
    model = _load(name, weights, "generate", "generates images")
    import numpy as np
    from rich.progress import track

    from keras_genzoo.families.generation import grid_columns

    asked = read_conditions(model, labels, condition)
    drawn = sampler_options(model, sampler)
    chunks = [(first, min(64, start + num - first)) for first in range(start, start + num, 64)]
    shown = track(chunks, "Generating", console=errors, disable=len(chunks) < 10 or not sys.stderr.isatty())
    parts = [
        model.generate(size, seed=seed, start=first, **drawn, **rows_of(asked, first, size)) for first, size in shown
    ]
    columns = columns_of(asked) or (grid_columns(model) if model.conditions else None)
    save(np.concatenate(parts), out, [f"{index:06d}" for index in range(start, start + num)], columns)
    console.print(f"{num} images of seed {seed}: {out}", highlight=False)


def interpolate(
    name: Name,
    out: Annotated[Path, typer.Option(help="PNG file of a grid: one row per pair.")] = Path("interpolation.png"),
    num: Annotated[int, typer.Option(help="Number of pairs.", min=1)] = 8,
    steps: Annotated[int, typer.Option(help="Images from the first to the last of a pair.", min=2)] = 8,
    start: Annotated[int, typer.Option(help="Index of the first image; a pair is images i and i + 1.", min=0)] = 0,
    seed: Seed = 0,
    labels: Labels = None,
    condition: Conditions = None,
    weights: Weights = None,
):
    """Draws the images between pairs of generated images, one row per pair."""
    if out.suffix.lower() != ".png":
        raise ValueError(f"Expected --out as a .png file. Received: {str(out)!r}")
    model = _load(name, weights, "latent_sample", "has a latent code")
    from keras_genzoo import latent

    asked = rows_of(read_conditions(model, labels, condition), 0, num)
    images = latent.interpolate(model, num, steps, seed=seed, start=start, **asked)
    save(images.reshape(-1, *model.image_shape), out, (), columns=steps)
    console.print(f"{num} interpolations of {steps} images: {out}", highlight=False)


def reconstruct(
    name: Name,
    source: Input,
    out: Annotated[Path, typer.Option(help="PNG file of originals beside reconstructions, or a folder.")],
    split: Split = "train",
    limit: Limit = None,
    labels: Labels = None,
    weights: Weights = None,
):
    """Encodes and decodes images, and writes them beside the originals."""
    _through(name, weights, source, out, split, limit, "reconstruct", "reconstructs images", labels=labels)


def translate(
    name: Name,
    source: Input,
    out: Annotated[Path, typer.Option(help="PNG file, or a folder for one PNG per image, named as the input.")],
    direction: Annotated[str | None, typer.Option(help="Such as a_to_b. Default: the first of the model.")] = None,
    split: Split = "train",
    limit: Limit = None,
    weights: Weights = None,
):
    """Translates an image file, a folder or a data set from one domain to the other.

    A folder keeps the names of the files, and gets a grid of before and after. A PNG file is the translated image, or,
    of several images, that grid.
    """
    _through(name, weights, source, out, split, limit, "translate", "translates images", direction=direction)


def _through(name, weights, source, out, split, limit, method, does, labels=None, direction=None):
    """Reads images, hands them to a method of the model, and writes what it gives."""
    check_output(out)
    model = _load(name, weights, method, does)
    from keras_genzoo.data.named import load_named_images

    given = {} if direction is None else {"direction": direction}
    height, width, channels = model.image_shape
    images, found, names = load_named_images(source, split, (height, width), channels, limit)
    if method == "reconstruct" and model.conditions:
        given = _labels_of(model, labels, found, len(images))
    elif labels is not None:
        raise ValueError(f"Expected no --labels: {model.model_name} takes none. Received: {labels}")
    results = getattr(model, method)(images, **given)
    save(results, out, names, before=images)
    done = given.get("direction") or (model.directions[0] if method == "translate" else "reconstructed")
    size = f"scaled and cropped to {width}x{height}"
    console.print(f"{len(images)} images, {size}, {done}: {out}", highlight=False)


def _labels_of(model, labels, found, num):
    """The labels of images to reconstruct: those that are asked for, or else those of the source."""
    if labels is not None:
        return rows_of(read_conditions(model, labels), 0, num)
    if found is None:
        raise ValueError(
            f"Expected --labels, or images with labels: {model.model_name} takes them. Received: images alone"
        )
    return {model.conditions[0].name: found}


def _load(name, weights, method, does):
    model = load_named(name, weights)
    if not hasattr(model, method):
        raise ValueError(f"Expected a model that {does}. Received: {name!r}, a {type(model).__name__}")
    return model


def check_output(out):
    """Raises `ValueError` unless a path is that of a PNG file or of a folder."""
    if out.suffix and out.suffix.lower() != ".png" and not out.is_dir():
        raise ValueError(f"Expected --out as a .png file or a folder. Received: {str(out)!r}")


def save(images, out, names, columns=None, before=None):
    """Writes images.

    Args:
        images: uint8 `(n, height, width, channels)`.
        out: PNG file: the image itself if there is one that was made of another, or else a grid. A folder: one file per
            image, and `before_after.png` if there are images before.
        names: Names of the files in a folder, without suffix.
        columns: Images in a row of a grid; `None` chooses.
        before: The images that these were made of, or `None`.
    """
    from keras_genzoo import plots

    if out.suffix.lower() == ".png" and not out.is_dir():
        if before is not None and len(images) == 1:
            plots.save_grid(images, out, scale=1, gap=0)
        elif before is not None:
            plots.save_pairs(before, images, out)
        else:
            plots.save_grid(images, out, columns)
        return
    for name, image in zip(names, images, strict=True):
        plots.save_grid(image[None], out / f"{name}.png", scale=1, gap=0)
    if before is not None:
        plots.save_pairs(before[:MAX_PAIRS], images[:MAX_PAIRS], out / "before_after.png")
