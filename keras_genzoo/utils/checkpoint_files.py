"""Checkpoint files of a folder: their names and order, and the note in a file that says of which run it is."""

import json
import re
import zipfile
from pathlib import Path

_NAME = re.compile(r"step_(\d+)\.keras")
_NOTE = "run.json"  # a member of the archive beside those of Keras


def list_checkpoints(folder):
    """Paths of the checkpoints in a folder, oldest first."""
    found = [path for path in Path(folder).glob("step_*.keras") if _NAME.fullmatch(path.name)]
    return sorted(found, key=checkpoint_step)


def checkpoint_step(path):
    """Number of steps in the name of a checkpoint: `step_00000469.keras` -> 469."""
    return int(_NAME.fullmatch(Path(path).name)[1])


def add_note(path, values):
    """Adds a dict of plain values to a `.keras` file."""
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(_NOTE, json.dumps(values))


def read_note(path):
    """The dict that `add_note` wrote; `None` for a file without one, such as a damaged one or one of earlier versions.

    Keras is not imported.
    """
    try:
        with zipfile.ZipFile(path) as file:
            values = json.loads(file.read(_NOTE))
    except (KeyError, OSError, ValueError, zipfile.BadZipFile):
        return None
    return values if isinstance(values, dict) else None
