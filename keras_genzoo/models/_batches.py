"""Functions of a model, compiled once and run over arrays of any length in passes of bounded memory."""

import keras
import numpy as np
import tensorflow as tf

from keras_genzoo.checks import check_at_least


class RunsInBatches:
    """Gives a model its compiled functions."""

    def compiled_function(self, key, function, **kwargs):
        """`function` as a `tf.function`, traced once a kind of input and kept for this model."""
        # Past Keras' tracking: nothing of it belongs into a saved file.
        functions = self.__dict__.setdefault("_functions", {})
        if key not in functions:
            functions[key] = tf.function(function, reduce_retracing=True, **kwargs)
        return functions[key]

    def in_batches(self, key, function, batch_size, *arrays):
        """Results of a compiled function of parts of arrays.

        Args:
            key: Name under which the compiled function is kept.
            function: Takes as many tensors as there are arrays; gives tensors of as many rows, in any structure.
            batch_size: Rows in one pass, at least 1.
            *arrays: Arrays of equal length, the first of which says how many rows there are; `None` and scalars are
                handed on as they are.

        Returns:
            List of what the function gives for each part, as NumPy arrays.
        """
        check_at_least(1, batch_size=batch_size)
        arrays = [None if x is None else np.asarray(x) for x in arrays]
        given = [x for x in arrays if x is not None]
        # Traced once for all lengths of a part.
        specs = [tf.TensorSpec((None, *x.shape[1:]) if x.ndim else (), x.dtype) for x in given]
        key = " ".join([key, *("none" if x is None else x.dtype.name for x in arrays)])

        def call(*tensors):
            left = iter(tensors)
            return function(*(None if x is None else next(left) for x in arrays))

        run, parts = self.compiled_function(key, call, input_signature=specs), []
        for first in range(0, len(arrays[0]), batch_size):
            cut = [x[first : first + batch_size] if x.ndim else x for x in given]
            parts.append(keras.tree.map_structure(np.asarray, run(*cut)))
        return parts
