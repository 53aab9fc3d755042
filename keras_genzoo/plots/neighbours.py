"""Samples beside their nearest training images, and how far these are: a check for memorizing."""

import textwrap

import numpy as np

from keras_genzoo.plots.figures import DPI, name_axis, new_figure, save_figure
from keras_genzoo.plots.grids import image_grid
from keras_genzoo.utils.checks import check_at_least

_SIDE = 56  # pixels of an image, at least


def save_neighbours(images, training, path, held_out=None, num=8, columns=4):
    """Draws samples beside their nearest training images, and a histogram of the distances.

    Rows begin with samples that are nearly copies; the others go from the sample that is nearest to a training image to
    the farthest one. The histogram has the distances of all samples, and of real images that were not trained on.

    Args:
        images: Generated images: see `keras_genzoo.metrics.nearest_neighbours`.
        training: The images that were trained on.
        path: PNG file to write.
        held_out: Real images that were not; see there.
        num: Number of rows, at least 1.
        columns: Number of nearest images beside each sample, at least 1.

    Returns:
        Tuple of the path of the file and the `Neighbours`, whose `verdict()` is the title of the picture.

    Raises:
        ValueError: If the images do not fit.

    Example:

    >>> import tempfile, keras_genzoo
    >>> digits, _ = keras_genzoo.data.load_arrays("digits", image_size=(8, 8))
    >>> path, found = save_neighbours(digits[:20], digits[20:99], f"{tempfile.mkdtemp()}/near.png", digits[99:120])
    >>> path.name, found.indices.shape
    ('near.png', (20, 4))
    """
    check_at_least(1, num=num, columns=columns)
    from keras_genzoo.metrics import nearest_neighbours  # which takes seconds to import

    found = nearest_neighbours(images, training, held_out, columns)
    images, training = np.asarray(images), np.asarray(training)
    chosen = _shown(found, num)
    rows = [np.concatenate([_bytes(images[[row]]), _bytes(training[found.indices[row]])]) for row in chosen]
    width = found.indices.shape[1] + 1
    grid = image_grid(np.concatenate(rows), width, max(1, -(-_SIDE // min(images.shape[1:3]))), 4)
    figure = new_figure((grid.shape[1] + 560) / DPI, max(grid.shape[0] + 110, 440) / DPI)
    left, right = figure.subplots(1, 2, width_ratios=(grid.shape[1], 520))
    _draw_grid(left, grid, len(rows), width, found.copied[chosen])
    _draw_distances(right, found)
    figure.suptitle(textwrap.fill(found.verdict(), int(12 * figure.get_figwidth()) + 20), fontsize="small")
    return save_figure(figure, path), found


def _shown(found, num):
    """Numbers of the samples that are shown: copies first, then others at even ranks of their distance."""
    order = np.lexsort((found.distances, ~found.copied))
    copies, others = np.split(order, [found.copied.sum()])
    left = min(num - len(copies), len(others))
    ranks = np.linspace(0, len(others) - 1, left).round().astype(int) if left > 0 else np.zeros(0, int)
    return np.concatenate([copies[:num], others[ranks]]).astype(int)


def _bytes(images):
    return images if images.dtype == np.uint8 else np.rint(images * 255.0).astype("uint8")


def _draw_grid(axes, grid, rows, columns, copied):
    axes.imshow(grid.repeat(3, axis=-1) if grid.shape[-1] == 1 else grid, interpolation="nearest")
    for spine in axes.spines.values():
        spine.set_visible(False)
    name_axis(axes.xaxis, ["sample", "nearest", *map(str, range(2, columns))][:columns], grid.shape[1])
    name_axis(axes.yaxis, ["copy" if each else "" for each in copied], grid.shape[0])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)


def _draw_distances(axes, found):
    """Histograms of both sets over the same bins, as shares, because their numbers may differ."""
    usual = "held out" if found.held_out else "training, among the others"
    sets = {f"samples ({len(found.distances)})": found.distances}
    sets[f"{usual} ({len(found.usual_distances)})"] = found.usual_distances
    bins = np.histogram_bin_edges(np.concatenate(list(sets.values())), 40)
    for name, values in sets.items():
        axes.hist(values, bins, weights=np.full(len(values), 1.0 / len(values)), alpha=0.55, label=name)
    axes.set(xlabel="distance to the nearest training image (grey levels)", ylabel="share")
    axes.legend(fontsize="small")
