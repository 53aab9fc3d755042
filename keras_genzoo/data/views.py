"""Sources that are views of the images of another: `left:SOURCE`, `right:SOURCE`, `edges:SOURCE`. Nothing is imported.

`left:` and `right:` are halves of images side by side, `edges:` are drawings of the edges in images.
"""

HALVES = ("left", "right")
VIEWS = ("edges", *HALVES)


def unviewed(source):
    """Pair of the views, joined by colons, or None, and the source of the images as they are.

    Example:

    >>> unviewed("edges:left:folder:facades"), unviewed("digits")
    (('edges:left', 'folder:facades'), (None, 'digits'))
    """
    view, _, rest = source.partition(":") if isinstance(source, str) else ("", "", "")
    if view not in VIEWS:
        return None, source
    inner, base = unviewed(rest)
    return (view if inner is None else f"{view}:{inner}"), base
