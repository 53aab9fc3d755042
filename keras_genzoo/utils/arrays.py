"""What a user passes as an array: nothing of it is missing, and it is one."""

import numpy as np

_NOT_DENSE = ("SparseTensor", "IndexedSlices", "RaggedTensor")  # by name, because this file does not import TensorFlow


def check_dense(values, name):
    """Raises `ValueError` if values, or the items of a list of them, are sparse, ragged or masked.

    NumPy and TensorFlow drop a mask silently, and take what is below it as values.

    Args:
        values: Array, tensor or list; anything else passes.
        name: Name of the values in the error message.

    Example:

    >>> check_dense([1, 2], "labels")
    """
    for part in values if isinstance(values, (list, tuple)) else (values,):
        if type(part).__name__ in _NOT_DENSE:
            raise ValueError(f"Expected {name} as an array or a dense tensor. Received: a {type(part).__name__}")
        if isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part):
            raise ValueError(
                f"Expected {name} without masked values (fill them with .filled(value), or leave their rows out). "
                f"Received: {np.ma.count_masked(part)} masked"
            )


def as_array(values, name):
    """Values as a NumPy array; raises `ValueError` if they are sparse, ragged or masked, or lists of several lengths.

    >>> as_array([[1, 2], [3, 4]], "features").shape
    (2, 2)
    """
    check_dense(values, name)
    try:
        return np.asarray(values)
    except ValueError:  # of NumPy, about inhomogeneous parts
        raise ValueError(f"Expected {name} as one array. Received: parts of different shapes") from None


def real_rows(values, length, name, owner=""):
    """Rows of finite numbers as a float32 array `(n, length)`, or raises `ValueError`.

    Args:
        values: Array, tensor or list.
        length: Numbers in a row.
        name: Name of the values in the error message.
        owner: What they are, for the same.

    Example:

    >>> real_rows([[1, 2], [3, 4]], 2, "z").dtype
    dtype('float32')
    """
    values = as_array(values, name)
    if values.ndim != 2 or values.shape[1] != length or values.dtype.kind not in "fiu":
        raise ValueError(
            f"Expected {name} as numbers of shape (n, {length}){owner}. "
            f"Received: {values.dtype} of shape {values.shape}"
        )
    with np.errstate(over="ignore"):
        values = values.astype("float32")
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        raise ValueError(f"Expected {name} as finite numbers. Received: {wrong} that are not")
    return values


def check_range(values, sentence, limit):
    """Raises `ValueError` unless all values are at most `limit` in size; the sentence ends with "values outside"."""
    if not np.size(values):
        return
    low, high = float(values.min()), float(values.max())
    if not (low >= -limit and high <= limit):  # False for NaN, too
        raise ValueError(sentence.replace("values outside", f"values from {low:g} to {high:g}"))
