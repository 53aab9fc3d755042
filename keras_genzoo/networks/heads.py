"""Further outputs of a discriminator, from the features that its logit is made from."""

import keras
from keras import layers

from keras_genzoo.layers import MinibatchStdDev


def with_heads(network, heads):
    """A discriminator with further outputs, which share all its layers but the last one.

    Args:
        network: Functional model with one output from a layer `logits`: see `conv_discriminator`.
        heads: Function from the symbolic features `(batch, n)`, the input of that layer, to a dict of symbolic outputs
            by name. What tells the logit about the whole batch is left out: they are of each image by itself.

    Returns:
        Functional `keras.Model` of the same inputs -> dict of `logits` and those outputs.
    """
    features = _of_each_image(network.get_layer("logits").input)
    return keras.Model(network.input, {"logits": network.output, **heads(features)}, name=network.name)


def _of_each_image(features):
    """The features without a deviation over the batch that was appended at the end."""
    last = features._keras_history.operation
    if isinstance(last, MinibatchStdDev):
        return last.input[0] if isinstance(last.input, list) else last.input
    before = last.input._keras_history.operation if isinstance(last, layers.Flatten) else None
    return layers.Flatten(dtype=last.dtype_policy)(before.input) if isinstance(before, MinibatchStdDev) else features
