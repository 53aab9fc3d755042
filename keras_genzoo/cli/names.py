"""Models and recipes by their names on the command line, and the consoles for output."""

from pathlib import Path

from rich.console import Console

from keras_genzoo import building, presets, recipes, registry
from keras_genzoo.utils.quiet import quiet_stderr
from keras_genzoo.utils.text import nearest

console = Console()
errors = Console(stderr=True)


def start_tensorflow():
    """Imports TensorFlow without its start-up messages."""
    with console.status("Starting TensorFlow"), quiet_stderr():
        import tensorflow  # noqa: F401


def recipe_for(name, data, epochs, weights, settings, out, resume):
    """Recipe with overrides, and run folder, of a `train` command."""
    overrides = [*(settings or [])]
    changes = {}
    if data is not None:
        changes["data.source"] = data
    if weights is not None:
        changes["weights"] = weights
    stored = Path(out if out is not None else Path("runs") / Path(name).stem) / "recipe.yaml"
    if resume and stored.is_file():  # with the settings of the run
        recipe = recipes.load_recipe(stored)
    elif name in registry.list_models():
        recipe = recipes.Recipe(name, name=name)
    elif name in recipes.list_recipes() or name.endswith((".yaml", ".yml")):
        recipe = recipes.load_recipe(name)
    else:
        valid = recipes.list_recipes() + registry.list_models()
        raise ValueError(f"Expected a recipe or a model; {nearest(name, valid)} Received: {name!r}")
    out = Path(out) if out is not None else Path("runs") / recipe.name
    if epochs is not None:  # a resumed run keeps its learning rate schedule
        recipe = recipe.override({"epochs": epochs}) if resume else recipe.with_epochs(epochs)
    return recipe.override(changes).override(overrides), out


def load_named(name, weights=None):
    """A model from a preset (name or folder), a run folder, a `.keras` file, or the name of a model and `weights`."""
    if weights is None and name.endswith(".keras"):
        start_tensorflow()
        return building.load(name)
    if weights is None and (Path(name) / "recipe.yaml").is_file():
        return _load_run(Path(name))
    if weights is None and (name in presets.list_presets() or (Path(name) / presets.CONFIG).is_file()):
        folder = Path(name) if (Path(name) / presets.CONFIG).is_file() else presets.bundled_folder(name)
        start_tensorflow()
        return building.build(presets.read_config(folder)["model"], weights=name)
    if weights is not None:
        registry.check_name(name)
    if name not in registry.list_models():
        valid = presets.list_presets() + registry.list_models()
        raise ValueError(
            f"Expected a preset, a model, a run folder or a .keras file; {nearest(name, valid)} Received: {name!r}"
        )
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
    """Name or folder of the preset that `load_named` loads; `None` if it loads no preset."""
    for candidate in [name, str(Path(name, "preset"))] if weights is None else [f"{name}_{weights}", weights]:
        if candidate in presets.list_presets() or (Path(candidate) / presets.CONFIG).is_file():
            return candidate
    return None
