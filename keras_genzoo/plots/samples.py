"""Pictures of what models make, of any kind of data."""

import numpy as np

from keras_genzoo.plots.grids import save_grid
from keras_genzoo.plots.points import save_points
from keras_genzoo.plots.signals import save_signals


def save_samples(samples, path, columns=None, modes=None):
    """Writes what a model generates as a picture: a grid of images, points over their modes, or curves of signals.

    Args:
        samples: uint8 images `(n, height, width, channels)`, signals `(n, length, channels)`, or points
            `(n, coordinates)`.
        path: PNG file to write.
        columns: Images or signals in a row; `None` for the square root of n, rounded up, and for 2 signals.
        modes: Of points: as for `save_points`.
    """
    if np.ndim(samples) == 2:
        return save_points(samples, path, modes)
    return (save_signals if np.ndim(samples) == 3 else save_grid)(samples, path, columns)


def save_translations(rows, path):
    """Writes images or signals, and what was made of them, as a picture.

    Args:
        rows: List by direction of lists of arrays of one shape: the input, the output and, where it is known, the
            truth. Images are rows of a grid; signals are columns of curves.
        path: PNG file to write.
    """
    if np.ndim(rows[0][0]) != 3:
        grid = np.concatenate([batch for row in rows for batch in row])
        return save_grid(grid, path, columns=len(rows[0][0]))
    names = ("input", "output", "truth")[: min(len(row) for row in rows)]
    together = np.concatenate([np.stack(row[: len(names)], axis=1) for row in rows])  # (n, columns, length, channels)
    return save_signals(together.reshape(-1, *together.shape[2:]), path, names=names)
