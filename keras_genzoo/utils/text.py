"""Texts of messages."""

import difflib
import numbers
import os
import reprlib


def counted(number, things):
    """A number of things as text.

    >>> counted(1, "images"), counted(2, "images")
    ('1 image', '2 images')
    """
    return f"{number} {things.removesuffix('s') if number == 1 else things}"


def shown(value):
    """A given value in a message: on one line, and shortened where it is long.

    >>> import numpy as np
    >>> shown("vae"), shown(np.zeros((2, 3))), shown(object())
    ("'vae'", 'an array of shape (2, 3)', 'an object')
    >>> shown(list(range(100)))
    '[0, 1, 2, 3, 4, 5, ...]'
    """
    if value is None or isinstance(value, str | bytes | numbers.Number | list | tuple | dict | set):
        return repr(value) if isinstance(value, str) else " ".join(reprlib.repr(value).split())
    if getattr(value, "shape", ()):
        return f"an array of shape {tuple(value.shape)}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def nearest(name, choices):
    """A hint for an error: the valid name nearest to a wrong one, or all of them.

    >>> nearest("dcgn", ["dcgan", "vae"])
    "did you mean 'dcgan'?"
    >>> nearest("fid", ["ssim", "classifier_fid"])
    "did you mean 'classifier_fid'?"
    >>> nearest("rate", ["name", "learning_rate"])
    "did you mean 'learning_rate'?"
    """
    choices = list(choices)
    path = str(name)
    spelt = {choice.casefold(): choice for choice in choices}
    name = str(name).casefold()
    parts = [choice for word, choice in spelt.items() if len(name) > 2 and name in word.split("_")]
    last = [choice for choice in parts if choice.casefold().endswith(f"_{name}")]
    alike, near = (
        [spelt[match] for match in difflib.get_close_matches(name, spelt, n=1, cutoff=cutoff)] for cutoff in (0.8, 0.5)
    )
    matches = alike or (last if len(last) == 1 else near or parts)
    if "/" in path and os.path.exists(path):
        return f"this {'folder' if os.path.isdir(path) else 'file'} exists, but is not one."
    if matches:
        return f"did you mean {matches[0]!r}?"
    if "/" in name:
        return "there is no such file or folder."
    return "valid are " + ", ".join(choices) + "." if choices else "none is valid."


def duration(seconds):
    """Seconds as text of two digits or so.

    >>> [duration(each) for each in (0.2, 59.9, 600, 86400)]
    ['1 s', '60 s', '10 min', '24 h']
    """
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours = minutes / 60
    return f"{hours:.1f} h" if hours < 10 else f"{hours:.0f} h"
