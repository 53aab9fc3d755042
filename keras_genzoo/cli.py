"""The command line `keras-genzoo`. Bad input ends with one sentence and exit code 2; Ctrl-C with 130."""

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

# Before TensorFlow is imported: its start-up messages are not for users of this command.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import typer
from rich.table import Table

from keras_genzoo import presets, recipes, registry
from keras_genzoo.cli_export import export
from keras_genzoo.cli_names import console, errors, load_named, recipe_for, start_tensorflow
from keras_genzoo.cli_tables import metrics_table, show_card, show_model

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A zoo of generative models for Keras 3 on TensorFlow.",
)
Weights = Annotated[str | None, typer.Option(help="Preset name, folder, .weights.h5, https:// or hf:// address.")]
Seed = Annotated[int, typer.Option(help="Seed: image i depends on the seed and i alone.", min=0)]
Data = Annotated[str | None, typer.Option(help="digits, tfds:NAME, npz:PATH or folder:PATH.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="key=value: a recipe's key (epochs), one in a section (data.split), or a model argument."
    ),
]


Samples = Annotated[int, typer.Option(help="Log-likelihood: samples an image, or chains of an RBM.", min=1)]
LikelihoodImages = Annotated[int, typer.Option(help="Images of the log-likelihood.", min=1)]
_EVALUATION = recipes.EvaluationConfig()  # whose defaults are those of the command, too


class Stopped(Exception):
    """Ctrl-C, with something to say: typer would turn a `KeyboardInterrupt` into a bare exit code."""


def main():
    """Entry point: runs the command line and turns errors into one sentence each."""
    try:
        code = app(standalone_mode=False)
    except Stopped as stop:
        _say_error(str(stop))
        sys.exit(130)
    except Exception as error:
        sys.exit(_report(error))
    if code == 130:  # Ctrl-C elsewhere
        _say_error("Interrupted.")
    sys.exit(code or 0)


def _report(error):
    """Prints an expected error as one sentence; lets a bug through with its traceback."""
    if hasattr(error, "format_message"):  # of the option parser: unknown command, missing argument
        if error.format_message():  # empty where no command was given: the help has been shown
            _say_error(error.format_message())
        return getattr(error, "exit_code", 2)
    if type(error).__name__ == "Abort":
        return 130
    text = str(error)
    if type(error).__module__.startswith("tensorflow"):  # raised in a data pipeline: our sentence is inside
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
    table = Table("model", "what it is", "presets", "recipes")
    for name in registry.list_models():
        title = registry.describe(name).title
        table.add_row(
            name,
            title.partition(": ")[2] or title,
            "\n".join(presets.list_presets(name)),
            "\n".join(recipes.list_recipes(name)),
        )
    console.print(table)


@app.command()
def show(name: Annotated[str, typer.Argument(help="A model, preset or recipe.")]):
    """Shows a model with its arguments, a preset with its card, or a recipe."""
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
        raise ValueError(f"Expected a model, preset or recipe; {registry.nearest(name, known)} Received: {name!r}")


@app.command()
def train(
    name: Annotated[str, typer.Argument(metavar="RECIPE|MODEL", help="A recipe's name or .yaml file, or a model.")],
    data: Data = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the data.", min=1)] = None,
    settings: Settings = None,
    out: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/NAME.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    weights: Weights = None,
    no_evaluate: Annotated[bool, typer.Option("--no-evaluate", help="Skip the metrics of the card.")] = False,
):
    """Trains by a recipe, or a model with its defaults; leaves a run folder with logs, pictures and a preset."""
    recipe, out = recipe_for(name, data, epochs, weights, settings, out, resume)
    start_tensorflow()
    from keras_genzoo import training

    verbose = 1 if sys.stdout.isatty() else 2  # a progress bar for people, a line an epoch for files
    try:
        model, preset = training.train(recipe, out, resume=resume, verbose=verbose, evaluate=not no_evaluate)
    except KeyboardInterrupt as stop:
        command = shlex.join(["keras-genzoo", "train", name, "--out", str(out), "--resume"])
        raise Stopped(f"{str(stop) or 'Interrupted'}.\nGo on with: {command}") from None
    except ArithmeticError as error:
        last = training.last_checkpoint(out)
        kept = f"The last good checkpoint is {last}." if last else "No checkpoint had been written yet."
        raise ValueError(f"{error}. {kept}") from None
    metrics = presets.card(preset)["metrics"]
    if metrics:
        console.print(metrics_table(metrics))
    console.print(f"Preset: {preset}\nUse it: keras_genzoo.build({model.model_name!r}, weights={str(preset)!r})")


