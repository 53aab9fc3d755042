"""Benchmarks of many trainings in parts: each finished cell is a line of a JSON file, and is not computed again."""

import contextlib
import json
import time
from pathlib import Path

import numpy as np


def add_arguments(parser, out):
    """The options of all benchmarks that run in parts."""
    parser.add_argument("--out", type=Path, default=Path(out), help="JSON lines of finished cells, which is continued")
    parser.add_argument("--cells", type=int, help="most cells to compute now; default: all that are left")
    parser.add_argument("--seconds", type=float, help="begin no cell that would probably end later than this")


def run(cells, compute, options):
    """Computes the cells that are not in the file yet, in their order, and returns the rows of all that are.

    Args:
        cells: List of dicts of plain values, each of which says what a cell is.
        compute: Function of a cell that gives a dict of results.
        options: Parsed options: see `add_arguments`.
    """
    rows = read(options.out)
    left = [cell for cell in cells if not any(is_of(row, cell) for row in rows)][: options.cells]
    start, longest = time.perf_counter(), 0.0
    for number, cell in enumerate(left, 1):
        begun = time.perf_counter()
        if options.seconds is not None and begun - start + longest > options.seconds:
            break
        row = {**cell, **compute(cell)}
        longest = max(longest, time.perf_counter() - begun)
        row["seconds"] = round(time.perf_counter() - begun, 1)
        with options.out.open("a") as file:
            file.write(f"\n{json.dumps(row)}\n")  # on a line of its own, even after one that was broken off
        rows.append(row)
        print(f"{number} of {len(left)}: {row}", flush=True)
    return [row for row in rows if any(is_of(row, cell) for cell in cells)]


def read(path):
    """The rows of a file; a line that was broken off is left out, so that its cell is computed again."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        with contextlib.suppress(json.JSONDecodeError):
            rows.append(json.loads(line))
    return rows


def is_of(row, cell):
    """Whether a row is the result of a cell."""
    return all(row.get(key) == value for key, value in cell.items())


def table(rows, index, column, value, columns):
    """A table in markdown: mean and, of several rows, standard deviation and number.

    Args:
        rows: List of dicts.
        index: Keys that say in which line of the table a row is.
        column: Key that says in which column.
        value: Key of the number.
        columns: Values of `column` from the left.
    """
    lines = [[*index, *columns], ["---"] * (len(index) + len(columns))]
    for name in dict.fromkeys(tuple(row[key] for key in index) for row in rows):
        shown = [str(each) for each in name]
        for each in columns:
            found = [row[value] for row in rows if row[column] == each and tuple(row[key] for key in index) == name]
            spread = f" ± {np.std(found, ddof=1):.2f} ({len(found)})" if len(found) > 1 else ""
            shown.append(f"{np.mean(found):.2f}{spread}" if found else "")
        lines.append(shown)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
