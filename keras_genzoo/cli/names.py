"""Models and recipes by their names on the command line, and the consoles for output."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from keras_genzoo import building, presets, recipes, registry
from keras_genzoo.presets.bundled import is_address
from keras_genzoo.utils.quiet import quiet_stderr
from keras_genzoo.utils.text import nearest

# Texts have names of the user in them, which are neither markup nor emoji: `folder:one:` is a folder.
console = Console(markup=False, emoji=False)
errors = Console(stderr=True, markup=False, emoji=False)
Weights = Annotated[str | None, typer.Option(help="Preset name, folder, .weights.h5, https:// or hf:// address.")]

SamplerName = Annotated[
    str | None, typer.Option("--sampler", help="Source of codes: prior, mixture, aggregate or two_stage.")
]


def sampler_options(model, sampler):
    """Keyword arguments of `generate` for `--sampler`; none if it is not given."""
    if sampler is None:
        return {}
    if not hasattr(model, "fit_sampler"):
        raise ValueError(f"Expected no --sampler: {model.model_name} has none. Received: {sampler!r}")
    model.code_source(sampler)  # a wrong name is an error now
    return {"sampler": sampler}


def say(text):
    """Prints a sentence as it is: a line that is broken within a path cannot be copied."""
    console.print(text, highlight=False, soft_wrap=True)


def warner():
    """A function in place of `warnings.showwarning`: each text once, as one line, without the line of code."""
    shown = set()

    def show(message, category, filename, lineno, file=None, line=None):
        text = " ".join(str(message).split())
        if text not in shown:
            shown.add(text)
            errors.print(f"Warning: {text}", style="yellow", highlight=False, markup=False, soft_wrap=True)

    return show


def start_tensorflow():
    """Imports TensorFlow without its start-up messages."""
    with console.status("Starting TensorFlow"), quiet_stderr():
        import tensorflow  # noqa: F401


def recipe_for(name, changes, epochs, settings, out, resume):
    """Recipe with overrides, and run folder, of a `train` command.

    Args:
        name: Recipe or model.
        changes: Dict of values by key of the recipe; `None` changes nothing.
        epochs: Value of `--epochs`, or `None`.
        settings: Strings `key=value`.
        out: Value of `--out`, or `None`.
        resume: Whether the run in the folder is to be continued.

    Returns:
        Tuple of the `Recipe` and the path of the folder.
    """
    recipe = _named_recipe(name)
    out = Path(out) if out is not None else Path("runs") / recipe.name
    if resume:  # with the settings of the run
        recipe = _recipe_of_run(out, name, recipe)
    given = {"epochs": epochs, **changes}
    given = {key: value for key, value in given.items() if value is not None}
    pairs = [recipes.parse_setting(text) for text in settings or []]
    recipes.check_settings([*given, *(key for key, _ in pairs)])
    given |= {key.removeprefix("args."): value for key, value in pairs}
    if resume:  # the data of a run may be elsewhere, but they are the same
        texts = {"data.title": recipe.data.title, "data.license": recipe.data.license}
        given = {**texts, "description": recipe.description, **given}
    name = registry.plain_name(name)
    if name in registry.list_models() and not resume and not {"data", "data.source"} & set(given):
        told = "Data: the digits of scikit-learn. --data takes others: a folder, npz:PATH, tfds:NAME."
        say(told)
    if "epochs" in given and not resume:  # a resumed run keeps its learning rate schedule
        recipe = recipe.with_epochs(given.pop("epochs"), given)
    return recipe.override(given), out


def _named_recipe(name):
    name = registry.plain_name(name)
    if name in registry.list_models():
        return recipes.Recipe(name, name=name, dtype="auto")
    if name in recipes.list_recipes() or name.endswith((".yaml", ".yml")):
        return recipes.load_recipe(name)
    valid = recipes.list_recipes() + registry.list_models()
    raise ValueError(f"Expected a recipe or a model; {nearest(name, valid)} Received: {name!r}")


def _recipe_of_run(out, name, named):
    """The recipe in the run folder `out`; raises `ValueError` unless it is a run of the recipe or model `name`."""
    from keras_genzoo.training import Run

    run = Run(out, named)
    if not run.exists:
        raise ValueError(f"Expected a run to resume. Received: {str(out)!r}, a folder without a run")
    stored = run.stored_recipe()
    same_recipe = name in registry.list_models() or stored.name in ("", named.name)
    if named.model != stored.model or not same_recipe:
        raise ValueError(
            f"Expected the recipe or the model of the run in {str(out)!r}, {stored.name or stored.model!r} "
            f"(model {stored.model}), to resume it. Received: {name!r}"
        )
    return stored


def load_named(name, weights=None):
    """A model from a preset (name or folder), a run folder, a `.keras` file, or the name of a model and `weights`."""
    name = registry.plain_name(name)
    if weights is None and name.endswith(".keras"):
        start_tensorflow()
        return building.load(name)
    bundled = weights is None and presets.is_bundled(name)
    if weights is None and (Path(name) / "recipe.yaml").is_file():
        return _load_run(Path(name))
    if bundled or (weights is None and (Path(name) / presets.CONFIG).is_file()):
        folder = presets.bundled_folder(name) if bundled else Path(name)
        start_tensorflow()
        return building.build(presets.read_config(folder)["model"], weights=folder)
    if weights is not None:
        registry.check_name(name)
    if name not in registry.list_models():
        valid = presets.list_presets() + registry.list_models()
        hint = "an address is the value of --weights." if is_address(name) else nearest(name, valid)
        raise ValueError(f"Expected a preset, a model, a run folder or a .keras file; {hint} Received: {name!r}")
    start_tensorflow()
    if weights is None:
        errors.print(f"{name} has random weights: use a preset or --weights.", style="yellow", highlight=False)
    return building.build(name, weights=weights)


def _load_run(folder):
    """The model of a run folder: from its preset, or from its last checkpoint if the run has not ended."""
    if (folder / "preset" / presets.CONFIG).is_file():
        return load_named(str(folder / "preset"))
    start_tensorflow()
    from keras_genzoo import training

    checkpoint = training.last_checkpoint(folder)
    if checkpoint is None:
        raise ValueError(f"Expected a run with a preset or a checkpoint. Received: {str(folder)!r}")
    return building.load(checkpoint)


def preset_of(name, weights=None):
    """Folder of the preset that `load_named` loads, as text; `None` if it loads none."""
    name = registry.plain_name(name)
    if weights is not None:
        folder = presets.locate(name, weights)
    else:
        folder = presets.bundled_folder(name) if presets.is_bundled(name) else Path(name)
        folder = folder / "preset" if not (folder / presets.CONFIG).is_file() else folder
    return str(folder) if (folder / presets.CONFIG).is_file() else None
