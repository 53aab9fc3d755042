"""Which images are kept in memory, and which are streamed."""

import math

MEMORY_BUDGET = 2 * 10**9  # bytes of decoded images that are kept in memory; more are streamed


def fits_in_memory(part, shape, cache=True):
    """Whether the images of a part are kept in memory: they are already there, or fit into the budget.

    Args:
        part: Part of `keras_genzoo.data.parts`.
        shape: Shape of an image.
        cache: False keeps only what is there.

    Raises:
        ValueError: If they are there and `cache` is false, which has no effect on them.
    """
    if part.in_memory and not cache:
        raise ValueError(
            "Expected cache=False for images of a folder or of TFDS, which can be streamed. "
            f"Received: {part.name}, which is in memory"
        )
    return part.in_memory or (cache and len(part) * math.prod(shape) <= MEMORY_BUDGET)
