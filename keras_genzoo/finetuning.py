"""Pretrained models for other data: what fits of their weights is kept, and parts of them can be frozen."""

import os
import re
from typing import NamedTuple

import keras

from keras_genzoo import building
from keras_genzoo.families import ZooModel
from keras_genzoo.networks import normalized_kernels
from keras_genzoo.networks.layer_names import layer_names
from keras_genzoo.utils.given_arguments import check_effects, known
from keras_genzoo.utils.text import nearest, shown

_SLICE = re.compile(r"(\w+)\[(-?\d*):(-?\d*)\]")


class Transferred(NamedTuple):
    """A model that keeps what fits of a pretrained one.

    Fields:
        model: The new model, compiled.
        rows: List of `(network, layer, shapes, kept)`, one for each layer with weights: names, the shapes of its
            weights, and whether these come from the pretrained model. Layers without a name of their own are numbered
            within their network. A weight outside of the networks, such as a mean of the prior of `mixture_vae`, has a
            row of its own, with the name of the model in place of a network's.
    """

    model: keras.Model
    rows: list

    def __repr__(self):
        kept = sum(row[-1] for row in self.rows)
        return f"<Transferred: {self.model.model_name}, {kept} of {len(self.rows)} layers kept>"


def transfer(parent, optimizers=None, **changes):
    """Builds a model for other data from a pretrained one: layers that match are kept, the others start anew.

    Layers of each network are matched in their order, by their kind and the shapes of their weights. With another size
    of the images, the layers near the image stay, and those of further resolutions are new; with other channels or
    classes, all but the layers that see them stay. Weights outside of the networks, such as a learned prior or a
    codebook, are matched by their names and shapes. A sampler that was fitted to codes is not kept: fit it to the new
    images.

    Kernels in front of a batch normalization have grown in the training. They return to the size that they began with,
    which changes no image, and learn as fast as new ones (https://arxiv.org/abs/1706.05350, section 2).

    Args:
        parent: Name, folder or address of a preset, or a model of the zoo, which is not changed.
        optimizers: As for `keras_genzoo.build`.
        **changes: Arguments of the model that differ from the parent's, for example `image_shape=(32, 32, 3)`,
            `num_classes=4` or, in training, `ema_decay=0.99`.

    Returns:
        `Transferred`: the `model`, and `rows` that say what was kept.

    Raises:
        ValueError: If there is no such preset or argument, or no layer matches.

    References:
        Wang et al., 2018, Transferring GANs: generating images from limited data, https://arxiv.org/abs/1805.01677.

    Example:

    >>> import keras_genzoo
    >>> done = keras_genzoo.transfer("dcgan_mnist", image_shape=(32, 32, 3))
    >>> done.model.generate(1, seed=0).shape, any(kept for *_, kept in done.rows)
    ((1, 32, 32, 3), True)
    """
    if not isinstance(parent, (ZooModel, str, os.PathLike)):
        raise ValueError(f"Expected a preset or a model of the zoo. Received: {shown(parent)}")
    source = parent if isinstance(parent, ZooModel) else building.from_preset(parent)
    building.check_optimizers(source.model_name, type(source), optimizers)
    changes = known(source.model_name, type(source).arguments(), changes)
    config = {key: value for key, value in source.get_config().items() if key not in ("name", "seed")}
    check_effects(type(source).arguments(), {**config, **changes}, changes)
    model = type(source).from_config({**config, **changes})
    old, networks, rows = networks_of(source), networks_of(model), []
    for name in old.keys() - networks.keys():  # the new model keeps no average: it takes the parent's as its network
        if name.startswith("ema_"):
            old[name.removeprefix("ema_")] = old[name]
    begun = {name: normalized_kernels.sizes(each) for name, each in networks.items() if not name.startswith("ema_")}
    for name, network in networks.items():
        if name in old:
            rows += [(name, *row) for row in _transferred(old[name], network)]
        elif name.removeprefix("ema_") in old:  # the parent keeps no average: it starts at the network
            network.set_weights(getattr(model, name.removeprefix("ema_")).get_weights())
    rows += _transferred_weights(source, model)
    if not any(row[-1] for row in rows):
        raise ValueError(
            f"Expected a model of which some layers match those of {source.model_name}. "
            f"Received: none that do, with {', '.join(changes) or 'the same arguments'}"
        )
    for name, sizes in begun.items():
        _restore_sizes(networks[name], networks.get(f"ema_{name}"), sizes)
    # Past Keras' tracking: nothing of it belongs into a saved file.
    model.__dict__["_started_anew"] = {f"{network}/{layer}" for network, layer, _, kept in rows if not kept}
    model.after_pretrained()
    model.compile(**(optimizers or {}))
    return Transferred(model, rows)


