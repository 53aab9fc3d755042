"""The run folder of a training: its files, how a run starts, and how it is resumed."""

import dataclasses
import os
import warnings
from pathlib import Path

from keras_genzoo.recipes import load_recipe


class Run:
    """A run folder and its recipe.

    Args:
        folder: The run folder; created by `start` if it does not exist.
        recipe: `Recipe`; `None` reads it from the folder.

    Raises:
        ValueError: If no recipe is given and the folder has none.
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
        """Creates the folder and writes the recipe; a folder that is not empty is refused unless the run is resumed."""
        if self.folder.exists() and any(self.folder.iterdir()) and not resume:
            raise ValueError(
                f"Expected a new or empty run folder: choose another with --out, or continue with --resume. "
                f"Received: {os.fspath(self.folder)!r}, which is not empty"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        scratch = self.folder / ".recipe.yaml.part"
        scratch.write_text(self.recipe.to_yaml(), encoding="utf-8")
        os.replace(scratch, self.recipe_path)

    def check_unchanged(self):
        """Raises `ValueError` if the recipe differs from that of the run in what a checkpoint depends on."""
        new, old = (_settled(recipe.to_dict()) for recipe in (self.recipe, load_recipe(self.recipe_path)))
        for key, value in new.items():
            if value != old[key]:
                raise ValueError(
                    f"Expected {key}={old[key]!r}, as the run in {os.fspath(self.folder)!r} began, to resume it. "
                    f"Received: {key}={value!r}"
                )

    def with_its_classes(self):
        """The recipe with the number and names of classes that the run began with, if the recipe gives none."""
        stored, given = load_recipe(self.recipe_path).args, self.recipe.args
        missing = [key for key in ("num_classes", "class_names") if given.get(key) is None and key in stored]
        return dataclasses.replace(self.recipe, args={**given, **{key: stored[key] for key in missing}})

    def restore(self):
        """The newest undamaged checkpoint as `(model, number of steps)`; `(None, 0)` without one."""
        from keras_genzoo.building import load
        from keras_genzoo.callbacks.checkpoint import checkpoint_step, list_checkpoints

        for path in reversed(list_checkpoints(self.checkpoints)):
            try:
                return load(path), checkpoint_step(path)
            except (ValueError, OSError, KeyError) as error:
                warnings.warn(f"{path.name} is damaged and is skipped: {error}", stacklevel=2)
        return None, 0

    def wall_time(self):
        """Seconds of training so far, according to the log."""
        from keras_genzoo.callbacks.epoch_log import read_log

        return sum(row["seconds"] for row in read_log(self.log))


def _settled(values):
    """The settings of a recipe that a checkpoint depends on: not epochs, evaluation and the location of the data."""
    free = ("source", "source_b", "data_dir", "cache", "title", "license")
    data = {f"data.{key}": value for key, value in values["data"].items() if key not in free}
    return {key: values[key] for key in ("model", "args", "dtype", "optimizers", "weights", "seed")} | data


def last_checkpoint(folder):
    """Path of the newest checkpoint of a run folder, or `None`."""
    from keras_genzoo.callbacks.checkpoint import list_checkpoints

    found = list_checkpoints(Path(folder) / "checkpoints")
    return found[-1] if found else None
