"""Measures the bundled presets again, by the protocols of their cards, and prints both figures side by side.

    python benchmarks/preset_quality.py [PRESET ...] [--data mnist=npz:mnist.npz --data fashion_mnist=npz:...]

Without --data the source of each recipe is used (TensorFlow Datasets). The order of the test images does not matter
where all 10,000 are used, so figures from the same images agree to rounding on any source. `log_likelihood` with 5,000
samples takes the longest; --skip leaves metrics out.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from rich.console import Console
from rich.table import Table

import keras_genzoo
from keras_genzoo import presets, training


def measure(name, sources, skipped):
    """Rows `(preset, metric, card's value, value now, floor now)` of one preset."""
    card = presets.card(name)
    recipe = keras_genzoo.load_recipe(name)
    data = name.removeprefix(f"{card['model']}_")
    metrics = [metric for metric in recipe.evaluation.metrics if metric not in skipped]
    changes = {"evaluation.metrics": metrics}
    if data in sources:
        changes["data.source"] = sources[data]
    model = keras_genzoo.build(card["model"], weights=name)
    results = training.measure(model, recipe.override(changes))
    for metric, result in results.items():
        floor = result["floor"]["value"] if "floor" in result else None
        yield name, metric, card["metrics"].get(metric, {}).get("value"), result["value"], floor


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", help="default: all bundled ones")
    parser.add_argument("--data", action="append", default=[], metavar="NAME=SOURCE")
    parser.add_argument("--skip", action="append", default=[], metavar="METRIC")
    arguments = parser.parse_args()
    sources = dict(item.split("=", 1) for item in arguments.data)
    table = Table("preset", "metric", "card", "now", "floor now")
    for name in arguments.presets or presets.list_presets():
        for row in measure(name, sources, arguments.skip):
            table.add_row(*(f"{cell:.5g}" if isinstance(cell, float) else str(cell or "") for cell in row))
    Console().print(table)


if __name__ == "__main__":
    main()
