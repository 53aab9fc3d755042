"""The command line `keras-genzoo`. Invalid input gives one sentence and exit code 2; Ctrl-C gives exit code 130."""

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

# Set before TensorFlow is imported, to hide its start-up messages.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import typer
from rich.table import Table

from keras_genzoo import presets, recipes, registry
from keras_genzoo.cli.conditions import columns_of, read_conditions, rows_of
from keras_genzoo.cli.export import export
from keras_genzoo.cli.names import console, errors, load_named, recipe_for, start_tensorflow
from keras_genzoo.cli.tables import metrics_table, show_card, show_model, title_of
from keras_genzoo.utils.text import nearest

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A zoo of generative models for Keras 3 on TensorFlow.",
)
Weights = Annotated[str | None, typer.Option(help="Preset name, folder, .weights.h5, https:// or hf:// address.")]
Seed = Annotated[int, typer.Option(help="Seed; image i depends only on the seed and i.", min=0)]
Data = Annotated[str | None, typer.Option(help="digits, tfds:NAME, npz:PATH or folder:PATH.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="key=value: a key of the recipe (epochs, data.split) or an argument of the model (latent_dim)."
    ),
]
Samples = Annotated[int, typer.Option(help="Log-likelihood: samples per image, or chains of an RBM.", min=1)]
LikelihoodImages = Annotated[int, typer.Option(help="Log-likelihood: number of images.", min=1)]
Metrics = Annotated[str | None, typer.Option(help="Names, separated by commas. Default: all that fit the model.")]
Features = Annotated[
    str | None, typer.Option(help="mnist, fashion_mnist or inception. Default: those of the card, for its data.")
]
NumImages = Annotated[int, typer.Option(help="Number of real and of generated images.", min=1)]
WriteCard = Annotated[bool, typer.Option("--write-card", help="Write the results to the card of the preset.")]
_EVALUATION = recipes.EvaluationConfig()  # the defaults of `evaluate`


class Stopped(Exception):
    """Ctrl-C with a message: typer turns a `KeyboardInterrupt` into an exit code without one."""


def main():
    """Entry point: runs the command line and prints each error as one sentence."""
    try:
        code = app(standalone_mode=False)
    except Stopped as stop:
        _say_error(str(stop))
        sys.exit(130)
    except Exception as error:
        sys.exit(_report(error))
    if code == 130:  # Ctrl-C in another command
        _say_error("Interrupted.")
    sys.exit(code or 0)


def _report(error):
    """Prints an expected error as one sentence and returns the exit code; raises any other error."""
    if hasattr(error, "format_message"):  # from the option parser: unknown command, missing argument
        if error.format_message():  # empty if no command was given: the help has been shown
            _say_error(error.format_message())
        return getattr(error, "exit_code", 2)
    if type(error).__name__ == "Abort":
        return 130
    text = str(error)
    if type(error).__module__.startswith("tensorflow"):  # raised in a data pipeline: the message contains our sentence
        found = re.search(r"(Expected [^\n]*Received: [^\n]*)", text)
        error, text = (ValueError(), found.group()) if found else (error, text)
    missing_extra = isinstance(error, ImportError) and "keras-genzoo[" in text
    if missing_extra or isinstance(error, (ValueError, OSError, ArithmeticError)):
        _say_error(" ".join(text.split()))
        return 2
    raise error


def _say_error(text):
    errors.print(f"Error: {text}", style="red", highlight=False, markup=False, soft_wrap=True)


@app.command("list")
def list_command():
    """Lists models, bundled presets and recipes."""
    table = Table("model", "description", "presets", "recipes")
    for name in registry.list_models():
        table.add_row(
            name,
            title_of(name),
            "\n".join(presets.list_presets(name)),
            "\n".join(recipes.list_recipes(name)),
        )
    console.print(table)


