"""A training from a recipe, in a run folder that holds everything: recipe, logs, pictures, checkpoints, preset.

run/recipe.yaml           the recipe as run
run/log.csv               losses and seconds by epoch
run/tensorboard/          the same for TensorBoard
run/samples/              a grid of samples by epoch
run/loss.png              the losses as a plot
run/checkpoints/          model and optimizers, to go on from
run/preset/               at the end: weights, card and samples, for build(weights="run/preset")
"""

import contextlib
import dataclasses
import os
import shutil
import warnings
from functools import partial
from pathlib import Path

from keras_genzoo import plots, presets, registry
from keras_genzoo.cards import make_card, public_metrics, public_source
from keras_genzoo.examples import images_to_translate, translations, with_existing_split
from keras_genzoo.recipe_data import DataConfig
from keras_genzoo.recipes import Recipe, load_recipe


class Run:
    """A run folder and the recipe that it belongs to.

    Args:
        folder: The run folder; made if missing.
        recipe: `Recipe`; read from the folder where missing.

    Raises:
        ValueError: If there is neither a recipe nor one in the folder.
    """

    def __init__(self, folder, recipe=None):
        self.folder = Path(folder)
        if recipe is None:
            if not self.recipe_path.is_file():
                raise ValueError(f"Expected a run folder with recipe.yaml. Received: {os.fspath(folder)!r}")
            recipe = load_recipe(self.recipe_path)
        self.recipe = recipe

    recipe_path = property(lambda self: self.folder / "recipe.yaml")
    log = property(lambda self: self.folder / "log.csv")
    samples = property(lambda self: self.folder / "samples")
    checkpoints = property(lambda self: self.folder / "checkpoints")
    preset = property(lambda self: self.folder / "preset")

    def start(self, resume):
        """Makes the folder and writes the recipe; a folder with a run in it is refused unless it is resumed."""
        if self.folder.exists() and any(self.folder.iterdir()) and not resume:
            raise ValueError(
                f"Expected a new or empty run folder: choose another with --out, or go on with --resume. "
                f"Received: {os.fspath(self.folder)!r}, which is not empty"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        scratch = self.folder / ".recipe.yaml.part"
        scratch.write_text(self.recipe.to_yaml(), encoding="utf-8")
        os.replace(scratch, self.recipe_path)

    def check_unchanged(self):
        """Raises `ValueError` where the recipe asks for another training than the one that was begun."""
        new, old = (_settled(recipe.to_dict()) for recipe in (self.recipe, load_recipe(self.recipe_path)))
        for key, value in new.items():
            if value != old[key]:
                raise ValueError(
                    f"Expected {key}={old[key]!r}, as the run in {os.fspath(self.folder)!r} began, to resume it. "
                    f"Received: {key}={value!r}"
                )

    def restore(self):
        """The newest whole checkpoint: `(model, steps made)`, or `(None, 0)` where there is none."""
        from keras_genzoo.callbacks.checkpoint import checkpoint_step, list_checkpoints
        from keras_genzoo.registry import load

        for path in reversed(list_checkpoints(self.checkpoints)):
            try:
                return load(path), checkpoint_step(path)
            except (ValueError, OSError, KeyError) as error:
                warnings.warn(f"{path.name} is damaged and left out: {error}", stacklevel=2)
        return None, 0

    def wall_time(self):
        """Seconds of training so far, from the log."""
        from keras_genzoo.callbacks.epoch_log import read_log

        return sum(row["seconds"] for row in read_log(self.log))


def train(recipe, out, resume=False, verbose="auto", evaluate=True):
    """Trains a model by a recipe, measures it, and leaves a run folder with a preset.

    Args:
        recipe: `Recipe`, name of a bundled one, or path of a YAML file.
        out: The run folder. With `resume=True` it may hold a run, which goes on from its newest checkpoint exactly as
            if it had never stopped: same order of the data, same noise, same optimizer states.
        resume: Whether to go on with the run in `out`.
        verbose: As in `keras.Model.fit`: a progress bar (1), a line an epoch (2), nothing (0).
        evaluate: Whether the metrics of the recipe are measured for the card.

    Returns:
        Tuple `(model, folder of the preset)`.

    Raises:
        ValueError: On a wrong recipe or data set, or a run folder in use.
        TrainingDiverged: If a loss is no number; the last good checkpoint stays.
        TrainingInterrupted: On Ctrl-C; a checkpoint is left.
        OSError: If something cannot be written.

    Example:

    >>> import tempfile
    >>> recipe = Recipe("dcgan", args={"image_shape": [8, 8, 1], "base_filters": 8}, epochs=1).override(
    ...     {"data.image_size": [8, 8], "evaluation.metrics": ["sliced_wasserstein"], "evaluation.num_images": 100})
    >>> model, preset = train(recipe, tempfile.mkdtemp(), verbose=0)
    >>> sorted(path.name for path in preset.iterdir())
    ['card.json', 'config.json', 'metadata.json', 'model.weights.h5', 'samples.png']
    """
    from keras_genzoo.metrics.table import check_metrics

    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    run = Run(out, recipe)
    model, step = run.restore() if resume else (None, 0)
    if model is None:
        model = recipe.build()
    else:
        run.check_unchanged()
    if evaluate:  # a misspelled metric is told now, not after hours of training
        check_metrics(list(recipe.evaluation.metrics) or None, model)
        recipe = run.recipe = with_existing_split(recipe, model)
    data = load_data(recipe, model)  # before the folder is made: a bad source leaves nothing behind
    model.check_data(data)
    run.start(resume)
    try:
        fit(model, run, data, step, verbose)
    except ValueError:  # bad data that only the first steps could tell, such as labels out of range
        if not resume and last_checkpoint(out) is None:
            shutil.rmtree(out)
        raise
    return finish(model, run, evaluate)


def _settled(values):
    """What a checkpoint has settled of a recipe's dict: all but its length, its measuring and where its data lie."""
    free = ("source", "source_b", "data_dir", "cache", "title", "license")
    data = {f"data.{key}": value for key, value in values["data"].items() if key not in free}
    return {key: values[key] for key in ("model", "args", "dtype", "optimizers", "weights", "seed")} | data


def load_data(recipe, model, first_epoch=0):
    """The training data of a recipe: the order of each epoch depends on the recipe's seed and the epoch alone."""
    from keras_genzoo import data

    if recipe.data.has_second_domain and not model.takes_pairs:
        raise ValueError(f"Expected no second domain in the data of {recipe.model}. Received: {recipe.data}")
    options = recipe.data.pair_options() if model.takes_pairs else recipe.data.load_options()
    if options["image_size"] is None:  # where a recipe is silent, images are made to fit the model
        options["image_size"] = model.image_shape[:2]
    if options["channels"] is None:
        options["channels"] = model.image_shape[2]
    options = {**options, "seed": recipe.seed, "first_epoch": first_epoch}
    if model.takes_pairs:
        return data.load_pairs(recipe.data.source, **options)
    return data.load(recipe.data.source, labels=model.takes_labels, **options)


def fit(model, run, data, step=0, verbose="auto"):
    """Trains to the recipe's last epoch from step number `step` on; `data` begins with epoch 0."""
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
    """Guard, logs, pictures and checkpoint, in the order in which they must see an epoch end."""
    import keras

    from keras_genzoo import callbacks

    made = [
        callbacks.StopOnDivergence(step),
        # The log comes before the checkpoint: a row too many is removed on resume, a row too few is lost.
        callbacks.EpochLog(run.log),
        keras.callbacks.TensorBoard(run.folder / "tensorboard", write_graph=False),
    ]
    if hasattr(model, "generate"):
        made.append(callbacks.SampleGrid(run.samples))
    if hasattr(model, "translate"):
        made.append(callbacks.TranslationGrid(run.samples, images_to_translate(run.recipe, model, 12)))
    return [*made, callbacks.Checkpoint(run.checkpoints, step)]


def _release(callbacks):
    """Closes what callbacks hold open where `fit` was left by an exception."""
    for callback in callbacks:
        with contextlib.suppress(Exception):
            callback.on_train_end()


def finish(model, run, evaluate=True):
    """Draws the losses, writes the preset, measures it as it was stored, and writes its card."""
    plots.save_loss_plot(run.log, run.folder / "loss.png")
    recipe = run.recipe
    card = make_card(run)
    samples = None
    if hasattr(model, "translate"):  # the translations alone: a preset is passed on, and the data may not be
        images = images_to_translate(recipe, model, 16)
        samples = partial(translations, images=images)
    presets.save_preset(model, run.preset, card=card, half_precision=True, samples=samples, overwrite=True)
    if evaluate:
        stored = presets.load_model(recipe.model, run.preset)
        try:
            metrics = public_metrics(measure(stored, recipe))
        except (ValueError, OSError) as error:  # features that cannot be fetched, too few images: the weights stay
            warnings.warn(f"The preset is complete, but was not measured: {error}", stacklevel=2)
        else:
            presets.update_card(run.preset, {"metrics": metrics})
    return model, run.preset


def measure(model, recipe):
    """The metrics of a recipe's `evaluation` section: dict by name of value and protocol."""
    from keras_genzoo.metrics import evaluate

    config = recipe.evaluation
    settings = {key: value for key, value in dataclasses.asdict(config).items() if key != "metrics"}
    options = recipe.data.matched_options()
    return evaluate(model, recipe.data.source, list(config.metrics) or None, data_options=options, **settings)


def data_of(preset, data=None):
    """Source and options of the data that a preset was trained on: from the run that it lies in, else from its card.

    Args:
        preset: Name or folder of a preset, or name of a model.
        data: Another source to take; where it bears the same name, the options go with it: `npz:/data/emoji.npz` for
            the `npz:emoji.npz` of a card.
    """
    path = Path(preset).absolute().parent / "recipe.yaml"
    if path.is_file():
        config = load_recipe(path).data
    elif preset in registry.list_models():
        config = DataConfig()
    else:
        stored = presets.card(preset).get("recipe", {}).get("data", {})
        known = {field.name for field in dataclasses.fields(DataConfig)}
        config = DataConfig(**{key: value for key, value in stored.items() if key in known})
    if data is None or public_source(data) == public_source(config.source):
        return config.source if data is None else data, config.matched_options()
    return data, {}


def last_checkpoint(folder):
    """Path of the newest checkpoint in a run folder, or `None`."""
    from keras_genzoo.callbacks.checkpoint import list_checkpoints

    found = list_checkpoints(Path(folder) / "checkpoints")
    return found[-1] if found else None
