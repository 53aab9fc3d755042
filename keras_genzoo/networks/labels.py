"""Labels as inputs of networks: one-hot vectors beside a code, or a plane of pixels beside an image."""

import keras
import numpy as np
from keras import layers, ops


def label_input(num_classes):
    """The input `label` of a network.

    Args:
        num_classes: Number of classes, or `None` for a network without labels.

    Returns:
        Tuple `(inputs, one_hot)`: a list of one symbolic int32 input `(batch,)` and its one-hot code
        `(batch, num_classes)`; `([], None)` without classes.
    """
    if num_classes is None:
        return [], None
    label = keras.Input((), dtype="int32", name="label")
    # Not ops.one_hot: a LiteRT file of 8 bits gives its ones the scale of what they are put beside, which changes them.
    return [label], ops.take(np.eye(num_classes, dtype="float32"), label, axis=0)


def beside_code(x, one_hot, dtype=None):
    """A code or features with the label behind: `(batch, d)` -> `(batch, d + num_classes)`; `x` without a label."""
    return x if one_hot is None else layers.Concatenate(dtype=dtype)([x, one_hot])


def beside_image(image, one_hot, dtype=None):
    """An image with a plane learned for its label as one more channel; `image` without a label.

    A label has no place in a picture, and a convolution sees places only: so each class gets a picture of its own.
    """
    if one_hot is None:
        return image
    height, width = image.shape[1:3]
    plane = layers.Dense(height * width, use_bias=False, dtype=dtype)(one_hot)  # (batch, height * width)
    plane = layers.Reshape((height, width, 1), dtype=dtype)(plane)
    return layers.Concatenate(dtype=dtype)([image, plane])


def network_of(main, labels, outputs, name):
    """A functional model of one main input, and the label beside it where there is one.

    Args:
        main: Symbolic main input.
        labels: List of label inputs, as `label_input` gives it.
        outputs: Symbolic output or dict of outputs.
        name: Name of the network.
    """
    return keras.Model([main, *labels] if labels else main, outputs, name=name)
