"""Errors of checks inside a graph, as one sentence."""

import contextlib
import re

import tensorflow as tf


@contextlib.contextmanager
def sentences_of_the_graph():
    """Turns the error of a check inside the graph into a `ValueError` of its sentence alone."""
    try:
        yield
    except TypeError as error:
        if "output_signature" not in str(error):
            raise
        raise ValueError(
            "Expected batches whose parts are arrays, or tuples of arrays. Received: a part that is a list"
        ) from error
    except ValueError as error:  # Keras puts the sentence of `call` in bold, among lines of its own
        sentence = re.search("\x1b\\[1m(Expected .*)\x1b\\[0m", str(error))
        if sentence is None:
            raise
        raise ValueError(sentence.group(1)) from error
    except tf.errors.InvalidArgumentError as error:
        if "did not match the expected structure" in str(error):
            raise ValueError(
                "Expected batches of one structure, each part of them an array. Received: batches that differ from the "
                "first one, or a part that is None: leave it out"
            ) from error
        shapes = re.search(r"yielded an element of shape (\(.*?\)) where an element of shape (\(.*?\)) was", str(error))
        if shapes:  # a PyDataset, whose first batches tell Keras the shapes
            raise ValueError(
                f"Expected batches of shape {shapes.group(2)}. Received: shape {shapes.group(1)}"
            ) from error
        # Of `keras_genzoo.families.checks.of_shape`, whose assertion may be told after it.
        shapes = re.search(
            r"Shape of tensor \S+ \[(.*?)\] is not compatible with expected shape \[\?,(.*?)\]", str(error)
        )
        if shapes:
            received, expected = (each.replace(",", ", ") for each in shapes.groups())
            raise ValueError(f"Expected a shape (batch, {expected}). Received: shape ({received})") from error
        sentence = re.search(r"Expected [^\n]*Received:[^\n]*", str(error))
        if sentence is None:
            raise
        raise ValueError(sentence.group().rstrip("]").replace("] [", " ")) from error  # its parts are in brackets