def _restore_sizes(network, average, sizes):
    """Gives normalized kernels the sizes that they began with; the average, if there is one, has the same factors."""
    factors = normalized_kernels.shrunk(network, sizes)
    for each in (network, average):
        if each is not None:
            normalized_kernels.scale(each, factors)


def networks_of(model):
    """Dict of the networks of a model by attribute, each with weights that no earlier one has."""
    found, seen = {}, set()
    for name, network in vars(model).items():
        if isinstance(network, keras.Model):
            own = {id(variable) for variable in network.weights}
            if own - seen:
                found[name] = network
            seen |= own
    return found


def _with_weights(network):
    return [layer for layer in network.layers if layer.weights]


def _signature(layer):
    return type(layer).__name__, tuple(tuple(weight.shape) for weight in layer.weights)


def _transferred(old, new):
    """Copies the weights of matching layers; returns `(layer, shapes, kept)` for each layer of the new network."""
    layers = _with_weights(new)
    pairs = dict(common_subsequence(*([_signature(layer) for layer in each] for each in (layers, _with_weights(old)))))
    sources, rows = _with_weights(old), []
    for number, layer in enumerate(layers):
        if number in pairs:
            layer.set_weights(sources[pairs[number]].get_weights())
        rows.append((_signature(layer)[1], number in pairs))
    return [(name, *row) for name, row in zip(layer_names(layers), rows, strict=True)]


def _transferred_weights(old, new):
    """Copies the matching weights outside of networks; returns their rows of `Transferred`."""
    left, rows = _outside(old), []
    for weight in _outside(new):
        same = [each for each in left if (each.name, each.shape) == (weight.name, weight.shape)][:1]
        for each in same:
            weight.assign(each)
            left = [other for other in left if other is not each]
        # Keras numbers layers and models over all of a process.
        owner, layer = (re.sub(r"_\d+$", "", name) for name in (new.name, weight.path.split("/")[-2]))
        name = weight.name if layer == owner else f"{layer}/{weight.name}"
        rows.append((new.model_name, name, (tuple(weight.shape),), bool(same)))
    return rows


def _outside(model):
    """The weights that no network has, in their order; not scalars that are not trained, which count steps.

    A fitted sampler is of the former codes.
    """
    samplers = [getattr(model, f"{kind}_sampler") for kind in getattr(model, "samplers", None) or ()]
    parts = [*networks_of(model).values(), *samplers]
    inside = {id(weight) for part in parts for weight in part.weights}
    left = [weight for weight in model.network_variables if id(weight) not in inside]
    return [weight for weight in left if weight.trainable or len(weight.shape)]


