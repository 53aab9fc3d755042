"""The demo of the command line: from a preset to exported files, on one machine without a network."""

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

PRESET = ("dcgan", "mnist")
# A third of the initial rate of the recipe, and an average that follows the generator within a minute.
LEARNING_RATE = 1e-4
EMA_DECAY = 0.98
NUM_IMAGES = 1500  # all training digits
EPOCHS = 100_000  # more than the time allows


def run_demo(out, seconds=60, console=None):
    """Loads `dcgan_mnist`, writes samples, fine-tunes for `seconds`, evaluates, exports, and runs the exported files.

    Args:
        out: Folder for samples and exports; files of an earlier demo are replaced.
        seconds: Seconds of training, above 0.
        console: `rich.console.Console` for output.

    Returns:
        Dict of `before` and `after` (classifier FID on the digits) and `exports` (list of rows).
    """
    import keras

    import keras_genzoo
    from keras_genzoo import plots
    from keras_genzoo.recipes.precision import fastest_dtype

    console = console or Console()
    name, weights = PRESET
    precision = fastest_dtype()
    out = Path(out)
    console.print(f"1. Load {name}_{weights} and write samples.", style="bold")
    model = keras_genzoo.build(name, weights=weights, seed=0, ema_decay=EMA_DECAY, dtype=precision.dtype)
    model.compile(*(keras.optimizers.Adam(LEARNING_RATE, beta_1=0.5) for _ in range(2)))
    _say(console, plots.save_grid(model.generate(64, seed=0), out / "samples_before.png"))

    console.print(
        f"2. Fine-tune it for {seconds} s on the 8x8 digits of scikit-learn, enlarged to 28x28.", style="bold"
    )
    console.print(f"   dtype: {precision.dtype}. {precision.reason}", highlight=False)
    before = _measure(model)
    steps = _train(model, seconds)
    after = _measure(model)
    _say(console, plots.save_grid(model.generate(64, seed=0), out / "samples_after.png"))
    figures = f"{before:.1f} before, {after:.1f} after"
    console.print(f"   {steps} steps; classifier FID to these digits: {figures}", highlight=False)

    console.print("3. Export it and run the files in their runtimes.", style="bold")
    rows = [_export(model, out / "saved_model", "saved_model"), _export(model, out / "dcgan.tflite", "litert")]
    console.print(_table(rows))
    return {"before": before, "after": after, "exports": rows}


def _say(console, path):
    console.print(f"   {path}", highlight=False)


def _measure(model):
    """Classifier FID of samples to the training digits."""
    from keras_genzoo import evaluate

    results = evaluate(model, "digits", ["classifier_fid"], num_images=NUM_IMAGES, features="mnist", split="train")
    return results["classifier_fid"]["value"]


def _train(model, seconds):
    """Trains on the digits for `seconds`, with a progress bar; returns the number of steps."""
    from keras_genzoo import callbacks, data

    columns = (TextColumn("   {task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("training", total=seconds)
        limit = callbacks.TimeLimit(seconds, lambda elapsed: progress.update(task, completed=elapsed))
        guard = callbacks.StopOnDivergence()
        model.fit(data.load("digits", batch_size=128), epochs=EPOCHS, verbose=0, callbacks=[guard, limit])
    return limit.steps


def _export(model, path, format):
    """Exports a file and runs it; returns its row of the table."""
    from keras_genzoo.export import latency

    report = model.export(path, format=format, overwrite=True)
    time = latency(report.path)
    return {
        "file": report.path,
        "runtime": time.runtime,
        "size": report.size,
        "latency_ms": time.median_ms,
        "max_error": report.parity["serving_default"].max_error,
    }


def _table(rows):
    table = Table("file", "runtime", "size", "latency, one image", "maximum error")
    for row in rows:
        table.add_row(
            row["file"],
            row["runtime"],
            f"{row['size'] / 1e6:.2f} MB",
            f"{row['latency_ms']:.2f} ms",
            f"{row['max_error']:.1e}",
        )
    return table
