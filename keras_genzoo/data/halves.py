"""Sources of images side by side: `left:SOURCE` and `right:SOURCE`. Nothing is imported here."""

HALVES = ("left", "right")


def unhalved(source):
    """Pair of `"left"`, `"right"` or None, and the source of whole images.

    Example:

    >>> unhalved("left:folder:facades"), unhalved("digits")
    (('left', 'folder:facades'), (None, 'digits'))
    """
    side, _, rest = source.partition(":") if isinstance(source, str) else ("", "", "")
    return (side, rest) if side in HALVES else (None, source)
