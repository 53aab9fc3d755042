"""Names of layers that do not depend on what else a process has built."""

import re


def layer_names(layers):
    """Names of layers, in their order.

    Keras numbers the layers without a name of their own over all networks of a process. Here they are numbered within
    the network, as if it were the first one: `dense`, `dense_1`, `conv2d`. Names that were given to layers stay.

    Example:

    >>> import keras
    >>> layer_names([keras.layers.Dense(1), keras.layers.Dense(1), keras.layers.ReLU(name="rectified")])
    ['dense', 'dense_1', 'rectified']
    """
    names, counts = [], {}
    for layer in layers:
        stem = re.sub(r"_\d+$", "", layer.name)
        if stem.replace("_", "") != type(layer).__name__.lower():  # a name of its own
            names.append(layer.name)
            continue
        number = counts[stem] = counts.get(stem, -1) + 1
        names.append(f"{stem}_{number}" if number else stem)
    return names
