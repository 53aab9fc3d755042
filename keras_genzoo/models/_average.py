"""Moving averages of networks, which make better images than the networks of the last step."""

from keras import ops


def reset(pairs):
    """Sets averages to the present weights of their networks.

    Args:
        pairs: List of `(average, network)`, two models of one architecture.
    """
    for average, network in pairs:
        average.trainable = False
        average.set_weights(network.get_weights())


def update(pairs, decay, steps):
    """Moves averages towards their networks; early on faster, so that they forget the random start.

    Args:
        pairs: List of `(average, network)`.
        decay: Weight of the old average once there have been many steps, in [0, 1).
        steps: Variable that counts the updates.
    """
    steps.assign_add(1.0)
    decay = ops.minimum(decay, steps / (steps + 10.0))
    for average, network in pairs:
        for old, new in zip(average.weights, network.weights, strict=True):
            old.assign(old + (new - old) * ops.cast(1.0 - decay, new.dtype))