@app.command()
def show(name: Annotated[str, typer.Argument(help="A model, preset or recipe.")]):
    """Shows the arguments of a model, the card of a preset, or a recipe."""
    if name in registry.list_models():
        show_model(console, registry.describe(name))
        return
    known = registry.list_models() + presets.list_presets() + recipes.list_recipes()
    shown = False
    if name in presets.list_presets() or (Path(name) / presets.CONFIG).is_file():
        show_card(console, presets.card(name), name)
        shown = True
    if name in recipes.list_recipes():
        console.rule(f"recipe {name}", align="left")
        console.print(recipes.load_recipe(name).to_yaml(), highlight=False, markup=False)
        shown = True
    if not shown:
        raise ValueError(f"Expected a model, preset or recipe; {nearest(name, known)} Received: {name!r}")


@app.command()
def train(
    name: Annotated[str, typer.Argument(metavar="RECIPE|MODEL", help="Recipe (name or .yaml file) or model.")],
    data: Data = None,
    epochs: Annotated[int | None, typer.Option(help="Number of passes over the data.", min=1)] = None,
    settings: Settings = None,
    out: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/NAME.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in the folder.")] = False,
    weights: Weights = None,
    no_evaluate: Annotated[bool, typer.Option("--no-evaluate", help="Do not compute the metrics of the card.")] = False,
):
    """Trains from a recipe, or a model with its defaults, and writes a run folder with logs, samples and a preset."""
    recipe, out = recipe_for(name, data, epochs, weights, settings, out, resume)
    start_tensorflow()
    from keras_genzoo import training

    verbose = 1 if sys.stdout.isatty() else 2  # a progress bar on a terminal, one line per epoch in files
    try:
        model, preset = training.train(recipe, out, resume=resume, verbose=verbose, evaluate=not no_evaluate)
    except KeyboardInterrupt as stop:
        command = shlex.join(["keras-genzoo", "train", name, "--out", str(out), "--resume"])
        raise Stopped(f"{str(stop) or 'Interrupted'}.\nContinue with: {command}") from None
    except ArithmeticError as error:
        last = training.last_checkpoint(out)
        kept = f"The last good checkpoint is {last}." if last else "There is no checkpoint yet."
        raise ValueError(f"{error}. {kept}") from None
    metrics = presets.card(preset)["metrics"]
    if metrics:
        console.print(metrics_table(metrics))
    console.print(f"Preset: {preset}\nUse it: keras_genzoo.build({model.model_name!r}, weights={str(preset)!r})")


@app.command()
def sample(
    name: Annotated[str, typer.Argument(metavar="PRESET|MODEL", help="Preset (name or folder) or model.")],
    out: Annotated[Path, typer.Option(help="PNG file of a grid, or a folder for one PNG per image.")] = Path(
        "samples.png"
    ),
    num: Annotated[int, typer.Option(help="Number of images.", min=1)] = 64,
    start: Annotated[int, typer.Option(help="Index of the first image.", min=0)] = 0,
    seed: Seed = 0,
    labels: Annotated[
        str | None, typer.Option(help="Classes by number or name, dealt out in turn: cat or 3,1. Default: all classes.")
    ] = None,
    condition: Annotated[list[str] | None, typer.Option(help="name=value: any condition of the model.")] = None,
    weights: Weights = None,
):
    """Generates images: a grid in one PNG file, or a folder of files."""
    import numpy as np
    from rich.progress import track

    from keras_genzoo.families.generation import grid_columns

    _check_picture_path(out)
    model = load_named(name, weights)
    if not hasattr(model, "generate"):
        raise ValueError(f"Expected a model that generates images. Received: {name!r}, a {type(model).__name__}")
    asked = read_conditions(model, labels, condition)
    chunks = [(first, min(64, start + num - first)) for first in range(start, start + num, 64)]
    shown = track(chunks, "Generating", console=errors, disable=len(chunks) < 10 or not sys.stderr.isatty())
    parts = [model.generate(size, seed=seed, start=first, **rows_of(asked, first, size)) for first, size in shown]
    columns = columns_of(asked) or (grid_columns(model) if model.conditions else None)
    _save_pictures(np.concatenate(parts), out, start, columns)
    console.print(f"{num} images of seed {seed}: {out}", highlight=False)


