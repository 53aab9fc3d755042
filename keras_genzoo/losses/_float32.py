"""Losses are computed in float32 for inputs of any dtype."""

from keras import ops


def float32(*tensors):
    """Tuple of the tensors in float32."""
    return tuple(ops.cast(tensor, "float32") for tensor in tensors)