def common_subsequence(first, second):
    """Positions of the longest common subsequence of two lists, as pairs; of several, the one nearest to the ends.

    Example:

    >>> common_subsequence("abxcd", "bcyd")
    [(1, 0), (3, 1), (4, 3)]
    """
    lengths = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            longer = max(lengths[i][j + 1], lengths[i + 1][j])
            lengths[i + 1][j + 1] = lengths[i][j] + 1 if one == other else longer
    pairs, i, j = [], len(first), len(second)
    while i and j:
        if first[i - 1] == second[j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif lengths[i - 1][j] >= lengths[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


# -- freezing ---------------------------------------------------------------------------------------------------------


def freeze(model, *parts):
    """Freezes parts of networks: their weights and moving statistics stay as they are in training.

    Args:
        model: A model of the zoo that has not been trained since it was compiled.
        *parts: Each a slice of a network's blocks, `"discriminator[:3]"` (FreezeD: its first three) or
            `"generator[:-2]"` (all but its last two), or one layer, `"generator/dense"`. A block is a dense layer or a
            convolution with the normalization behind it. Layers have the names of `Transferred.rows`: those without a
            name of their own are numbered within their network, `dense`, `dense_1`.

    Returns:
        List of the names of the frozen layers, `"network/layer"`.

    Raises:
        ValueError: If the model is none of the zoo, a network or layer does not exist, a slice is empty, a layer has
            been started anew by `transfer`, an optimizer would be left without variables, or the model has been
            trained.

    References:
        Mo, Cho and Shin, 2020, Freeze the discriminator: a simple baseline for fine-tuning GANs,
        https://arxiv.org/abs/2002.10964.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dcgan", weights="mnist")
    >>> len(keras_genzoo.freeze(model, "discriminator[:2]"))
    3
    """
    if not isinstance(model, ZooModel):
        raise ValueError(f"Expected a model of the zoo, as keras_genzoo.build makes it. Received: {shown(model)}")
    if not parts or not all(isinstance(part, str) for part in parts):
        given = ", ".join(map(shown, parts)) or "none"
        raise ValueError(f"Expected parts to freeze, each an argument such as 'discriminator[:3]'. Received: {given}")
    for name in model.optimizer_names:
        steps = int(getattr(model, name).iterations)
        if steps:
            raise ValueError(
                f"Expected a model that is compiled anew before a part is frozen. Received: {name} after {steps} steps"
            )
    chosen = [layer for part in parts for layer in _chosen(model, part)]
    new = [name for name, _ in chosen if name in model.__dict__.get("_started_anew", ())]
    if new:
        raise ValueError(
            "Expected parts to freeze that are kept of the pretrained model. "
            f"Received: {', '.join(dict.fromkeys(new))}, of other shapes than there, which starts with random weights"
        )
    before = [layer.trainable for _, layer in chosen]
    for _, layer in chosen:
        layer.trainable = False
    empty = [name for name, variables in model.optimized_variables().items() if not variables]
    if empty:
        for (_, layer), trainable in zip(chosen, before, strict=True):
            layer.trainable = trainable
        raise ValueError(f"Expected {empty[0]} to keep variables to train. Received: {', '.join(map(repr, parts))}")
    # Optimizers are built for what is left.
    optimizers = {name: keras.optimizers.serialize(getattr(model, name)) for name in model.optimizer_names}
    model.compile(**optimizers, steps_per_execution=model.steps_per_execution)
    return list(dict.fromkeys(name for name, _ in chosen))


def _chosen(model, part):
    """The layers that a part names, as pairs of a name and a layer."""
    networks = {name: network for name, network in networks_of(model).items() if not name.startswith("ema_")}
    found = _SLICE.fullmatch(part)
    name, _, layer_name = (found[1], "", "") if found else part.partition("/")
    if name not in networks or not (found or layer_name):
        stem = name.partition("[")[0]
        hint = f"for example '{stem}[:2]'." if stem in networks else nearest(name, sorted(networks))
        raise ValueError(f"Expected a part as 'network[first:stop]' or 'network/layer'; {hint} Received: {part!r}")
    layers = _with_weights(networks[name])
    names = dict(zip(layer_names(layers), layers, strict=True))
    if found:
        start, stop = (int(bound) if bound else None for bound in found.groups()[1:])
        wanted = {id(layer) for block in blocks_of(networks[name])[start:stop] for layer in block}
    else:
        wanted = {id(names.get(layer_name))}
    chosen = [(f"{name}/{own}", layer) for own, layer in names.items() if id(layer) in wanted]
    if not chosen:
        raise ValueError(f"Expected some of the layers {', '.join(names)}. Received: {part!r}, which names none")
    return chosen


def blocks_of(network):
    """Lists of layers: each a layer with a kernel, and those with weights that follow it."""
    blocks = []
    for layer in _with_weights(network):
        has_kernel = any(len(weight.shape) > 1 for weight in layer.weights)
        if has_kernel or not blocks:
            blocks.append([])
        blocks[-1].append(layer)
    return blocks