@app.command()
def translate(
    name: Annotated[
        str, typer.Argument(metavar="PRESET|MODEL", help="Preset (name or folder) or model that translates images.")
    ],
    source: Annotated[str, typer.Option("--input", help="digits, tfds:NAME, npz:PATH, folder:PATH or a folder.")],
    out: Annotated[Path, typer.Option(help="Folder for one PNG per image, or PNG file of a grid.")],
    direction: Annotated[
        str | None, typer.Option(help="a_to_b or b_to_a. Default: the first direction of the model.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split of the input images.")] = "train",
    limit: Annotated[int | None, typer.Option(help="Maximum number of images.", min=1)] = None,
    weights: Weights = None,
):
    """Translates images from one domain to the other, in the order of the source."""
    from keras_genzoo import data

    _check_picture_path(out)
    model = load_named(name, weights)
    if not hasattr(model, "translate"):
        raise ValueError(f"Expected a model that translates images. Received: {name!r}, a {type(model).__name__}")
    direction = model.directions[0] if direction is None else direction
    height, width, channels = model.image_shape
    images, _ = data.load_arrays(source, split=split, image_size=(height, width), channels=channels, limit=limit)
    _save_pictures(model.translate(images, direction), out, 0)
    console.print(f"{len(images)} images, {direction}: {out}", highlight=False)


def _check_picture_path(out):
    if out.suffix and out.suffix.lower() != ".png":
        raise ValueError(f"Expected --out as a .png file or a folder. Received: {str(out)!r}")


def _save_pictures(images, out, start, columns=None):
    """Writes a grid if `out` is a PNG file, else one file per image, numbered from `start`."""
    from keras_genzoo import plots

    if out.suffix.lower() == ".png":
        plots.save_grid(images, out, columns)
        return
    for index, image in enumerate(images, start):
        plots.save_grid(image[None], out / f"{index:06d}.png", scale=1, gap=0)


@app.command()
def evaluate(
    name: Annotated[str, typer.Argument(metavar="PRESET|MODEL", help="Preset (name or folder) or model.")],
    data: Data = None,
    split: Annotated[str, typer.Option(help="Split of the real images.")] = _EVALUATION.split,
    metrics: Metrics = None,
    num_images: NumImages = _EVALUATION.num_images,
    num_samples: Samples = _EVALUATION.num_samples,
    num_likelihood_images: LikelihoodImages = _EVALUATION.num_likelihood_images,
    features: Features = None,
    floor: Annotated[bool, typer.Option("--floor", help="Also compare real with real images.")] = False,
    seed: Seed = 0,
    weights: Weights = None,
    write_card: WriteCard = False,
):
    """Compares a preset with real images; each metric is printed with its protocol."""
    from keras_genzoo import training
    from keras_genzoo.metrics import evaluate as measure
    from keras_genzoo.presets import cards

    if write_card and not (Path(name) / presets.CONFIG).is_file():
        raise ValueError(f"Expected a preset folder with --write-card. Received: {name!r}")
    model = load_named(name, weights)
    source, options = training.data_of(name, data)
    results = measure(
        model,
        source,
        metrics.split(",") if metrics else None,
        num_images=num_images,
        features=features or training.features_of(name, data),
        seed=seed,
        split=split,
        floor=floor,
        num_samples=num_samples,
        num_likelihood_images=num_likelihood_images,
        data_options=options,
    )
    console.print(metrics_table(results))
    if write_card:
        metrics = {**presets.card(name).get("metrics", {}), **cards.public_metrics(results)}
        presets.update_card(name, {"metrics": metrics})


app.command()(export)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the files of the demo.")] = Path("genzoo_demo"),
    seconds: Annotated[int, typer.Option(help="Seconds of training.", min=1)] = 60,
):
    """Loads, samples, trains, evaluates, exports and runs a model on this machine, without a network."""
    start_tensorflow()
    from keras_genzoo.cli.demo import run_demo

    run_demo(out, seconds, console)


if __name__ == "__main__":
    main()
