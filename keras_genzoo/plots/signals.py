"""Pictures of signals: curves over the samples, in rows and columns."""

import numpy as np

from keras_genzoo.plots.figures import new_figure, save_figure
from keras_genzoo.utils.arrays import as_array
from keras_genzoo.utils.checks import check_at_least
from keras_genzoo.utils.signals import check_signals
from keras_genzoo.utils.text import counted

COLUMNS = 2
_LEAST = 0.01  # of the height of a row, so that silence is a flat line and not its rounding errors
_SHOWN = 4000  # samples of a curve; of more, the largest and smallest ones are drawn


def save_signals(signals, path, columns=None, names=None):
    """Draws signals as curves, as a PNG file.

    All signals of a row have one scale, from the largest size of their samples. Channels are drawn over each other.

    Args:
        signals: Floats in [-1, 1], `(n, length, channels)`, n at least 1.
        path: PNG file to write.
        columns: Signals in a row; `None` for 2, or for as many as there are names.
        names: Names of the columns, such as `("input", "output", "truth")`; `None` for none.

    Returns:
        Path of the file.

    Raises:
        ValueError: If the signals have another shape, or values out of range, or names do not fit the columns.

    Example:

    >>> import tempfile, keras_genzoo
    >>> signals = keras_genzoo.data.draw_signals("signals:clean", 4)
    >>> save_signals(signals, f"{tempfile.mkdtemp()}/signals.png").name
    'signals.png'
    """
    signals = as_array(signals, "signals")
    check_signals(signals)
    if not signals.size:
        raise ValueError(f"Expected at least one signal. Received: shape {signals.shape}")
    columns = (COLUMNS if names is None else len(names)) if columns is None else columns
    check_at_least(1, columns=columns)
    if names is not None and len(names) != columns:
        raise ValueError(f"Expected {counted(columns, 'names')} of columns. Received: {len(names)}")
    columns = min(columns, len(signals))
    rows = -(-len(signals) // columns)
    figure = new_figure(min(4.0 * columns, 16.0), max(2.0, 1.1 * rows))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True)
    for row in range(rows):
        some = signals[row * columns : (row + 1) * columns]
        height = max(_LEAST, 1.05 * float(np.abs(some).max()))
        for column, axes in enumerate(grid[row]):
            axes.set_visible(column < len(some))
            if column < len(some):
                _draw(axes, some[column], height)
    for axes, name in zip(grid[0], names or (), strict=False):
        axes.set_title(name)
    return save_figure(figure, path)


def _draw(axes, signal, height):
    places, values = _thinned(signal)
    axes.plot(places, values, linewidth=0.7)
    axes.set(xlim=(0, max(1, len(signal) - 1)), ylim=(-height, height))
    axes.tick_params(labelsize=6)


def _thinned(signal):
    """Samples to draw, and their places: of a long signal, the extremes of each of many equal parts."""
    if len(signal) <= _SHOWN:
        return np.arange(len(signal)), signal
    edges = np.linspace(0, len(signal), _SHOWN // 2 + 1).astype(int)[:-1]
    extremes = [reduce.reduceat(signal, edges, axis=0) for reduce in (np.minimum, np.maximum)]
    return edges.repeat(2), np.stack(extremes, axis=1).reshape(-1, signal.shape[1])
