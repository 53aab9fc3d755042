"""Curves of the health of a GAN over a training."""

import math

from keras_genzoo.plots.figures import new_figure, save_figure


def save_health_plot(log, path):
    """Plots the measures of `GANHealth` in a CSV log over the epochs, one panel each, with the limits of trouble.

    Args:
        log: CSV file of `EpochLog`.
        path: PNG file to write.

    Returns:
        Path of the file, or `None` if the log has none of these measures.
    """
    from matplotlib.ticker import MaxNLocator

    from keras_genzoo.callbacks.epoch_log import read_log
    from keras_genzoo.callbacks.health_signs import MEASURES, PREFIX, SIGNS

    rows = read_log(log)
    shown = [name for name in MEASURES if any(PREFIX + name in row for row in rows)]
    if not shown:
        return None
    epochs = [row["epoch"] for row in rows]
    figure = new_figure(7, 1.8 * len(shown))
    for index, name in enumerate(shown):
        axes = figure.add_subplot(len(shown), 1, index + 1)
        values = [row.get(PREFIX + name, math.nan) for row in rows]
        axes.plot(epochs, values, marker="o" if len(epochs) < 30 else None, markersize=3)
        for sign in SIGNS:
            if sign.measure == name:
                where = "below" if sign.below else "above"
                axes.axhline(sign.limit, color="tab:red", linestyle=":", label=f"{sign.kind} {where}")
                axes.legend(fontsize="small")
        axes.set_ylabel(MEASURES[name], fontsize="small")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    axes.set_xlabel("epoch")
    return save_figure(figure, path)
