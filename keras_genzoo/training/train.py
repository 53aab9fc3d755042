"""Training from a recipe: model, data, callbacks, `fit`, and the preset at the end."""

import contextlib
import dataclasses
import shutil
import warnings
from functools import partial

from keras_genzoo import building, plots, presets
from keras_genzoo.presets.cards import make_card, public_metrics
from keras_genzoo.recipes import Recipe, build_model, load_recipe
from keras_genzoo.recipes.classes import with_classes
from keras_genzoo.training.real_images import images_to_translate, translations, with_existing_split
from keras_genzoo.training.run import Run, last_checkpoint


def train(recipe, out, resume=False, verbose="auto", evaluate=True):
    """Trains a model from a recipe, evaluates it, and writes a run folder with a preset.

    A model that takes labels gets the number and the names of the classes of the data if the recipe gives none.

    Args:
        recipe: `Recipe`, name of a bundled one, or path of a YAML file.
        out: The run folder. With `resume=True` it may contain a run, which continues from its newest checkpoint exactly
            as if it had not stopped: with the same order of the data, the same noise and the same optimizer states.
        resume: Whether to continue the run in `out`.
        verbose: As in `keras.Model.fit`: a progress bar (1), one line per epoch (2) or no output (0).
        evaluate: Whether to compute the metrics of the recipe for the card.

    Returns:
        Tuple `(model, folder of the preset)`.

    Raises:
        ValueError: If the recipe or the data set is invalid, or the run folder is in use.
        TrainingDiverged: If a loss is not finite; the last good checkpoint is kept.
        TrainingInterrupted: On Ctrl-C, after a checkpoint was written.
        OSError: If a file cannot be written.

    Example:

    >>> import tempfile
    >>> recipe = Recipe("vae", args={"image_shape": [8, 8, 1], "network": "mlp", "hidden_units": [16]}, epochs=1)
    >>> recipe = recipe.override({"data.limit": 64})
    >>> model, preset = train(recipe, tempfile.mkdtemp(), verbose=0, evaluate=False)
    >>> sorted(path.name for path in preset.iterdir())
    ['card.json', 'config.json', 'metadata.json', 'model.weights.h5', 'samples.png']
    """
    from keras_genzoo.metrics.table import check_metrics

    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    run = Run(out, recipe)
    model, step = run.restore() if resume else (None, 0)
    if model is None:
        recipe = run.recipe = with_classes(recipe)
        model = build_model(recipe)
    else:
        recipe = run.recipe = run.with_its_classes()
        run.check_unchanged()
    if evaluate:  # a wrong metric is an error now, not after hours of training
        check_metrics(list(recipe.evaluation.metrics) or None, model)
    data = load_data(recipe, model)  # before the folder is created: a wrong source leaves no files
    model.check_data(data)
    if evaluate:
        recipe = run.recipe = with_existing_split(recipe, warn=True)
    run.start(resume)
    try:
        fit(model, run, data, step, verbose)
    except ValueError:  # invalid data that only a step detects, such as labels out of range
        if not resume and last_checkpoint(out) is None:
            shutil.rmtree(out)
        raise
    return finish(model, run, evaluate)


def load_data(recipe, model, first_epoch=0):
    """The training data of a recipe; the order of an epoch depends only on the seed of the recipe and the epoch."""
    options = {"image_size": recipe.data.image_size, "channels": recipe.data.channels}
    if options["image_size"] is None:  # not in the recipe: images are resized to fit the model
        options["image_size"] = model.image_shape[:2]
    if options["channels"] is None:
        options["channels"] = model.image_shape[2]
    options |= {"seed": recipe.seed, "first_epoch": first_epoch}
    return model.data_kind.load(recipe.data.source, recipe.data, **options)


def fit(model, run, data, step=0, verbose="auto"):
    """Trains from step number `step` to the last epoch of the recipe; `data` begins with epoch 0."""
    recipe, epochs = run.recipe, run.recipe.epochs
    epoch, done = divmod(step, len(data))
    if epoch >= epochs:
        return
    stages = []
    if done:  # first the rest of the epoch in which the run was stopped
        stages.append((epoch, epoch + 1, load_data(recipe, model, epoch).skip(done)))
        epoch += 1
    if epoch < epochs:
        stages.append((epoch, epochs, load_data(recipe, model, epoch) if step else data))
    callbacks = make_callbacks(model, run, step)
    with contextlib.ExitStack() as stack:
        stack.callback(_release, callbacks)
        for first, last, dataset in stages:
            model.fit(dataset, initial_epoch=first, epochs=last, callbacks=callbacks, verbose=verbose)


def make_callbacks(model, run, step):
    """The callbacks of a run, in the order in which they must see the end of an epoch."""
    import keras

    from keras_genzoo import callbacks

    made = [
        callbacks.StopOnDivergence(step),
        # The log comes before the checkpoint: a surplus row is removed on resume, a missing row is lost.
        callbacks.EpochLog(run.log),
        keras.callbacks.TensorBoard(run.folder / "tensorboard", write_graph=False),
    ]
    if hasattr(model, "generate"):
        made.append(callbacks.SampleGrid(run.samples))
    if hasattr(model, "translate"):
        made.append(callbacks.TranslationGrid(run.samples, images_to_translate(run.recipe, model, 12)))
    return [*made, callbacks.Checkpoint(run.checkpoints, step)]


def _release(callbacks):
    """Closes the files of callbacks after an exception in `fit`."""
    for callback in callbacks:
        with contextlib.suppress(Exception):
            callback.on_train_end()


def finish(model, run, evaluate=True):
    """Plots the losses, writes the preset, evaluates the stored weights and writes the card."""
    plots.save_loss_plot(run.log, run.folder / "loss.png")
    recipe = run.recipe
    card = make_card(run)
    samples = None
    if hasattr(model, "translate"):  # translations only: the licence of the data may forbid publishing the inputs
        images = images_to_translate(recipe, model, 16)
        samples = partial(translations, images=images)
    presets.save_preset(model, run.preset, card=card, half_precision=True, samples=samples, overwrite=True)
    if evaluate:
        stored = building.load_preset(recipe.model, run.preset)
        try:
            metrics = public_metrics(measure(stored, recipe))
        except (ValueError, OSError) as error:  # such as features that cannot be downloaded: the weights are kept
            warnings.warn(f"The preset is complete, but was not evaluated: {error}", stacklevel=2)
        else:
            presets.update_card(run.preset, {"metrics": metrics})
    return model, run.preset


def measure(model, recipe):
    """The metrics of the `evaluation` section of a recipe: dict of values and protocols by name."""
    from keras_genzoo.metrics import evaluate

    config = recipe.evaluation
    settings = {key: value for key, value in dataclasses.asdict(config).items() if key != "metrics"}
    options = recipe.data.matched_options()
    return evaluate(model, recipe.data.source, list(config.metrics) or None, data_options=options, **settings)
