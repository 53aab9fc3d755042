"""Progress bars on stderr, for people: nothing is drawn when stderr is not a terminal."""

import sys
from contextlib import nullcontext

from rich.console import Console
from rich.progress import track as rich_track


def track(steps, description, progress=True):
    """Iterates over `steps` with a bar that vanishes when it is done.

    Args:
        steps: sequence with a length.
        description: a few words, shown left of the bar.
        progress: `False` draws nothing. A single step draws nothing either.

    Returns:
        An iterable over `steps`.
    """
    if not (progress and sys.stderr.isatty() and len(steps) > 1):
        return iter(steps)
    return rich_track(steps, description=description, console=Console(stderr=True), transient=True)


def batches(count, batch_size):
    """Returns the list of slices that cut `count` rows into batches, the last one short if it must be."""
    return [slice(start, min(start + batch_size, count)) for start in range(0, count, batch_size)]


def status(description, progress=True):
    """Returns a context that shows a spinner with `description` on stderr while it is open.

    Args:
        description: a few words.
        progress: `False` draws nothing.

    Returns:
        Context manager.
    """
    return Console(stderr=True).status(description) if progress and sys.stderr.isatty() else nullcontext()
