"""Curves of a training."""

import math

from keras_genzoo.plots.figures import new_figure, save_figure


def save_loss_plot(log, path):
    """Plots the columns of a CSV log over the epochs: losses in one panel, other values in another, but no health.

    Args:
        log: CSV file with a column `epoch` and one column per value.
        path: PNG file to write.

    Returns:
        Path of the file, or `None` if the log has no rows or no values.
    """
    from matplotlib.ticker import MaxNLocator

    from keras_genzoo.callbacks.epoch_log import read_log
    from keras_genzoo.callbacks.health_signs import PREFIX

    rows = read_log(log)
    if not rows:
        return None
    epochs = [row["epoch"] for row in rows]
    names = [name for name in rows[-1] if name not in ("epoch", "seconds") and not name.startswith(PREFIX)]
    panels = [part for part in ([n for n in names if "loss" in n], [n for n in names if "loss" not in n]) if part]
    if not panels:
        return None
    figure = new_figure(7, 3.2 * len(panels))
    for index, part in enumerate(panels):
        axes = figure.add_subplot(len(panels), 1, index + 1)
        for name in part:
            values = [row.get(name, math.nan) for row in rows]
            axes.plot(epochs, values, marker="o" if len(epochs) < 30 else None, markersize=3, label=name)
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss (mean over the epoch)" if "loss" in part[0] else "value")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    return save_figure(figure, path)
