"""Texts of error messages."""

import difflib


def nearest(name, choices):
    """A hint for an error: the valid name nearest to a wrong one, or all of them.

    >>> nearest("dcgn", ["dcgan", "vae"])
    "did you mean 'dcgan'?"
    """
    choices = list(choices)
    matches = difflib.get_close_matches(str(name), choices, n=1, cutoff=0.5)
    if matches:
        return f"did you mean {matches[0]!r}?"
    return "valid are " + ", ".join(choices) if choices else "none is valid"
