"""Pictures of points: samples over the modes that they should cover."""

import numpy as np

from keras_genzoo.plots.figures import new_figure, save_figure
from keras_genzoo.utils.points import check_points

_MARGIN = 0.25  # of the width of the modes, or of the points, around them
_RADIUS = 3.0  # standard deviations around a mode, within which a sample counts as good


def save_points(points, path, modes=None):
    """Draws points of the plane over the true modes of their distribution, as a PNG file.

    A circle is drawn three standard deviations around each mode. The axes reach over the modes, or over the points
    where no modes are given; the title says how many points lie outside, or are not finite. Of points with more
    coordinates, the first two are drawn; of one coordinate, a histogram.

    Args:
        points: Floats `(n, coordinates)`, n at least 1.
        path: PNG file to write.
        modes: `keras_genzoo.data.modes_of(...)`, or a pair of means `(modes, coordinates)` and a standard deviation;
            `None` for none.

    Returns:
        Path of the file.

    Raises:
        ValueError: If the points, or the modes, have another shape.

    Example:

    >>> import tempfile, keras_genzoo
    >>> points, _ = keras_genzoo.data.draw_points("points:ring8", 500)
    >>> modes = keras_genzoo.data.modes_of("points:ring8")
    >>> save_points(points, f"{tempfile.mkdtemp()}/ring.png", modes).name
    'ring.png'
    """
    points = np.asarray(points)
    if points.ndim != 2 or not points.size:
        raise ValueError(f"Expected points of shape (n, coordinates), n at least 1. Received: shape {points.shape}")
    means = None if modes is None else np.asarray(modes[0], "float64")
    if means is not None:
        check_points(means, points.shape[1:])
    low, high = _limits(points if means is None else means)
    inside = ((points[:, :2] >= low) & (points[:, :2] <= high)).all(axis=1)  # False for NaN, too
    outside = int((~inside).sum())
    points = points[inside]
    figure = new_figure(5, 5)
    axes = figure.add_subplot()
    if points.shape[1] == 1:
        axes.hist(points[:, 0], bins=100, range=(low[0], high[0]))
        axes.set(xlim=(low[0], high[0]), ylabel="points")
    else:
        _scatter(axes, points, means, modes)
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", ylabel="second coordinate")
    title = f"{len(inside):,} point{'s' * (len(inside) != 1)}" + f", {outside:,} outside" * bool(outside)
    axes.set(xlabel="first coordinate", title=title)
    return save_figure(figure, path)


def _limits(points):
    """Least and greatest coordinates of a picture: at most the first two of each point, with a margin."""
    points = points[np.isfinite(points).all(axis=1), :2]
    points = points if len(points) else np.zeros((1, points.shape[1]))
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.maximum(_MARGIN * (high - low), 1e-3)
    return low - margin, high + margin


def _scatter(axes, points, means, modes):
    from matplotlib.collections import EllipseCollection

    if means is not None:
        width = np.full(len(means), 2.0 * _RADIUS * float(modes[1]))
        options = dict(units="xy", offset_transform=axes.transData, facecolors="none", edgecolors="tab:red")
        axes.add_collection(EllipseCollection(width, width, 0.0 * width, offsets=means[:, :2], **options))
        axes.scatter(*means[:, :2].T, s=12, marker="+", linewidths=0.8, color="tab:red")
    axes.scatter(*points[:, :2].T, s=3, linewidths=0, alpha=0.5, zorder=0)
