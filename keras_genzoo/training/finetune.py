"""The recipe of a fine-tuning: a preset, other images, and defaults that suit few of them."""

import dataclasses
import os
import shutil
from pathlib import Path

from keras_genzoo import building, presets, registry
from keras_genzoo.recipes import DataConfig, Recipe, StoppingConfig
from keras_genzoo.recipes.optimizers import completed, first_rate, has_schedule
from keras_genzoo.training.epoch_length import images_per_epoch
from keras_genzoo.training.run import Run, check_new_folder, last_checkpoint
from keras_genzoo.training.train import train
from keras_genzoo.utils.checks import check_at_least, check_flag
from keras_genzoo.utils.text import shown

STEPS = 2000  # of a fine-tuning whose epochs are not given
BATCH = 32  # images for each update of a discriminator
EPOCH = 100  # steps: what is done after each epoch, such as a grid of samples, takes about a second
FEW = 5000  # images, below which a discriminator sees augmented ones
MEASUREMENTS = 20  # of the metric that may stop it
ENDING = ("cosinedecay", "polynomialdecay")  # schedules that end with the training
EMA_DECAY = 0.99  # follows the weights within a minute
OF_DATA = ("num_classes", "class_names", "dataset_size")
# Settings that are arguments of their own, by the argument; both together would contradict each other.
ARGUMENTS = {
    "epochs": "epochs",
    "freeze": "freeze",
    "weights": "parent",
    "transfer": "parent",
    "model": "parent",
    "data.source": "data",
}


def finetune(parent, data, out, *, settings=None, resume=False, verbose="auto", evaluate=True, **options):
    """Trains a preset, or a model, on other images, and writes a run folder as `keras_genzoo.train` does.

    The parent is not changed. The card of the new preset names it, with the SHA-256 of its weights. See
    `keras_genzoo.training.finetune_recipe` for the defaults.

    Args:
        parent: Name or folder of a preset, or a model of the zoo, which is first written as a preset beside the run
            folder, as `<out>_parent`.
        data: Source of the images, as for `keras_genzoo.data.load`: `"folder:my_pictures"`, or the path of a folder.
        out: The run folder.
        settings: Dict of further settings, as for `Recipe.override`: `{"image_shape": [32, 32, 3]}` keeps the layers
            that match.
        resume: As for `train`; `epochs` may differ, and the rates keep the schedules that the run began with.
        verbose: As for `train`.
        evaluate: As for `train`.
        **options: `epochs`, `batch_size`, `freeze`, `title` and `early_stop` of `finetune_recipe`.

    Returns:
        Tuple `(model, folder of the preset)`.

    Raises:
        ValueError: As `finetune_recipe` and `train`.

    Example:

    >>> import tempfile, keras_genzoo
    >>> out = tempfile.mkdtemp()
    >>> settings = {"data.limit": 64}
    >>> options = dict(epochs=1, settings=settings, verbose=0, evaluate=False)
    >>> model, preset = keras_genzoo.finetune("gan_mnist", "digits", out, **options)
    >>> keras_genzoo.presets.card(preset)["parent"]["name"]
    'gan_mnist'
    """
    check_new_folder(out, resume)
    data = os.fspath(data) if isinstance(data, os.PathLike) else data
    if not isinstance(data, str):
        raise ValueError(f"Expected data as a source, such as 'folder:my_pictures'. Received: {shown(data)}")
    if isinstance(parent, (str, os.PathLike)):
        recipe = _recipe(parent, data, settings=settings, **options)
        return train(with_schedules_of_run(recipe, out), out, resume, verbose, evaluate)
    if not hasattr(parent, "save_to_preset"):
        raise ValueError(f"Expected a preset or a model of the zoo. Received: {shown(parent)}")
    written = Path(out).absolute().with_name(f"{Path(out).name}_parent")
    kept, trained = resume and written.is_dir(), last_checkpoint(out)
    folder = written if kept else parent.save_to_preset(written)
    try:
        recipe = _recipe(folder, data, model=parent, settings=settings, **options)
        return train(with_schedules_of_run(recipe, out), out, resume, verbose, evaluate)
    except Exception:
        if not kept and last_checkpoint(out) == trained:  # nothing has been trained that would need it
            shutil.rmtree(written)
        raise


