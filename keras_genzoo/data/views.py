"""Sources that are views of the images of another, and the names of sources. Neither TensorFlow nor NumPy is imported.

`left:SOURCE` and `right:SOURCE` are halves of images side by side, `edges:SOURCE` are drawings of the edges in images,
`label_maps:SOURCE` are images of class numbers in colour, `labelled:SOURCE` are the images with a label, without those
whose label is -1, for none.
"""

import os
import re
from pathlib import Path

HALVES = ("left", "right")
VIEWS = ("edges", "label_maps", "labelled", *HALVES)


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


def public_source(source):
    """A source without its folders: `npz:/data/mnist.npz` -> `npz:mnist.npz`; `None` for `None`."""
    if source is None:
        return None
    side, source = unviewed(source)
    if side:
        return f"{side}:{public_source(source)}"
    prefix, colon, path = source.partition(":")
    if colon and prefix in ("npz", "folder", "wav"):
        return f"{prefix}:{Path(path).name}"
    # A path may have no prefix; "name/config" of TFDS looks like a path but is not one.
    return Path(source).name if source.endswith(".npz") or source[:1] in ("/", ".", "~") else source


def data_name(source):
    """What a source says that its data are: the same for the same data, whichever way they are read.

    A folder is known by its path, as many are called `images`; an npz file by its name.

    Example:

    >>> data_name("npz:/data/mnist.npz"), data_name("edges:tfds:mnist:3.0.1"), data_name("folder:/cats/images")
    ('mnist', 'edges:mnist', '/cats/images')
    """
    if source is None:
        return None
    view, base = unviewed(source)
    public = public_source(base)
    kind, _, rest = public.partition(":")
    if public != base and not public.endswith(".npz"):
        name = os.path.abspath(os.path.expanduser(base.partition(":")[2] if kind in ("folder", "wav") else base))
    else:
        name = rest if kind in ("npz", "folder", "wav", "tfds", "keras") else public
        name = re.sub(r":\d[\d.]*$", "", name.removesuffix(".npz"))
    return name if view is None else f"{view}:{name}"
