"""Further outputs of a discriminator, from the features that its logit is made from."""

import keras


def with_heads(network, heads):
    """A discriminator with further outputs, which share all its layers but the last one.

    Args:
        network: Functional model with one output from a layer `logits`: see `conv_discriminator`.
        heads: Function from the symbolic features `(batch, n)`, the input of that layer, to a dict of symbolic outputs
            by name.

    Returns:
        Functional `keras.Model` of the same inputs -> dict of `logits` and those outputs.
    """
    features = network.get_layer("logits").input
    return keras.Model(network.input, {"logits": network.output, **heads(features)}, name=network.name)
