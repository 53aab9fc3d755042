"""The run folder of a training: its files, how a run starts, and how it is resumed.

Each checkpoint keeps the recipe that the run began with and its number of steps per epoch. A run is resumed only with
the same ones: `recipe.yaml` may have been edited.
"""

import dataclasses
import os
import warnings
from pathlib import Path

from keras_genzoo import registry
from keras_genzoo.data.views import public_source, unviewed
from keras_genzoo.recipes import Recipe, load_recipe
from keras_genzoo.recipes.optimizers import filled
from keras_genzoo.training.real_images import with_existing_split
from keras_genzoo.utils.checkpoint_files import checkpoint_step, list_checkpoints, read_note
from keras_genzoo.utils.plain import plain


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
        self.class_names = None  # of the data
        self.data_marks = {}  # what tells the data from others
        self.parent = None  # of a recipe with weights, what a card says of them

    recipe_path = property(lambda self: self.folder / "recipe.yaml")
    log = property(lambda self: self.folder / "log.csv")
    samples = property(lambda self: self.folder / "samples")
    best = property(lambda self: self.folder / "best")
    checkpoints = property(lambda self: self.folder / "checkpoints")
    preset = property(lambda self: self.folder / "preset")

    # -- the folder -----------------------------------------------------------------------------------------------

    @property
    def exists(self):
        """Whether the folder holds a run, finished or not."""
        return self.recipe_path.is_file() or bool(list_checkpoints(self.checkpoints))

    def check_folder(self, resume):
        """Raises `ValueError` if a new run would meet files, or a resumed one files that are not of a run."""
        check_new_folder(self.folder, resume)
        if resume and not self.exists and self.folder.is_dir() and any(self.folder.iterdir()):
            folder = os.fspath(self.folder)
            raise ValueError(f"Expected a run to resume. Received: {folder!r}, a folder without a run")

    def start(self, resume):
        """Creates the folder and writes the recipe."""
        self.check_folder(resume)  # again: another training may have begun in the meantime
        self.folder.mkdir(parents=True, exist_ok=True)
        scratch = self.folder / ".recipe.yaml.part"
        scratch.write_text(self.recipe.to_yaml(), encoding="utf-8")
        os.replace(scratch, self.recipe_path)

    # -- how the run began ----------------------------------------------------------------------------------------

    def newest_note(self):
        """What the run began with, as its newest readable checkpoint states it, without importing Keras.

        Returns:
            Dict of `recipe`, and, if a checkpoint has them, `steps_per_epoch`, `epoch_seconds` and `class_names`; from
            recipe.yaml if there is no checkpoint yet, or only those of earlier versions; `None` for a folder without a
            run.
        """
        notes = map(read_note, reversed(list_checkpoints(self.checkpoints)))
        return next((note for note in notes if note), None) or self._stored()

    def _note_of(self, path):
        return read_note(path) or self._stored() or {"recipe": self.recipe.to_dict()}

    def _stored(self):
        return {"recipe": load_recipe(self.recipe_path).to_dict()} if self.recipe_path.is_file() else None

    def stored_recipe(self):
        """The recipe in the folder: recipe.yaml, or that of the newest checkpoint where the file is missing."""
        if self.recipe_path.is_file():
            return load_recipe(self.recipe_path)
        note = self.newest_note()
        return self.recipe if note is None else Recipe.from_dict(note["recipe"])

    def check_unchanged(self, note):
        """Raises `ValueError` if the recipe differs from that of the run in what its weights depend on."""
        if note is None:
            return
        begun = Recipe.from_dict(note["recipe"])
        new, old = _settled(self.continued(note)), _settled(begun)
        for key in dict.fromkeys([*old, *new]):
            was, now = (values.get(key, "not given") for values in (old, new))
            if was != now:
                raise ValueError(
                    f"Expected {key}={was!r}, as the run in {os.fspath(self.folder)!r} began, to resume it. "
                    f"Received: {key}={now!r}"
                )

    def check_model(self, model):
        """Raises `ValueError` if a checkpoint holds another model than the recipe says."""
        config = {"model": model.model_name, **model.get_config()}
        known = type(model).arguments()
        given = {key: known[key].check(value) for key, value in self.recipe.args.items()}
        wanted = {"model": self.recipe.model, **given, "dtype": self.recipe.dtype, "seed": self.recipe.seed}
        for key, value in wanted.items():
            if plain(config[key]) != plain(value):
                raise ValueError(
                    f"Expected {key}={config[key]!r}, as in the checkpoints of {os.fspath(self.folder)!r}, to resume "
                    f"the run. Received: {key}={value!r}"
                )

    def check_class_names(self, note, model, names):
        """Raises `ValueError` if the data of a run that is resumed has classes of other names than it began with.

        A run of earlier versions has no note of them; they are then those of the model.
        """
        self.class_names = None if names is None else list(names)
        begun = note.get("class_names", getattr(model, "class_names", None))
        if note and names is not None and begun is not None and list(begun) != self.class_names:
            raise ValueError(
                f"Expected data of the classes {', '.join(begun[:10])}, with which the run in "
                f"{os.fspath(self.folder)!r} began, to resume it. Received: {', '.join(names[:10])}"
            )

    def check_data(self, note, data):
        """Warns if the data of a run that is resumed are others than it began with.

        It is no error: another version of a decoder may round otherwise. Files that are read when they are needed are
        told apart by their number alone.
        """
        found = {key: getattr(data, key, None) for key in ("num_images", "fingerprint")}
        begun = {key: note[key] for key in found if note.get(key) is not None}
        self.data_marks = found | begun
        for key, was in begun.items():
            now = found[key]
            if now is not None and was != now:
                what = f"{was} and {now} images" if key == "num_images" else "other contents"
                warnings.warn(
                    f"The data are not those that the run in {os.fspath(self.folder)!r} began with ({what}); it goes "
                    "on with those of today, which is not what a run that never stopped would have seen.",
                    stacklevel=3,
                )
                return

    def continued(self, note):
        """The recipe with what the run found when it began, if the recipe leaves it open.

        These are the classes, the size and the dtype, the name of an optimizer, the domains of a folder, and a split in
        place of one that the data do not have.
        """
        recipe, begun = self.recipe, Recipe.from_dict(note["recipe"])
        if recipe.model == begun.model:
            found = ("num_classes", "class_names", "image_shape", "dataset_size")
            missing = [key for key in found if recipe.args.get(key) is None]
            args = {key: begun.args[key] for key in missing if begun.args.get(key) is not None}
            recipe = dataclasses.replace(recipe, args={**recipe.args, **args})
            if recipe.data.source_b is None and begun.data.source_b == begun.data.source:
                data = dataclasses.replace(recipe.data, source_b=recipe.data.source)  # both domains are in one folder
                recipe = dataclasses.replace(recipe, data=data)
        recipe = dataclasses.replace(recipe, optimizers=filled(recipe.optimizers, begun.optimizers))
        if recipe.stopping.metric is not None and recipe.evaluation.split != begun.evaluation.split:
            recipe = with_existing_split(recipe)
        return dataclasses.replace(recipe, dtype=begun.dtype) if recipe.dtype == "auto" else recipe

    def restore(self):
        """The model of the newest checkpoint that can be loaded, its number of steps, and what the run began with.

        Returns:
            Tuple `(model, step, note)`, `note` as by `newest_note`; `(None, 0, note)` if there is no checkpoint yet.

        Raises:
            ValueError: If there are checkpoints and none can be loaded.
        """
        from keras_genzoo.building import load

        failed = []
        for path in reversed(list_checkpoints(self.checkpoints)):
            try:
                model = load(path)
            except Exception as error:  # Keras raises many kinds of errors for a file that it cannot read
                failed.append(f"{path.name} ({' '.join(str(error).split()) or type(error).__name__})")
                warnings.warn(f"{path.name} is damaged and is skipped: {error}", stacklevel=2)
            else:
                return model, checkpoint_step(path), self._note_of(path)
        # A run that was killed in its first epoch has nothing to lose; the log is written before the checkpoint.
        if failed or self.preset.exists() or len(self.log_rows()) > 1:
            raise ValueError(
                f"Expected a checkpoint in {os.fspath(self.checkpoints)!r} that can be loaded, to resume the run. "
                f"Received: {'; '.join(failed) or 'none'}"
            )
        return None, 0, self._stored()

    # -- progress -------------------------------------------------------------------------------------------------

    def check_steps(self, note, step, steps_per_epoch):
        """Raises `ValueError` if the data or the number of epochs does not fit the steps that the run has taken."""
        was = note.get("steps_per_epoch", steps_per_epoch)
        if was != steps_per_epoch:
            raise ValueError(
                f"Expected data of {was} steps per epoch, as the run in {os.fspath(self.folder)!r} began, to resume "
                f"it. Received: {steps_per_epoch} steps per epoch"
            )
        if step > self.recipe.epochs * steps_per_epoch:
            raise ValueError(
                f"Expected epochs of at least {-(-step // steps_per_epoch)}, which the run in "
                f"{os.fspath(self.folder)!r} has trained. Received: epochs={self.recipe.epochs}"
            )

    def log_rows(self):
        """Rows of the log, one per epoch, as dicts."""
        from keras_genzoo.callbacks.epoch_log import read_log

        return read_log(self.log)

    def wall_time(self):
        """Seconds of training so far, according to the log."""
        return sum(row["seconds"] for row in self.log_rows())


