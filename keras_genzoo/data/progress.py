"""A progress bar that appears only where somebody waits for it."""

import time

from rich.console import Console
from rich.progress import Progress

PATIENCE = 2.0  # seconds before a bar appears


def track(items, total, description):
    """Passes items through, with a progress bar on stderr once the loop has lasted two seconds.

    Nothing is ever written when stderr is not a terminal.

    Args:
        items: Iterable of pairs `(item, count)`: what to pass on, and how many units of `total` it stands for.
        total: Number of units in all.
        description: What is happening, in a few words.

    Yields:
        Each item.
    """
    console = Console(stderr=True)
    progress, task, done = None, None, 0
    started = time.monotonic()
    try:
        for item, count in items:
            yield item
            done += count
            if progress is None and console.is_terminal and time.monotonic() - started > PATIENCE:
                progress = Progress(console=console, transient=True)
                task = progress.add_task(description, total=total)
                progress.start()
            if progress is not None:
                progress.update(task, completed=done)
    finally:
        if progress is not None:
            progress.stop()
