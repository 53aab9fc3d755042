"""The command line `keras-genzoo`. Invalid input gives one sentence and exit code 2; Ctrl-C gives 130, SIGTERM 143."""

import os
import re
import sys
import warnings
from pathlib import Path
from typing import Annotated

# Set before TensorFlow is imported, to hide its start-up messages.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import typer
from rich.table import Table

from keras_genzoo import presets, recipes, registry
from keras_genzoo.cli.export import export
from keras_genzoo.cli.images import interpolate, reconstruct, sample
from keras_genzoo.cli.latent import directions, edit, invert
from keras_genzoo.cli.names import (
    SamplerName,
    Weights,
    console,
    errors,
    load_named,
    preset_of,
    recipe_for,
    start_tensorflow,
    warner,
)
from keras_genzoo.cli.play import play
from keras_genzoo.cli.plot import app as plot_app
from keras_genzoo.cli.runs import finetune, run_training
from keras_genzoo.cli.stopping import Stopped
from keras_genzoo.cli.tables import metrics_table, show_card, show_model, title_of
from keras_genzoo.cli.translating import translate
from keras_genzoo.cli.typed import Command, check_effect
from keras_genzoo.utils.text import nearest
from keras_genzoo.version import __version__

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A zoo of generative models for Keras 3 on TensorFlow.",
)
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
    str | None, typer.Option(help="mnist, fashion_mnist, emoji or inception. Default: those of the card, for its data.")
]
NumImages = Annotated[int, typer.Option(help="Number of real and of generated images.", min=1)]
WriteCard = Annotated[bool, typer.Option("--write-card", help="Write the results to the card of the preset.")]
Title = Annotated[str | None, typer.Option(help="Title of the data for the card.")]
_EVALUATION = recipes.EvaluationConfig()  # the defaults of `evaluate`


def _show_version(wanted):
    if wanted:
        console.print(f"keras_genzoo {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
):
    """A zoo of generative models for Keras 3 on TensorFlow."""


def main():
    """Entry point: runs the command line and prints each error as one sentence, and each warning as one, once."""
    warnings.showwarning = warner()
    try:
        code = app(standalone_mode=False)
    except Stopped as stop:
        _say_error(str(stop))
        sys.exit(stop.exit_code)
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


# How arguments of Python are written on the command line.
_IN_OPTIONS = {
    "image_shape=(height, width, channels)": "image_shape=[height,width,channels]",
    "image_size=(height, width)": "--set data.image_size=[height,width]",
    "source_b, or of one source image_key_b or split_b": "--set data.source_b=SOURCE, or of one source "
    "data.image_key_b or data.split_b",
    "overwrite=True": "--overwrite",
    "labels=True for images without labels": "images without labels",
}


def _say_error(text):
    for python, option in _IN_OPTIONS.items():
        text = text.replace(python, option)
    errors.print(f"Error: {text}", style="red", highlight=False, markup=False, soft_wrap=True)


@app.command("list", cls=Command)
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


@app.command(cls=Command)
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


@app.command(cls=Command)
def train(
    name: Annotated[str, typer.Argument(metavar="RECIPE|MODEL", help="Recipe (name or .yaml file) or model.")],
    data: Data = None,
    epochs: Annotated[
        int | None, typer.Option(help="Number of epochs; schedules stretch in proportion.", min=1)
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images in a batch.", min=1)] = None,
    classes: Annotated[
        int | None,
        typer.Option(help="Number of classes, for a model that takes labels. Default: that of the data.", min=2),
    ] = None,
    title: Title = None,
    settings: Settings = None,
    out: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/NAME.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in the folder.")] = False,
    weights: Weights = None,
    dtype: Annotated[
        str | None, typer.Option(help="float32, mixed_bfloat16, mixed_float16 or auto, the fastest.")
    ] = None,
    no_evaluate: Annotated[bool, typer.Option("--no-evaluate", help="Do not compute the metrics of the card.")] = False,
):
    """Trains from a recipe, or a model with its defaults, and writes a run folder with logs, samples and a preset."""
    _check_classes(registry.plain_name(name), classes)
    changes = {"data.source": data, "data.batch_size": batch_size, "data.title": title}
    changes |= {"num_classes": classes, "weights": weights, "dtype": dtype}
    recipe, out = recipe_for(name, changes, epochs, settings, out, resume)
    run_training(name, recipe, out, resume, evaluate=not no_evaluate)


def _check_classes(name, classes):
    """Raises `ValueError` if a number of classes is given for a model without labels; recipes check themselves."""
    known = registry.describe(name).arguments if name in registry.list_models() else {"num_classes": None}
    if classes is not None and "num_classes" not in known:
        raise ValueError(f"Expected no --classes: {name} takes no labels. Received: --classes {classes}")


for command in (sample, reconstruct, interpolate, translate, edit, directions, invert, play, finetune):
    app.command(cls=Command)(command)


@app.command(cls=Command)
def evaluate(
    ctx: typer.Context,
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
    sampler: SamplerName = None,
    write_card: WriteCard = False,
):
    """Compares a preset with real images; each metric is printed with its protocol."""
    from keras_genzoo import training
    from keras_genzoo.metrics import evaluate as measure
    from keras_genzoo.metrics.table import check_metrics, unread_settings

    names = None if metrics is None else metrics.split(",")
    training.check_names(names or (), features)  # before TensorFlow is imported
    if write_card and not (Path(name) / presets.CONFIG).is_file():
        raise ValueError(f"Expected a preset folder with --write-card. Received: {name!r}")
    model = load_named(name, weights)
    unread = unread_settings(check_metrics(names, model))
    check_effect(ctx, [name for name in unread if name in ctx.params], "none of the metrics depends on it")
    trained = preset_of(name, weights) or name
    source, options = training.data_of(trained, data)
    features = features or (None if "features" in unread else training.features_of(trained, data))
    settings = dict(features=features, seed=seed, split=split, floor=floor, sampler=sampler, data_options=options)
    counts = dict(num_images=num_images, num_samples=num_samples, num_likelihood_images=num_likelihood_images)
    results = measure(model, source, names, **settings, **counts)
    console.print(metrics_table(results))
    if write_card:
        _add_to_card(name, results)


def _add_to_card(folder, results):
    from keras_genzoo.presets import cards

    metrics = {**presets.card(folder).get("metrics", {}), **cards.public_metrics(results)}
    presets.update_card(folder, {"metrics": metrics})


app.command(cls=Command)(export)
app.add_typer(plot_app, name="plot")


@app.command(cls=Command)
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
