"""The commands that draw pictures of codes and chains: `keras-genzoo plot ...`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from keras_genzoo.cli.images import Name
from keras_genzoo.cli.names import Weights, load_named, preset_of, say
from keras_genzoo.cli.pictures import check_png_output
from keras_genzoo.cli.typed import Command

app = typer.Typer(
    no_args_is_help=True, help="Draws codes, traversals, imputations, Gibbs chains and nearest training images."
)
Data = Annotated[
    str | None, typer.Option(help="digits, shapes, tfds:NAME, npz:PATH or folder:PATH. Default: the data of the card.")
]
Split = Annotated[str, typer.Option(help="Split of the images.")]
Out = Annotated[Path, typer.Option(help="PNG file to write.")]
Seed = Annotated[int, typer.Option(help="Seed of the choice of images, and of chains.", min=0)]
Steps = Annotated[str, typer.Option(help="Numbers of steps that are shown, separated by commas.")]


class Missing(StrEnum):
    """The part of an image that is missing."""

    right = "right"
    left = "left"
    top = "top"
    bottom = "bottom"
    center = "center"


@app.command("latent-map", cls=Command)
def latent_map(
    name: Name,
    out: Out = Path("latent_map.png"),
    data: Data = None,
    split: Split = "test",
    num: Annotated[int, typer.Option(help="Images whose codes are shown.", min=2)] = 5000,
    seed: Seed = 0,
    weights: Weights = None,
):
    """Draws a code of two components: decoded images on a grid, beside the codes of images, coloured by class."""
    model, loaded = _begin(name, weights, data, split, num, seed, out, "encode", "decode")
    from keras_genzoo import plots

    labels = loaded["labels"]
    plots.save_latent_map(model, loaded["images"], out, labels, None if labels is None else loaded["class_names"])
    say(f"Latent map: {out}")


@app.command(cls=Command)
def traversals(
    name: Name,
    out: Out = Path("traversals.png"),
    data: Data = None,
    split: Split = "test",
    num: Annotated[int, typer.Option(help="Number of components.", min=1)] = 10,
    steps: Annotated[int, typer.Option(help="Images in a row.", min=2)] = 9,
    seed: Seed = 0,
    weights: Weights = None,
):
    """Draws what each component of a code changes, those that are used most first."""
    model, loaded = _begin(name, weights, data, split, 1000, seed, out, "encode", "decode")
    from keras_genzoo import plots

    given = _labels(model, loaded, model.conditions)
    plots.save_traversals(model, loaded["images"], out, num, steps, **given)
    say(f"Traversals: {out}")


@app.command(cls=Command)
def imputation(
    name: Name,
    out: Out = Path("imputation.png"),
    missing: Annotated[Missing, typer.Option(help="The half, or quarter, that is missing.")] = Missing.right,
    steps: Steps = "1,2,5,10,20,50",
    data: Data = None,
    split: Split = "test",
    num: Annotated[int, typer.Option(help="Number of images.", min=1)] = 8,
    seed: Seed = 0,
    weights: Weights = None,
):
    """Draws how missing parts of images are filled in, step by step."""
    counts = _numbers(steps)
    model, loaded = _begin(name, weights, data, split, num, seed, out, "impute")
    from keras_genzoo import plots
    from keras_genzoo.families.conditions import conditions_of_images

    mask = missing_part(missing.value, *model.image_shape[:2])
    plots.save_imputation(
        model, loaded["images"], mask, out, counts, seed, **_labels(model, loaded, conditions_of_images(model))
    )
    say(f"Imputation: {out}")


@app.command(cls=Command)
def chain(
    name: Name,
    out: Out = Path("chain.png"),
    steps: Steps = "1,2,5,10,20,50,100,500",
    data: Data = None,
    split: Split = "test",
    num: Annotated[int, typer.Option(help="Number of chains.", min=1)] = 8,
    seed: Seed = 0,
    weights: Weights = None,
):
    """Draws the Gibbs chains of a Boltzmann machine, step by step, from images."""
    counts = _numbers(steps)
    model, loaded = _begin(name, weights, data, split, num, seed, out, "gibbs")
    from keras_genzoo import plots

    plots.save_gibbs_chain(model, loaded["images"], out, counts, seed)
    say(f"Gibbs chains: {out}")


@app.command(cls=Command)
def neighbours(
    name: Name,
    out: Out = Path("neighbours.png"),
    data: Annotated[str | None, typer.Option(help="The training data. Default: the data of the card.")] = None,
    split: Annotated[str, typer.Option(help="Split of real images that were not trained on.")] = "test",
    num: Annotated[int, typer.Option(help="Number of samples, and of images that were not trained on.", min=1)] = 500,
    rows: Annotated[int, typer.Option(help="Samples that are shown.", min=1)] = 8,
    seed: Annotated[int, typer.Option(help="Seed of the samples.", min=0)] = 0,
    weights: Weights = None,
):
    """Draws samples beside their nearest training images, and tells whether the model has learned images by heart."""
    check_png_output(out)
    model = load_named(name, weights)
    from keras_genzoo import plots, training
    from keras_genzoo.plots.figures import check_methods

    check_methods(model, "generate")
    model.values.check_images("this picture")
    trained, held_out = training.trained_and_held_out(model, preset_of(name, weights) or name, data, split, num, seed)
    _, found = plots.save_neighbours(model.generate(num, seed=seed), trained, out, held_out, rows)
    say(found.verdict())
    say(f"Nearest training images: {out}")


def missing_part(part, height, width):
    """Mask `(height, width)`, True where a part of an image is: a half, or `"center"`, the middle of both sides."""
    import numpy as np

    rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
    masks = {
        "right": columns >= width // 2,
        "left": columns < width // 2,
        "top": rows < height // 2,
        "bottom": rows >= height // 2,
        "center": (abs(rows - (height - 1) / 2) < height / 4) & (abs(columns - (width - 1) / 2) < width / 4),
    }
    return np.broadcast_to(masks[part], (height, width))


def _begin(name, weights, data, split, num, seed, out, *methods):
    """The model, and what `load_existing_images` of `keras_genzoo.metrics.reference` gives of the data and its classes.

    The model must have these methods, which is known before the data is read.
    """
    check_png_output(out)
    model = load_named(name, weights)
    from keras_genzoo import training
    from keras_genzoo.metrics.reference import class_names_of, load_existing_images
    from keras_genzoo.plots.figures import check_methods

    check_methods(model, *methods)
    model.values.check_images("this picture")
    source, options = training.data_of(preset_of(name, weights) or name, data)
    loaded = load_existing_images(source, model.image_shape, num, split, seed, options)
    return model, loaded | {"class_names": class_names_of(source, loaded["split"], options)}


def _labels(model, loaded, conditions):
    """The labels of images where conditions of the model are needed: keyword arguments."""
    if not conditions:
        return {}
    if loaded["labels"] is None:
        raise ValueError(f"Expected images with labels: {model.model_name} takes them. Received: images alone")
    from keras_genzoo.metrics.reference import check_classes

    check_classes(model, loaded["source"], loaded["split"])
    return {conditions[0].name: loaded["labels"]}


def _numbers(text):
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        raise ValueError(f"Expected --steps as numbers separated by commas, such as 1,5,20. Received: {text}") from None