def check_new_folder(folder, resume=False):
    """Raises `ValueError` if a run that is not resumed would meet files, or a folder of a run is a file."""
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"Expected a run folder. Received: {os.fspath(folder)!r}, which is a file")
    if not resume and folder.is_dir() and any(folder.iterdir()):
        raise ValueError(
            "Expected a new or empty run folder: choose another with --out, or continue with --resume. "
            f"Received: {os.fspath(folder)!r}, which is not empty"
        )


def _settled(recipe):
    """The settings that weights depend on, by dotted names: not epochs, calls, evaluation, validation, folders."""
    values = plain(recipe.to_dict())
    data = values["data"] | {key: _public(values["data"][key]) for key in ("source", "source_b")}
    known = {} if recipe.weights else registry.describe(recipe.model).arguments
    # An argument that is not given has its default, or with pretrained weights the value of theirs.
    defaults = {key: argument.default for key, argument in known.items() if key not in ("seed", "dtype", "name")}
    parts = {"args": plain(defaults) | values["args"], "data": data}
    parts |= {key: values[key] for key in ("optimizers", "stopping")}
    if recipe.stopping.metric is not None:  # the best weights are chosen by its values, which have to be comparable
        parts["evaluation"] = {key: values["evaluation"][key] for key in ("split", "features", "seed", "num_samples")}
    free = ("data_dir", "title", "license", "validation_split", "validation_split_b")
    nested = {f"{part}.{key}": value for part, items in parts.items() for key, value in items.items()}
    top = {key: values[key] for key in ("model", "dtype", "weights", "transfer", "freeze", "seed")}
    return top | {key: value for key, value in nested.items() if key not in {f"data.{name}" for name in free}}


def _public(source):
    """A source without its folders, the same for all ways to write it: `npz:/data/a.npz` and `b/a.npz` are `a.npz`."""
    name = public_source(source or "")
    side, name = unviewed(name)
    if side:
        return f"{side}:{_public(name)}"
    prefix, _, rest = name.partition(":")
    return rest if prefix in ("npz", "folder", "tfds", "wav") else name


def last_checkpoint(folder):
    """Path of the newest checkpoint of a run folder, or `None`."""
    found = list_checkpoints(Path(folder) / "checkpoints")
    return found[-1] if found else None
