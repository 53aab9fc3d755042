"""Real images for evaluation, validation and the grids of translators, and the data set of a preset."""

import dataclasses
import warnings
from pathlib import Path

import numpy as np

from keras_genzoo import presets, registry
from keras_genzoo.data.views import public_source
from keras_genzoo.recipes import DataConfig, load_recipe


def with_existing_split(recipe, warn=False):
    """The recipe, evaluated on a split that the source has; with `warn`, a warning says if that is another one."""
    from keras_genzoo.data.sides import split_of_first_domain
    from keras_genzoo.data.sources import existing_split, found_split
    from keras_genzoo.data.split_names import split_domain, split_kind
    from keras_genzoo.data.splits import parse_split

    split, options = recipe.evaluation.split, recipe.data.array_options()
    options.pop("label_key", None)
    found = existing_split(recipe.data.source, split, **options)
    name = parse_split(found)[0]
    if recipe.data.source_b == recipe.data.source and split_domain(name):  # `valA`: that of both domains is meant
        found = split_kind(name) + found.strip().removeprefix(name)
    if found == split:
        # Raises now, not after hours of training.
        found_split(recipe.data.source, split_of_first_domain(recipe.data, split), **options)
        return recipe
    trained = split_kind(parse_split(found)[0]) == split_kind(parse_split(recipe.data.split)[0])
    found = recipe.data.split if trained else found
    if warn:
        warnings.warn(
            f"Evaluation uses the split {found!r} of {recipe.data.source}, which has no split {split!r}"
            + (": these are the images of the training" if trained else ""),
            stacklevel=2,
        )
    return recipe.override({"evaluation.split": found})


def check_validation(config):
    """Raises `ValueError` if the validation split of a `data` section shares images with the split for training."""
    from keras_genzoo.data.disjoint import check_disjoint
    from keras_genzoo.data.sides import both_sides, split_of_first_domain

    validation = config.for_validation()
    options = config.array_options()
    splits = (split_of_first_domain(config, each.split) for each in (config, validation))
    check_disjoint(config.source, *splits, config.limit, **options)
    if config.has_second_domain:
        second = (config.image_key, config.image_key_b)
        trained, held = (
            both_sides(each.source, each.source_b, each.split, each.split_b, *second)[1]
            for each in (config, validation)
        )
        options = {"data_dir": config.data_dir, "image_key": trained["image_key"]}
        check_disjoint(trained["source"], trained["split"], held["split"], config.limit, **options)


def shown_translations(recipe, model):
    """What the pictures of a training show: arguments of `TranslationGrid`.

    Args:
        recipe: `Recipe`.
        model: The translator.

    Returns:
        Dict of `images` by direction and, of signals whose domains are matched, of `targets`, which belong to them.
    """
    from keras_genzoo.metrics.reference import load_images

    if model.values.are_images or not (getattr(model.data_kind, "paired", False) or recipe.data.paired):
        return {"images": images_to_translate(recipe, model, 12 if model.values.are_images else 6)}
    found = with_existing_split(recipe)
    options = found.data.matched_options()
    found = load_images(found.data.source, model.image_shape, 6, found.evaluation.split, options=options)
    domains = {"a": found["images"], "b": found["target"]}
    return {
        "images": {direction: domains[direction.source] for direction in model.directions},
        "targets": {direction: domains[direction.target] for direction in model.directions},
    }


def images_to_translate(recipe, model, num):
    """Images of the evaluation split for each direction of a translator, always the same ones.

    Args:
        recipe: `Recipe`.
        model: The translator.
        num: Number of images of each domain, at least 1; fewer if the split has fewer. If the domains are matched, so
            are these images.

    Returns:
        Dict of uint8 images `(n, height, width, channels)`, or of signals, by direction.
    """
    from keras_genzoo.data.sides import both_sides
    from keras_genzoo.data.split_names import split_domain
    from keras_genzoo.data.splits import parse_split
    from keras_genzoo.metrics.reference import load_images

    found = with_existing_split(recipe)
    split, data = found.evaluation.split, found.data
    options = data.array_options()
    options.pop("label_key", None)
    key = options.pop("image_key", None)
    split_b = data.split_b
    if split_b is not None and split_domain(parse_split(split_b)[0]) and not split_domain(parse_split(split)[0]):
        split_b = None  # trainB, beside which images for testing are in testA and testB
    first, second = both_sides(data.source, data.source_b, split, split_b, key, data.image_key_b)
    images = {}
    for domain, side in (("a", first), ("b", second)):
        where = {**options, "image_key": side["image_key"]}
        images[domain] = load_images(side["source"], model.image_shape, num, side["split"], options=where)["images"]
    return {direction: images[direction.source] for direction in model.directions}


def translations(model, images):
    """Translations of images, one direction after the other, without the images themselves.

    Args:
        model: The translator.
        images: Dict by direction, as returned by `images_to_translate`.

    Returns:
        uint8 array of all translations.
    """
    return np.concatenate([model.translate(batch, direction) for direction, batch in images.items()])


def features_of(preset, data=None):
    """Name of the features in which the metrics of a preset are stated; `None` for other data than the preset's."""
    return _recipe_of(preset).get("evaluation", {}).get("features") if is_data_of(preset, data) else None


def data_of(preset, data=None):
    """Source and options of the data that a preset was trained on, from its run folder or else from its card.

    The card of a bundled preset names a file; the source is that of the recipe of the same name, which can be loaded.

    Args:
        preset: Name or folder of a preset, run folder, path of a `.keras` file, or name of a model.
        data: Another source. If it has the same name as the preset's, the options apply to it as well:
            `npz:/data/emoji.npz` for the `npz:emoji.npz` of a card.

    Returns:
        Tuple of the source and a dict of options, as `evaluate` takes them.

    Raises:
        ValueError: If `data` is not given for a file, which does not say what it was trained on.
    """
    if data is None and str(preset).endswith(".keras"):
        raise ValueError(f"Expected --data: a .keras file has no card that names its data. Received: {preset!r}")
    if not is_data_of(preset, data):
        return data, {}
    config = config_of(preset)
    source = _sources(preset)[0] if data is None else data
    second = {"source_b": source} if config.source_b == config.source else {}  # one folder of both domains
    return source, {**config.matched_options(), **second}


def is_data_of(preset, data):
    """Whether a source, or `None` for the preset's own, has the name of the data that a preset was trained on."""
    return data is None or public_source(data) in map(public_source, _sources(preset))


def _sources(preset):
    """Names of the data of a preset; of a bundled one, that of its recipe first."""
    bundled = presets.bundled_name(preset)
    own = [load_recipe(bundled).data.source] if bundled else []
    return [*own, config_of(preset).source]


def config_of(preset):
    """The `data` section of what a preset was trained with, from its run folder or else from its card."""
    return DataConfig(**_recipe_of(preset).get("data", {}))


def _recipe_of(preset):
    """What is known of the recipe of a run, preset, file or model, as a dict of sections."""
    folder = Path(preset).absolute()
    runs = [folder, folder.parent] if folder.name == "preset" else [folder]
    for run in runs if presets.bundled_name(preset) is None else ():
        if (run / "recipe.yaml").is_file():
            recipe = load_recipe(run / "recipe.yaml")
            return {"data": vars(recipe.data), "evaluation": vars(recipe.evaluation)}
    if str(preset) in registry.list_models() or folder.suffix == ".keras":
        return {}
    stored = presets.card(preset).get("recipe", {})
    known = {field.name for field in dataclasses.fields(DataConfig)}
    return stored | {"data": {key: value for key, value in stored.get("data", {}).items() if key in known}}
