"""Progress on stderr, for people who wait: nothing is ever written where stderr is not a terminal."""

import contextlib
import os
import sys
import time

from rich.console import Console
from rich.progress import Progress

PATIENCE = 2.0  # seconds before a bar appears


def track(items, description, progress=True, total=None):
    """Passes items through, with a progress bar once the loop has lasted two seconds.

    Args:
        items: Sequence; or, with `total`, an iterable of pairs `(item, count)`: what to pass on, and how many units of
            `total` it stands for.
        description: What is happening, in a few words.
        progress: `False` draws nothing.
        total: Number of units in all; `None` where each item counts as one.

    Yields:
        Each item.
    """
    pairs = ((item, 1) for item in items) if total is None else items
    total = len(items) if total is None else total
    console = Console(stderr=True)
    shown = progress and console.is_terminal
    bar, task, done = None, None, 0
    started = time.monotonic()
    try:
        for item, count in pairs:
            yield item
            done += count
            if bar is None and shown and time.monotonic() - started > PATIENCE:
                bar = Progress(console=console, transient=True)
                task = bar.add_task(description, total=total)
                bar.start()
            if bar is not None:
                bar.update(task, completed=done)
    finally:
        if bar is not None:
            bar.stop()


def batches(count, batch_size):
    """Returns the list of slices that cut `count` rows into batches, the last one short if it must be."""
    return [slice(start, min(start + batch_size, count)) for start in range(0, count, batch_size)]


@contextlib.contextmanager
def status(description, progress=True):
    """Returns a context that shows a spinner with `description` on stderr while it is open.

    Args:
        description: A few words.
        progress: `False` draws nothing.
    """
    if not (progress and sys.stderr.isatty()):
        yield
        return
    with _own_stream() as stream, Console(file=stream).status(description):
        yield


def _own_stream():
    """A second stream to the terminal, which goes on while `keras_genzoo.quiet` silences the error stream."""
    try:
        number = os.dup(sys.stderr.fileno())
    except OSError:  # a terminal that a program draws itself
        return contextlib.nullcontext(sys.stderr)
    return os.fdopen(number, "w", encoding=sys.stderr.encoding, errors="backslashreplace")
