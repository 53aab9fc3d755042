"""Trainings of the command line: what `train` and `finetune` share, and `finetune`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_genzoo import presets, recipes
from keras_genzoo.cli.names import console, say, start_tensorflow
from keras_genzoo.cli.stopping import resumable
from keras_genzoo.cli.tables import metrics_table


def run_training(name, recipe, out, resume=False, evaluate=True):
    """Trains from a recipe into a run folder, and tells metrics and preset.

    Args:
        name: The recipe or model that `keras-genzoo train` takes to resume the run.
        recipe: `Recipe`.
        out: The run folder.
        resume: Whether to continue the run in it.
        evaluate: Whether to compute the metrics of the card.
    """
    from keras_genzoo import training

    training.check(training.Run(out, recipe), resume, evaluate=evaluate)  # before TensorFlow is imported
    try:
        with resumable(name, out):
            start_tensorflow()
            model, preset = training.train(recipe, out, resume=resume, evaluate=evaluate)
    except ArithmeticError as error:
        last = training.last_checkpoint(out)
        kept = f"The last good checkpoint is {last}." if last else "There is no checkpoint yet."
        raise ValueError(f"{error}. {kept}") from None
    metrics = presets.card(preset)["metrics"]
    if metrics:
        console.print(metrics_table(metrics))
    say(f"Preset: {preset}\nUse it: keras_genzoo.build({model.model_name!r}, weights={str(preset)!r})")


def finetune(
    parent: Annotated[str, typer.Argument(metavar="PRESET", help="Preset: name or folder.")],
    data: Annotated[str, typer.Option(help="Your images: folder:PATH, npz:PATH, tfds:NAME or digits.")],
    epochs: Annotated[
        int | None, typer.Option(help="Epochs, of about 100 steps or more. Default: about 2,000 steps.", min=1)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Images in a batch; default: 32 for each update of a discriminator.", min=1)
    ] = None,
    freeze: Annotated[
        list[str] | None,
        typer.Option(help="Part that is not trained, such as discriminator[:3] or generator/LAYER; several times."),
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the data for the card.")] = "",
    early_stop: Annotated[
        bool, typer.Option(help="Whether to measure a metric, keep the best weights, and end when it gets no better.")
    ] = True,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value, as in train; image_shape=[32,32,3] keeps the layers that match."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/MODEL_finetuned.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in the folder.")] = False,
    no_evaluate: Annotated[bool, typer.Option("--no-evaluate", help="Do not compute the metrics of the card.")] = False,
):
    """Trains a preset on your own images, and writes a run folder as train does.

    Images are scaled and cropped to the size of the preset. Few of them (under 5,000) get adaptive augmentations. A run
    that was stopped goes on with the same command and --resume.
    """
    from keras_genzoo.training.run import check_new_folder

    if out is None:
        out = Path("runs") / f"{presets.read_config(presets.find(parent))['model']}_finetuned"
    check_new_folder(out, resume)  # before TensorFlow is imported
    start_tensorflow()
    from keras_genzoo.training.finetune import finetune_recipe, with_schedules_of_run

    pairs = [recipes.parse_setting(text) for text in settings or []]
    recipes.check_settings([key for key, _ in pairs])
    recipe = finetune_recipe(parent, data, epochs, batch_size, freeze or (), title, early_stop, dict(pairs))
    run_training(recipe.model, with_schedules_of_run(recipe, out), out, resume, not no_evaluate)
