"""Training from a recipe: model, data, callbacks, `fit`, and the preset at the end."""

import contextlib
import dataclasses
import shutil
import sys
import warnings
from functools import partial

from keras_genzoo import building, plots, presets
from keras_genzoo.presets.cards import make_card, parent_of, public_metrics
from keras_genzoo.recipes import Recipe, build_model, load_recipe, with_own_optimizers
from keras_genzoo.recipes.classes import with_classes
from keras_genzoo.recipes.domains import with_domains
from keras_genzoo.recipes.optimizers import has_schedule
from keras_genzoo.recipes.precision import resolved
from keras_genzoo.recipes.shapes import with_image_shape
from keras_genzoo.recipes.sizes import with_dataset_size
from keras_genzoo.training.checks import check
from keras_genzoo.training.health import health_callbacks
from keras_genzoo.training.real_images import (
    check_validation,
    images_to_translate,
    shown_translations,
    translations,
    with_existing_split,
)
from keras_genzoo.training.run import Run, last_checkpoint
from keras_genzoo.training.samplers import check_samplers, first_images, fit_samplers, without_samplers
from keras_genzoo.training.stopping import keep_best, stopper_of
from keras_genzoo.training.summary import summary


def train(recipe, out, resume=False, verbose="auto", evaluate=True):
    """Trains a model from a recipe, evaluates it, and writes a run folder with a preset.

    A model that takes labels gets the number and the names of the classes of the data if the recipe gives none.

    Args:
        recipe: `Recipe`, name of a bundled one, or path of a YAML file. `dtype: auto` becomes the fastest policy of the
            machine: see `keras_genzoo.recipes.precision`.
        out: The run folder. With `resume=True` it may contain a run, which continues from its newest checkpoint exactly
            as if it had not stopped: with the same order of the data, the same noise and the same optimizer states.
        resume: Whether to continue the run in `out`. The recipe must be that of the run, except for epochs, steps in
            a call, evaluation, validation and the place of the data; an empty folder starts a run.
        verbose: As in `keras.Model.fit`: a progress bar (1), one line per epoch, and per minute, (2) or no output (0);
            `"auto"` is 1 on a terminal, else 2.
        evaluate: Whether to compute the metrics of the recipe for the card.

    Returns:
        Tuple `(model, folder of the preset)`.

    Raises:
        ValueError: If the recipe or the data set is invalid, the run folder is in use, or the run to resume had other
            settings or has no checkpoint that can be loaded.
        TrainingDiverged: If a loss is not finite; the last good checkpoint is kept.
        TrainingInterrupted: On Ctrl-C, after a checkpoint was written.
        TrainingTerminated: On SIGTERM, after a checkpoint was written.
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
    check(run, resume, evaluate)
    if verbose == "auto":
        verbose = 1 if sys.stdout.isatty() else 2
    model, step, note = begin(run, resume, verbose)
    if evaluate:  # a wrong metric is an error now, not after hours of training
        check_metrics(list(run.recipe.evaluation.metrics) or None, model)
    data = load_data(run.recipe, model)  # before the folder is created: a wrong source leaves no files
    model.check_data(data)
    run.check_class_names(note, model, getattr(data, "class_names", None))
    validation = load_validation(run.recipe, model)
    if evaluate:
        run.recipe = with_existing_split(run.recipe, warn=True)
    check_samplers(model, recipe, data)
    run.check_steps(note, step, len(data))
    run.check_data(note, data)
    run.start(resume)
    try:
        fit(model, run, data, step, verbose, note.get("epoch_seconds", 0.0), validation)
    except ValueError:  # invalid data that only a step detects, such as labels out of range
        if not resume and last_checkpoint(out) is None:
            shutil.rmtree(out)
        raise
    finished = finish(model, run, evaluate)
    if verbose:  # once the preset is there
        say_code_use(model, data)
    return finished


def begin(run, resume=False, verbose=0):
    """The model of a new run, or of the newest checkpoint of one that is resumed.

    Settles the recipe of the run: classes, size of the images and dtype.

    Returns:
        Tuple of the model, the number of steps that are done, and what the run began with: see `Run.newest_note`.
    """
    model, step, note = run.restore() if resume else (None, 0, None)
    if note is None:
        run.recipe, shape = with_image_shape(with_dataset_size(with_classes(with_domains(run.recipe))))
        run.parent = parent_of(run.recipe)
        run.recipe, reason = resolved(run.recipe)
        for told in filter(None, (shape, reason)):
            if verbose:
                print(told, flush=True)
        run.recipe = with_own_optimizers(run.recipe)
        return build_model(run.recipe), 0, {}
    run.check_unchanged(note)
    run.recipe = run.continued(note)
    run.parent = note["parent"] if "parent" in note else parent_of(run.recipe)
    if model is None:
        return build_model(run.recipe), 0, note
    run.check_model(model)
    model.steps_per_execution = run.recipe.steps_per_execution
    began = note["recipe"]["epochs"]
    if verbose and began != run.recipe.epochs and any(has_schedule(spec) for spec in run.recipe.optimizers.values()):
        print(f"The learning rate schedules keep the step counts that were made for {began} epochs.", flush=True)
    return model, step, note


def load_data(recipe, model, first_epoch=0):
    """The training data of a recipe; the order of an epoch depends only on the seed of the recipe and the epoch."""
    options = _loading(recipe, model) | {"seed": recipe.seed, "first_epoch": first_epoch}
    return without_names(model.data_kind.load(recipe.data.source, recipe.data, **options))


def without_names(data):
    """Data whose classes have no names: a recipe may rename them, and `Run.check_class_names` compares them."""
    if getattr(data, "classes", None) is not None:
        data.classes = dataclasses.replace(data.classes, names=None)
    return data


def load_validation(recipe, model):
    """The validation data of a recipe, always in the stored order; `None` if the recipe has no `validation_split`."""
    config = recipe.data.for_validation()
    if config is None:
        return None
    check_validation(recipe.data)
    data = without_names(model.data_kind.load(config.source, config, **_loading(recipe, model), shuffle=False))
    model.check_data(data)
    return data


def _loading(recipe, model):
    """Size and channels of the images, as the loaders take them."""
    options = {"image_size": recipe.data.image_size, "channels": recipe.data.channels}
    # What is not in the recipe: images are resized to fit the model.
    return options | {key: value for key, value in model.values.loading.items() if options[key] is None}


def fit(model, run, data, step=0, verbose="auto", seconds=0.0, validation=None):
    """Trains from step number `step` to the last epoch of the recipe; `data` begins with epoch 0.

    `seconds` is how long the epoch of this step has been trained before. `validation` is the validation data or
    `None`.
    """
    from keras_genzoo.callbacks import ProgressLines

    recipe, epochs = run.recipe, run.recipe.epochs
    epoch, done = divmod(step, len(data))
    stopper = stopper_of(model, run, epoch)
    if epoch >= epochs or (stopper and stopper.is_over):
        return keep_best(model, stopper, verbose)
    stages = []
    if done:  # first the rest of the epoch in which the run was stopped
        stages.append((epoch, epoch + 1, load_data(recipe, model, epoch).skip(done)))
        epoch += 1
    if epoch < epochs:
        stages.append((epoch, epochs, load_data(recipe, model, epoch) if step else data))
    without_samplers(model)
    health = health_callbacks(model, recipe, step, verbose, **_loading(recipe, model))
    # What measures comes before the log and TensorBoard, which take it.
    measured = [*health, *([stopper] if stopper else [])]
    callbacks = [*measured, *make_callbacks(model, run, step, len(data), seconds)]
    if verbose:
        print(summary(recipe, model, data, step, validation), flush=True)
        callbacks.insert(0, ProgressLines(epochs * len(data), step, bar=verbose == 1))
    with contextlib.ExitStack() as stack:
        stack.callback(_release, callbacks)
        for first, last, dataset in stages:
            options = dict(validation_data=validation, callbacks=callbacks, verbose=verbose)
            model.fit(dataset, initial_epoch=first, epochs=last, **options)
            if stopper and stopper.is_over:
                break
    keep_best(model, stopper, verbose)


def make_callbacks(model, run, step, steps_per_epoch, seconds=0.0):
    """The callbacks of a run, in the order in which they must see the end of an epoch."""
    import keras

    from keras_genzoo import callbacks
    from keras_genzoo.data.points import known_modes

    log = callbacks.EpochLog(run.log, seconds)
    made = [
        callbacks.StopOnDivergence(step),
        # The log comes before the checkpoint: a surplus row is removed on resume, a missing row is lost.
        log,
        keras.callbacks.TensorBoard(run.folder / "tensorboard", write_graph=False),
    ]
    if hasattr(model, "generate"):
        made.append(callbacks.SampleGrid(run.samples, modes=known_modes(run.recipe.data.source)))
    if hasattr(model, "translate"):
        made.append(callbacks.TranslationGrid(run.samples, **shown_translations(run.recipe, model)))

    made.append(callbacks.Board(run.folder / "tensorboard" / "samples", run.samples))

    def note():
        began = {"recipe": run.recipe.to_dict(), "steps_per_epoch": steps_per_epoch, "class_names": run.class_names}
        return {**began, **run.data_marks, "parent": run.parent, "epoch_seconds": log.elapsed()}

    return [*made, callbacks.Checkpoint(run.checkpoints, step, note=note)]


def say_code_use(model, data):
    """Prints how much of the code of a model is in use on training images, if that can be told."""
    from keras_genzoo.families.code_use import code_use_line

    if hasattr(model, "code_use"):
        images, given = first_images(model, data, 1000)
        if len(images) < 2:
            return
        print(code_use_line(model, images, **given), flush=True)


def _release(callbacks):
    """Closes the files of callbacks after an exception in `fit`."""
    for callback in callbacks:
        with contextlib.suppress(Exception):
            callback.on_train_end()


def finish(model, run, evaluate=True):
    """Writes the preset, plots the losses, evaluates the stored weights and writes the card."""
    recipe = run.recipe
    if getattr(model, "samplers", None):
        fit_samplers(model, recipe, load_data(recipe, model))
    card = make_card(run)
    samples = None
    if hasattr(model, "translate"):  # translations only: the licence of the data may forbid publishing the inputs
        images = images_to_translate(recipe, model, 16)
        samples = partial(translations, images=images)
    options = {"half_precision": True, "averages_only": True, "overwrite": True}
    presets.save_preset(model, run.preset, card=card, samples=samples, **options)
    plots.save_loss_plot(run.log, run.folder / "loss.png")
    plots.save_health_plot(run.log, run.folder / "health.png")
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
    """The metrics of the `evaluation` section of a recipe: dict of values and protocols by name.

    If it names several samplers, metrics of generated images are computed for each, those of further samplers as
    `metric@sampler`.
    """
    from keras_genzoo.metrics import evaluate
    from keras_genzoo.metrics.table import METRICS, unread_settings

    config = recipe.evaluation
    settings = {k: value for k, value in dataclasses.asdict(config).items() if k not in ("metrics", "samplers")}
    settings["data_options"] = recipe.data.matched_options()
    first, *others = config.samplers or (None,)
    settings["sampler"] = first

    def read_by(names):  # a recipe may have settings of other metrics than are chosen
        return {k: value for k, value in settings.items() if k not in unread_settings(names)}

    names = list(config.metrics) or None
    results = evaluate(model, recipe.data.source, names, **(read_by(names) if names else settings))
    generated = [name for name in results if METRICS[name].method == "generate"]
    for sampler in others if generated else ():
        found = evaluate(
            model, recipe.data.source, generated, **{**read_by(generated), "sampler": sampler, "floor": False}
        )
        results |= {f"{name}@{sampler}": result for name, result in found.items()}
    return results