def finetune_recipe(parent, data, epochs=None, batch_size=None, freeze=(), title="", early_stop=True, settings=None):
    """The recipe that trains a preset on other images, for `keras_genzoo.train`.

    Images are scaled and cropped to the size and the channels of the parent, unless `settings` has another
    `image_shape`: layers that match are kept then. Classes are those of the data. An epoch has about 100 steps, or
    more: few images come several times in each (`data.repeat`). Batches are full, so that those of batch
    normalization are alike: the images that are left over of an epoch are others each time. Learning rates are
    those that the parent's training began with, and fall to a tenth: `transfer` makes pretrained kernels as quick
    to learn as new ones. With fewer than 5,000 images, GANs of images get adaptive augmentations. The average of
    the weights follows within a hundred steps. Samplers of codes are those of the parent, with at most a component
    of a mixture for ten images. A metric is measured after each epoch, of many epochs about 20 times, on 500 images
    of the split for testing, or of the only split there is; the weights of its best value are kept, and half of the
    measurements without a better one end the training.

    Args:
        parent: Name or folder of a preset.
        data: Source of the images, as for `keras_genzoo.data.load`.
        epochs: Number of epochs; `None` for about 2,000 steps.
        batch_size: Images in a batch, at least 1; `None` for 32, times `d_steps` of a model that has these.
        freeze: Parts of networks that are not trained, as in `keras_genzoo.freeze`.
        title: Title of the data for the card.
        early_stop: Whether a metric is measured, the best weights are kept, and the training may end early.
        settings: Dict of further settings, as for `Recipe.override`.

    Returns:
        The `Recipe`.

    Raises:
        ValueError: If there is no such preset, there are fewer than two images, an argument is of a wrong type, or a
            setting is one of the arguments.

    References:
        Zhao et al., 2020, https://arxiv.org/abs/2006.10738, and Karras et al., 2020, https://arxiv.org/abs/2006.06676,
        for few images.

    Example:

    >>> recipe = finetune_recipe("dcgan_mnist", "digits", freeze=("discriminator[:1]",))
    >>> recipe.weights, recipe.epochs, recipe.args["augmentation_target"]
    ('dcgan_mnist', 22, 0.6)
    """
    return _recipe(parent, data, epochs, batch_size, freeze, title, early_stop, settings)


def _recipe(
    parent, data, epochs=None, batch_size=None, freeze=(), title="", early_stop=True, settings=None, model=None
):
    """See `finetune_recipe`; `model` is that of the parent where it is at hand."""
    if batch_size is not None:
        check_at_least(1, batch_size=batch_size)
    check_flag(early_stop=early_stop)
    if not isinstance(freeze, (list, tuple)):
        raise ValueError(f"Expected freeze as a list of parts, such as ['discriminator[:1]']. Received: {freeze!r}")
    settings = _checked_settings(settings or {}, batch_size, title)
    folder = presets.find(parent)
    name = presets.read_config(folder)["model"]
    stored = presets.stored_arguments(name, folder)
    args = {key: value for key, value in stored.items() if key not in (*OF_DATA, "seed", "dtype", "name")}
    begun = _with_batch_size(Recipe(name, args=args, data=DataConfig(data, title=title)), batch_size, settings)
    # What else the settings change may need the rest of the recipe.
    wanted = begun.override({key: value for key, value in settings.items() if key.startswith("data.")})
    image_shape = _image_shape(name, settings, stored)
    number = images_per_epoch(building.model_class(name).data_kind, wanted.data, image_shape)
    if number < 2:
        raise ValueError(f"Expected at least two images to fine-tune on. Received: {number} in {data!r}")
    config, steps = _full_epochs(begun.data, wanted.data, number, "data.repeat" in settings)
    epochs = max(1, round(STEPS / steps)) if epochs is None else epochs
    optimizers = _optimizers_of(model, folder)
    updates = {key: steps * epochs * (begun.d_steps if key == "d_optimizer" else 1) for key in optimizers}
    recipe = dataclasses.replace(
        begun,
        args=args | _shrunk(begun, optimizers, updates) | _of_few_images(name, number, image_shape, args),
        optimizers={key: falling(spec, updates[key]) for key, spec in optimizers.items()},
        data=config,
        dtype="auto",
        epochs=epochs,
        weights=str(parent),
        transfer=True,
        freeze=tuple(freeze),
        stopping=_stopping(epochs) if early_stop else StoppingConfig(),
        name=f"{name}_finetuned",
        description=f"{name}, fine-tuned from {parent}.",
    )
    return recipe.override({"data.title": title, "description": recipe.description, **settings})


def _image_shape(name, settings, stored):
    """The shape of the images of a fine-tuning: of the settings, which are checked here, or of the parent."""
    shape = settings.get("args.image_shape", settings.get("image_shape", stored["image_shape"]))
    return registry.describe(name).arguments["image_shape"].check(shape)


def _with_batch_size(recipe, batch_size, settings):
    """A recipe with a batch size, by default `BATCH` for each update that a step makes with the settings."""
    d_steps = recipe.override({key: settings[key] for key in ("d_steps", "args.d_steps") if key in settings}).d_steps
    return recipe.override({"data.batch_size": batch_size or BATCH * d_steps})


