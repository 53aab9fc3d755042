"""Figures of matplotlib: how they are made, written, and filled with images that have names."""

import numpy as np

from keras_genzoo.plots.grids import image_grid, write_atomically
from keras_genzoo.utils.own_files import SOFTWARE
from keras_genzoo.utils.text import counted

DPI = 110
_CELL = 64  # pixels of the smallest side of an image in a table


def new_figure(width, height):
    """A figure of `width` x `height` inches. Without pyplot, there is no global state, and no window is needed."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def check_methods(model, *methods):
    """Raises `ValueError` if a model has not each of these methods."""
    if not all(hasattr(model, method) for method in methods):
        kind = "a method" if len(methods) == 1 else "the methods"
        raise ValueError(f"Expected a model with {kind} {' and '.join(methods)}. Received: {type(model).__name__}")


def save_figure(figure, path):
    """Writes a figure as a PNG file, atomically, and returns its path."""
    options = dict(format="png", dpi=DPI, metadata={"Software": SOFTWARE})
    return write_atomically(path, lambda file: figure.savefig(file, **options))


def save_table(images, path, rows=None, columns=None):
    """Writes a table of images, whose rows and columns have names, as a PNG file.

    Args:
        images: uint8 `(rows, columns, height, width, channels)`, 1 or 3 channels.
        path: File to write.
        rows: Names of the rows, from the top; `None` for none.
        columns: Names of the columns, from the left; `None` for none.

    Returns:
        Path of the file.

    Raises:
        ValueError: If there are no images, or another number of names than rows or columns.

    Example:

    >>> import tempfile
    >>> images = np.zeros((2, 3, 8, 8, 1), "uint8")
    >>> save_table(images, f"{tempfile.mkdtemp()}/table.png", ["first", "second"], ["a", "b", "c"]).name
    'table.png'
    """
    images = np.asarray(images)
    if images.ndim != 5:
        raise ValueError(
            f"Expected images of shape (rows, columns, height, width, channels). Received: shape {images.shape}"
        )
    num_rows, num_columns, *size = images.shape
    for axis, names, num in (("rows", rows, num_rows), ("columns", columns, num_columns)):
        if names is not None and len(names) != num:
            raise ValueError(f"Expected {counted(num, 'names')} of {axis}. Received: {len(names)}")
    scale, gap = max(1, -(-_CELL // min(size[:2]))), 4
    grid = image_grid(images.reshape(-1, *size), num_columns, scale, gap)
    height, width = grid.shape[:2]
    # Room for names, which constrained layout takes from the axes.
    figure = new_figure((width + 80 * (rows is not None)) / DPI, (height + 30 * (columns is not None)) / DPI)
    axes = figure.add_subplot()
    axes.imshow(grid.repeat(3, axis=-1) if grid.shape[-1] == 1 else grid, interpolation="nearest")
    for spine in axes.spines.values():
        spine.set_visible(False)
    name_axis(axes.yaxis, rows, height)
    name_axis(axes.xaxis, columns, width)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    return save_figure(figure, path)


def name_axis(axis, names, length):
    """Puts names beside equal parts of an axis of this length; none for `None`."""
    step = length / max(1, len(names or ()))
    axis.set_ticks([(index + 0.5) * step for index in range(len(names or ()))])
    axis.set_ticklabels(names or [], parse_math=False)  # a dollar is one
