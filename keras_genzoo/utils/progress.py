"""Progress bars and spinners on stderr; nothing is written if stderr is not a terminal."""

import contextlib
import os
import sys
import time

from rich.console import Console
from rich.progress import Progress

PATIENCE = 2.0  # seconds before a bar appears


def track(items, description, progress=True, total=None):
    """Yields items, with a progress bar once the loop has taken two seconds.

    Args:
        items: Sequence; or, with `total`, an iterable of pairs `(item, count)`, where `count` is the number of units of
            `total` that the item stands for.
        description: Label of the bar.
        progress: Whether to draw a bar.
        total: Number of units; `None` if each item is one unit.

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
    """List of the slices that divide `count` rows into batches; the last one may be shorter."""
    return [slice(start, min(start + batch_size, count)) for start in range(0, count, batch_size)]


@contextlib.contextmanager
def status(description, progress=True):
    """Context that shows a spinner with `description` on stderr.

    Args:
        description: Label of the spinner.
        progress: Whether to show it.
    """
    if not (progress and sys.stderr.isatty()):
        yield
        return
    with _own_stream() as stream, Console(file=stream).status(description):
        yield


def _own_stream():
    """A second stream to the terminal, which works while `keras_genzoo.utils.quiet` silences the error stream."""
    try:
        number = os.dup(sys.stderr.fileno())
    except OSError:  # a terminal inside another program, without a file descriptor
        return contextlib.nullcontext(sys.stderr)
    return os.fdopen(number, "w", encoding=sys.stderr.encoding, errors="backslashreplace")