def _checked_settings(settings, batch_size, title):
    """Settings by dotted keys, without sections; or raises `ValueError` for one that is an argument, too."""
    for name in ("data", "args"):
        if isinstance(section := settings.get(name), dict):
            settings = {key: value for key, value in settings.items() if key != name}
            settings |= {f"{name}.{key}": value for key, value in section.items()}
    taken = dict(ARGUMENTS)
    taken |= {"data.batch_size": "batch_size"} if batch_size is not None else {}
    taken |= {"data.title": "title"} if title else {}
    for key in settings:
        if key in taken:
            raise ValueError(
                f"Expected {taken[key]} as an argument of its own, and not among the settings. "
                f"Received: {key}={settings[key]!r} there"
            )
    return settings


def _of_few_images(name, number, image_shape, begun):
    """Arguments that suit `number` images; a component of a mixture has at least ten of them, if there are as many."""
    known = registry.describe(name).arguments
    args = {"ema_decay": EMA_DECAY} if "ema_decay" in known else {}
    if "augmentation_target" in known and number < FEW and len(image_shape) == 3:
        colour = ["color"] if image_shape[2] == 3 else []
        args |= {"augmentations": [*colour, "translation", "cutout"], "augmentation_target": 0.6}
    if samplers := begun.get("samplers"):
        most = {"mixture": max(1, number // 10), "aggregate": number}
        args["samplers"] = {kind: min(size, most.get(kind, size)) for kind, size in samplers.items()}
    return args


def _full_epochs(config, wanted, number, repeat_given):
    """The data of a recipe with long epochs of full batches, and the steps of an epoch, for `number` images.

    Args:
        config: `DataConfig` without the settings.
        wanted: The same with them.
        number: Number of images.
        repeat_given: Whether the settings have `repeat`.
    """
    repeat = wanted.repeat if repeat_given else max(1, round(EPOCH * wanted.batch_size / number))
    full = wanted.batch_size <= number * repeat
    steps = max(1, number * repeat // wanted.batch_size)
    return dataclasses.replace(config, repeat=repeat, drop_remainder=full), steps


def _optimizers_of(model, folder):
    """Optimizers for a recipe: of that of the preset, of a model that is compiled, or those of its paper."""

    def compiled():
        return model if model is not None and model.compiled else building.from_preset(folder)

    given = presets.card(folder).get("recipe", {}).get("optimizers") or {}
    names = building.model_class(presets.read_config(folder)["model"]).optimizer_names
    return completed({name: given.get(name, {}) for name in names}, compiled)


def with_schedules_of_run(recipe, out):
    """The recipe of a fine-tuning that is resumed, for any number of epochs.

    Its rates, numbers of steps and measurements stay as the run in the folder `out` began with; an empty folder changes
    nothing.
    """
    run = Run(out, recipe)
    if not run.exists:
        return recipe
    begun = run.stored_recipe()
    steps = {key: begun.args[key] for key in recipe.stretched_args(1.0) if key in begun.args}
    optimizers = {key: _with_steps_of(spec, begun.optimizers.get(key)) for key, spec in recipe.optimizers.items()}
    measured = [each.stopping.metric is not None for each in (recipe, begun)]
    stopping = begun.stopping if all(measured) else recipe.stopping
    return dataclasses.replace(recipe, args=recipe.args | steps, optimizers=optimizers, stopping=stopping)


def _with_steps_of(spec, begun):
    if not (has_schedule(spec) and has_schedule(begun)) or "decay_steps" not in begun["learning_rate"]:
        return spec
    return {**spec, "learning_rate": spec["learning_rate"] | {"decay_steps": begun["learning_rate"]["decay_steps"]}}


def _stopping(epochs):
    every = max(1, round(epochs / MEASUREMENTS))
    return StoppingConfig("auto", every, max(1, epochs // every // 2))


def _shrunk(begun, optimizers, updates):
    """Dict of the arguments that are numbers of steps, for a shorter training.

    They shrink in proportion to the parent's training, whose length its schedules tell; and to half of the new one at
    most, so that what rises or falls within these steps is there, or gone, in the other half.
    """
    shares, half = [1.0], min(updates.values()) // 2
    for key, spec in optimizers.items():
        rate = spec["learning_rate"] if has_schedule(spec) else {}
        if str(rate.get("schedule")).replace("_", "").lower() in ENDING and rate.get("decay_steps"):
            shares.append(updates[key] / (rate["decay_steps"] + (rate.get("warmup_steps") or 0)))
    return {key: min(steps, half) for key, steps in begun.stretched_args(min(shares)).items()}


def falling(spec, steps):
    """An optimizer of a recipe with its first rate, which falls to a tenth of that along a cosine."""
    spec = {"name": spec} if isinstance(spec, str) else spec
    rate = dict(schedule="cosine_decay", initial_learning_rate=first_rate(spec), decay_steps=steps, alpha=0.1)
    return {**spec, "learning_rate": rate}
