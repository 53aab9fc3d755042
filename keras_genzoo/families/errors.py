"""Errors of checks inside a graph, as one sentence."""

import contextlib
import re

import tensorflow as tf


@contextlib.contextmanager
def sentences_of_the_graph():
    """Turns the error of a check inside the graph into a `ValueError` of its sentence alone."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if "did not match the expected structure" in str(error):
            raise ValueError(
                "Expected batches of one structure, each part of them an array. Received: batches that differ from the "
                "first one, or a part that is None: leave it out"
            ) from error
        sentence = re.search(r"Expected [^\n]*Received: [^\n]*", str(error))
        if sentence is None:
            raise
        raise ValueError(sentence.group().rstrip("]")) from error
