"""The commands that draw pictures of codes and chains: `keras-genzoo plot ...`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from keras_genzoo.cli.images import Name
from keras_genzoo.cli.names import Weights, console, load_named, preset_of, say
from keras_genzoo.cli.pictures import check_png_output
from keras_genzoo.cli.typed import Command, check_effect

app = typer.Typer(
    no_args_is_help=True, help="Draws codes, traversals, imputations, Gibbs chains and nearest training images."
)
NUM_CODES, NUM_TSNE = 5000, 2000  # images of a map; t-SNE is slow
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


class Projection(StrEnum):
    """How codes of more than two components are drawn in the plane."""

    pca = "pca"
    tsne = "tsne"


@app.command("latent-map", cls=Command)
def latent_map(
    ctx: typer.Context,
    name: Name,
    out: Out = Path("latent_map.png"),
    data: Data = None,
    split: Split = "test",
    method: Annotated[
        Projection | None, typer.Option(help="How codes of more than two components are projected. Default: pca.")
    ] = None,
    num: Annotated[
        int | None,
        typer.Option(help=f"Images whose codes are shown. Default: {NUM_CODES}, or {NUM_TSNE} with tsne.", min=2),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the choice of images.", min=0)] = 0,
    weights: Weights = None,
):
    """Draws where the codes of images lie, coloured by class. Takes models that encode: autoencoders, VAEs, bigan.

    Codes of two components are drawn as they are, beside decoded images on a grid if the model takes no conditions.
    Longer codes are projected to the plane by PCA or t-SNE.
    """
    model = _model(name, weights, out, "encode")
    if model.latent_dim == 2:
        check_effect(ctx, ("method",), "codes of two components are drawn as they are")
    num = num or (NUM_TSNE if method is Projection.tsne else NUM_CODES)
    loaded = _load(model, name, weights, data, split, num, seed)
    from keras_genzoo import plots
    from keras_genzoo.families.given_conditions import conditions_of_images
    from keras_genzoo.plots.codes import is_plane

    labels = {"labels": loaded["labels"]} | _labels(model, loaded, conditions_of_images(model))
    labels["class_names"] = None if loaded["labels"] is None else loaded["class_names"]
    if is_plane(model):
        plots.save_latent_map(model, loaded["images"], out, **labels)
    else:
        with console.status("Drawing"):
            plots.save_code_map(model, loaded["images"], out, method=method and method.value, **labels)
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
    """Draws what each component of a code changes. Takes models that encode, whose codes are any real numbers.

    The components that are used most stand first. Codes on a sphere, of categories or of a codebook have no such rows.
    """
    model = _model(name, weights, out, "encode", "decode")
    loaded = _load(model, name, weights, data, split, 1000, seed)
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
    """Draws how missing parts of images are filled in, step by step. Takes autoencoders, VAEs and rbm."""
    counts = _numbers(steps)
    model = _model(name, weights, out, "impute")
    loaded = _load(model, name, weights, data, split, num, seed)
    from keras_genzoo import plots
    from keras_genzoo.families.given_conditions import conditions_of_images

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
    """Draws Gibbs chains that start from images, step by step. Takes rbm, a Boltzmann machine."""
    counts = _numbers(steps)
    model = _model(name, weights, out, "gibbs")
    loaded = _load(model, name, weights, data, split, num, seed)
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
    """Draws samples beside their nearest training images, and tells of copies. Takes models that generate images."""
    model = _model(name, weights, out, "generate")
    from keras_genzoo import plots, training

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


def _model(name, weights, out, *methods):
    """The model of images that has these methods; raises an error unless a PNG file may be written to `out`."""
    check_png_output(out)
    model = load_named(name, weights)
    from keras_genzoo.plots.figures import check_methods

    check_methods(model, *methods)
    model.values.check_images("this picture")
    return model


def _load(model, name, weights, data, split, num, seed):
    """What `load_existing_images` of `keras_genzoo.metrics.reference` gives of the data, and names of its classes."""
    from keras_genzoo import training
    from keras_genzoo.metrics.reference import class_names_of, load_existing_images

    source, options = training.data_of(preset_of(name, weights) or name, data)
    loaded = load_existing_images(source, model.image_shape, num, split, seed, options)
    return loaded | {"class_names": class_names_of(source, loaded["split"], options)}


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
