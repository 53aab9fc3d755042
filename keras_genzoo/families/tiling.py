"""Images and signals of any size through a network of one size: tiles that overlap, whose seams are blended."""

import math

import numpy as np

OVERLAP = 0.25  # of a tile's side that neighbours share, at least
WINDOWS = 64  # of a signal at a time


def tile_starts(side, tile):
    """First pixels of the tiles that cover a side, evenly spread: each pair of neighbours shares a quarter or more.

    Args:
        side: Pixels to cover, at least `tile`.
        tile: Pixels of a tile.

    Example:

    >>> tile_starts(20, 8), tile_starts(8, 8)
    ([0, 6, 12], [0])
    """
    shared = math.ceil(tile * OVERLAP)
    num = 1 + math.ceil((side - tile) / (tile - shared))
    return [round(start) for start in np.linspace(0, side - tile, num)]


def tile_weights(starts, tile):
    """How much each tile counts at each of its pixels: the weights of all tiles at a pixel have the sum 1.

    They rise and fall linearly over what two neighbours share, so that there is no seam.

    Args:
        starts: First pixels of the tiles, ascending, none without a pixel of the one before it.
        tile: Pixels of a tile.

    Returns:
        Float32 array `(tiles, tile)`.

    Example:

    >>> tile_weights([0, 5], 8)[:, [0, 5, 6, 7]].tolist()
    [[1.0, 0.75, 0.5, 0.25], [0.25, 1.0, 1.0, 1.0]]
    """
    weights = np.stack([_weight(starts, number, tile) for number in range(len(starts))])
    total = np.zeros(starts[-1] + tile)
    places = np.add.outer(starts, np.arange(tile))
    np.add.at(total, places, weights)  # 1 unless three tiles meet
    return (weights / total[places]).astype("float32")


def _weight(starts, number, tile):
    """How much one tile counts at each of its pixels, where at most two tiles meet."""
    weight = np.ones(tile)
    for neighbour in (number - 1, number + 1):
        if 0 <= neighbour < len(starts):
            shared = tile - abs(starts[neighbour] - starts[number])
            rising = np.arange(1, shared + 1) / (shared + 1)
            if neighbour < number:
                weight[:shared] *= rising
            else:
                weight[tile - shared :] *= 1.0 - rising
    return weight


def in_tiles(function, image, shape):
    """What a function of tiles makes of an image of any size.

    A smaller side is padded by reflection on both ends, and cropped afterwards. Beside the image and the result, only
    one row of tiles is in memory.

    Args:
        function: Function of images `(n, *shape)`; gives float images in [0, 1] of the same shape.
        image: Array `(height, width, channels)`.
        shape: `(height, width, channels)` of the tiles.

    Returns:
        uint8 array of the shape of `image`.
    """
    spare = [max(0, tile - side) for side, tile in zip(image.shape[:2], shape[:2], strict=True)]
    margins = [(each // 2, each - each // 2) for each in spare]
    padded = np.pad(image, (*margins, (0, 0)), mode="symmetric")
    rows, columns = (tile_starts(side, tile) for side, tile in zip(padded.shape, shape[:2], strict=False))
    row_weights, column_weights = tile_weights(rows, shape[0]), tile_weights(columns, shape[1])
    made = np.empty(padded.shape, np.uint8)
    band = np.zeros((shape[0], *padded.shape[1:]), np.float32)  # the rows of pixels that the tiles of one row cover
    for top, below, weights in zip(rows, [*rows[1:], padded.shape[0]], row_weights, strict=True):
        tiles = np.stack([padded[top : top + shape[0], left : left + shape[1]] for left in columns])
        for tile, left, across in zip(function(tiles), columns, column_weights, strict=True):
            band[:, left : left + shape[1]] += tile * (weights[:, None] * across)[..., None]
        done = below - top
        made[top:below] = np.rint(255.0 * band[:done].clip(0.0, 1.0))
        band = np.concatenate([band[done:], np.zeros_like(band[:done])])
    (above, _), (before, _) = margins
    return made[above : above + image.shape[0], before : before + image.shape[1]]


def in_windows(function, signal, length):
    """What a function of windows makes of a signal of any length.

    A shorter signal is padded by reflection on both ends, and cropped afterwards. Beside the signal and the result,
    only some of the windows are in memory.

    Args:
        function: Function of signals `(n, length, channels)`; gives floats of the same shape.
        signal: Float array `(samples, channels)`.
        length: Samples of a window.

    Returns:
        float32 array of the shape of `signal`.

    Example:

    >>> signal = np.linspace(-1.0, 1.0, 50, dtype="float32")[:, None]
    >>> bool(np.allclose(in_windows(lambda windows: windows / 2, signal, 20), signal / 2))
    True
    """
    spare = max(0, length - len(signal))
    padded = np.pad(signal, ((spare // 2, spare - spare // 2), (0, 0)), mode="symmetric")
    starts = tile_starts(len(padded), length)
    made = np.zeros(padded.shape, np.float32)
    total = np.zeros((len(padded), 1), np.float32)  # and not all weights at once: an hour has 100,000s of windows
    for first in range(0, len(starts), WINDOWS):
        group = starts[first : first + WINDOWS]
        windows = function(np.stack([padded[start : start + length] for start in group]))
        for number, (start, window) in enumerate(zip(group, windows, strict=True), first):
            weight = _weight(starts, number, length)[:, None].astype("float32")
            made[start : start + length] += weight * window
            total[start : start + length] += weight
    made /= total
    return made[spare // 2 : spare // 2 + len(signal)]
