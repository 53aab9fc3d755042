"""From the names on a command line to models and recipes, and the consoles that the commands print on."""

from pathlib import Path

from rich.console import Console

from keras_genzoo import presets, recipes, registry
from keras_genzoo.quiet import quiet_stderr

console = Console()
errors = Console(stderr=True)


def start_tensorflow():
    """Imports TensorFlow without the messages of its start, which are not for users of this command."""
    with console.status("Starting TensorFlow"), quiet_stderr():
        import tensorflow  # noqa: F401


def recipe_for(name, data, epochs, weights, settings, out, resume):
    """The recipe of a `train` call with its overrides, and the run folder."""
    overrides = [*(settings or [])]
    changes = {}
    if data is not None:
        changes["data.source"] = data
    if weights is not None:
        changes["weights"] = weights
    stored = Path(out if out is not None else Path("runs") / Path(name).stem) / "recipe.yaml"
    if resume and stored.is_file():  # as it was run, with the settings of then
        recipe = recipes.load_recipe(stored)
    elif name in registry.list_models():
        recipe = recipes.Recipe(name, name=name)
    elif name in recipes.list_recipes() or name.endswith((".yaml", ".yml")):
        recipe = recipes.load_recipe(name)
    else:
        valid = recipes.list_recipes() + registry.list_models()
        raise ValueError(f"Expected a recipe or a model; {registry.nearest(name, valid)} Received: {name!r}")
    out = Path(out) if out is not None else Path("runs") / recipe.name
    if epochs is not None:  # a run that goes on keeps the schedule that it began with
        recipe = recipe.override({"epochs": epochs}) if resume else recipe.with_epochs(epochs)
    return recipe.override(changes).override(overrides), out


def load_named(name, weights=None):
    """A model from a preset's name or folder, a run folder, a `.keras` file, or a model's name and `weights`."""
    if weights is None and name.endswith(".keras"):
        start_tensorflow()
        return registry.load(name)
    if weights is None and (Path(name) / "recipe.yaml").is_file():
        return _load_run(Path(name))
    if weights is None and (name in presets.list_presets() or (Path(name) / presets.CONFIG).is_file()):
        folder = Path(name) if (Path(name) / presets.CONFIG).is_file() else presets.bundled_folder(name)
        start_tensorflow()
        return registry.build(presets.read_config(folder)["model"], weights=name)
    if weights is not None:
        registry.check_name(name)
    if name not in registry.list_models():
        valid = presets.list_presets() + registry.list_models()
        raise ValueError(
            f"Expected a preset, a model, a run's folder or a .keras file; {registry.nearest(name, valid)}"
            f" Received: {name!r}"
        )
    start_tensorflow()
    if weights is None:
        errors.print(f"{name} has random weights: name a preset, or give --weights.", style="yellow", highlight=False)
    return registry.build(name, weights=weights)


def _load_run(folder):
    """The model of a run folder: its preset where the run has ended, else its last checkpoint."""
    if (folder / "preset" / presets.CONFIG).is_file():
        return load_named(str(folder / "preset"))
    start_tensorflow()
    from keras_genzoo import training

    checkpoint = training.last_checkpoint(folder)
    if checkpoint is None:
        raise ValueError(f"Expected a run with a preset or a checkpoint. Received: {str(folder)!r}, which has neither")
    return registry.load(checkpoint)


def preset_of(name, weights=None):
    """Name or folder of the preset behind what `load_named` gives; `None` where there is no card."""
    for candidate in [name, str(Path(name, "preset"))] if weights is None else [f"{name}_{weights}", weights]:
        if candidate in presets.list_presets() or (Path(candidate) / presets.CONFIG).is_file():
            return candidate
    return None
