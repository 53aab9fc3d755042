"""Which images are kept in memory, and which are streamed."""

import math

MEMORY_BUDGET = 2 * 10**9  # bytes of decoded images that are kept in memory; more are streamed


def check_cache(cache, parts, held):
    """Raises `ValueError` if `cache` is false without an effect: all parts are `held` in memory, a list of booleans."""
    if not cache and all(held):
        raise ValueError(
            "Expected cache=False for images of a folder or of TFDS, which can be streamed. "
            f"Received: {' and '.join(part.name for part in parts)}, kept in memory"
        )


def fits_in_memory(part, shape, cache=True):
    """Whether the images of a part are kept in memory: they are already there, or fit into the budget.

    Args:
        part: Part of `keras_genzoo.data.parts`.
        shape: Shape of an image.
        cache: False keeps only what is there.
    """
    return part.in_memory or (cache and len(part) * math.prod(shape) <= MEMORY_BUDGET)