@app.command()
def sample(
    name: Annotated[str, typer.Argument(metavar="PRESET|MODEL", help="A preset's name or folder, or a model.")],
    out: Annotated[Path, typer.Option(help="PNG file of a grid, or a folder for one PNG an image.")] = Path(
        "samples.png"
    ),
    num: Annotated[int, typer.Option(help="Number of images.", min=1)] = 64,
    start: Annotated[int, typer.Option(help="Index of the first image.", min=0)] = 0,
    seed: Seed = 0,
    weights: Weights = None,
):
    """Makes images: a grid in one PNG file, or a folder of files."""
    import numpy as np
    from rich.progress import track

    _check_picture_path(out)
    model = load_named(name, weights)
    if not hasattr(model, "generate"):
        raise ValueError(f"Expected a model that generates images. Received: {name!r}, a {type(model).__name__}")
    chunks = range(start, start + num, 64)
    shown = track(chunks, "Generating", console=errors, disable=len(chunks) < 10 or not sys.stderr.isatty())
    images = np.concatenate([model.generate(min(64, start + num - i), seed=seed, start=i) for i in shown])
    _save_pictures(images, out, start, model.grid_columns if model.takes_labels else None)
    console.print(f"{num} images of seed {seed}: {out}", highlight=False)


@app.command()
def translate(
    name: Annotated[str, typer.Argument(metavar="PRESET|MODEL", help="A translator's preset, folder or name.")],
    source: Annotated[str, typer.Option("--input", help="digits, tfds:NAME, npz:PATH or folder:PATH (or a folder).")],
    out: Annotated[Path, typer.Option(help="Folder for one PNG an image, or PNG file of a grid.")],
    direction: Annotated[str | None, typer.Option(help="a_to_b or b_to_a; the model's first if missing.")] = None,
    split: Annotated[str, typer.Option(help="Split of the input images.")] = "train",
    limit: Annotated[int | None, typer.Option(help="At most so many images.", min=1)] = None,
    weights: Weights = None,
):
    """Translates images from one domain to the other, in the order in which the source has them."""
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
    """Writes a grid where `out` is a file, else one file an image, numbered from `start`."""
    from keras_genzoo import plots

    if out.suffix.lower() == ".png":
        plots.save_grid(images, out, columns)
        return
    for index, image in enumerate(images, start):
        plots.save_grid(image[None], out / f"{index:06d}.png", scale=1, gap=0)


@app.command()
def evaluate(
    name: Annotated[str, typer.Argument(metavar="PRESET|MODEL", help="A preset's name or folder, or a model.")],
    data: Data = None,
    split: Annotated[str, typer.Option(help="Split of the real images.")] = _EVALUATION.split,
    metrics: Annotated[str | None, typer.Option(help="Comma-separated names; default: all that the model can.")] = None,
    num_images: Annotated[int, typer.Option(help="Real and generated images.", min=1)] = _EVALUATION.num_images,
    num_samples: Samples = _EVALUATION.num_samples,
    num_likelihood_images: LikelihoodImages = _EVALUATION.num_likelihood_images,
    features: Annotated[str | None, typer.Option(help="mnist, fashion_mnist or inception.")] = None,
    floor: Annotated[bool, typer.Option("--floor", help="Also real against real.")] = False,
    seed: Seed = 0,
    weights: Weights = None,
    write_card: Annotated[bool, typer.Option("--write-card", help="Put the numbers into the preset's card.")] = False,
):
    """Measures a preset against real images; each number comes with its protocol."""
    from keras_genzoo import cards, training
    from keras_genzoo.metrics import evaluate as measure

    if write_card and not (Path(name) / presets.CONFIG).is_file():
        raise ValueError(f"Expected a preset folder with --write-card. Received: {name!r}")
    model = load_named(name, weights)
    source, options = training.data_of(name, data)
    results = measure(
        model,
        source,
        metrics.split(",") if metrics else None,
        num_images=num_images,
        features=features,
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
    out: Annotated[Path, typer.Option(help="Folder for what the demo makes.")] = Path("genzoo_demo"),
    seconds: Annotated[int, typer.Option(help="How long to train.", min=1)] = 60,
):
    """Shows the whole way on this machine, without a network: load, sample, train, measure, export, run."""
    start_tensorflow()
    from keras_genzoo.demo import run_demo

    run_demo(out, seconds, console)


if __name__ == "__main__":
    main()
