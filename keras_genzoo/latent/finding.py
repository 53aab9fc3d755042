"""Further directions in latent space: of what a classifier sees, of the first layer, and how much else they change."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo.families.batches import in_batches
from keras_genzoo.families.conditions import ClassCondition
from keras_genzoo.latent.classifier_view import ClassifierView
from keras_genzoo.latent.codes import check_codes, check_direction, check_movable, conditions_of, on_shell, sample
from keras_genzoo.latent.directions import Directions
from keras_genzoo.latent.measures import MEASURES, check_measures, measured
from keras_genzoo.utils.checks import check_at_least, is_number
from keras_genzoo.utils.record import Record

LEAST = 10  # codes on each side of the boundary of a class, and with each value of a condition


def find_direction(
    model, classifier, target, num_samples=2000, seed=0, from_logits=True, exclusive=True, batch_size=100, **conditions
):
    """The direction in which images come to show what a classifier calls `target`: the normal of a boundary of codes.

    Codes of the prior are labelled by the classifier, and a logistic regression (scikit-learn) separates those of the
    target from the others. The paper below takes a linear support vector machine, and of many codes only those of the
    highest and lowest scores.

    Args:
        model: A model with codes.
        classifier: As for `keras_genzoo.latent.edit`.
        target: Number of the output.
        num_samples: Codes that are labelled, at least 10.
        seed: Seed of the codes.
        from_logits: As for `edit`.
        exclusive: As for `edit`.
        batch_size: Images in one pass, at least 1.
        **conditions: As for `generate`; of a model with classes, one class for all codes (`labels=3`), because classes
            in turn, and not codes, would decide what the classifier sees.

    Returns:
        float32 NumPy array `(latent_dim,)` of length 1: `z + step * direction` shows more of the target.

    Raises:
        ValueError: If an argument is out of its range, or all codes show the target, or none, or the model takes
            classes that are not given, or that decide which codes show it.

    References:
        Shen, Gu, Tang and Zhou, 2020, Interpreting the latent space of GANs for semantic face editing,
        https://arxiv.org/abs/1907.10786, section 3.1.

    Example:

    >>> import keras_genzoo
    >>> from keras_genzoo import latent
    >>> model = keras_genzoo.build("dcgan", weights="mnist")
    >>> direction = latent.find_direction(model, keras_genzoo.build("classifier", weights="mnist"), 0, num_samples=200)
    >>> direction.shape
    (64,)
    """
    check_movable(model)
    view = ClassifierView(model, classifier, from_logits, exclusive)
    (target,) = view.targets(target, 1)
    z, found, given = seen_codes(model, view, num_samples, seed, batch_size, conditions)
    shown = found.argmax(axis=-1) == target if exclusive else found[:, target] > 0.0
    if shown.all() or not shown.any():
        raise ValueError(
            f"Expected codes with and without target={target} among {num_samples}. Received: "
            f"{'all' if shown.all() else 'none'} that show it"
        )
    return boundary(z, shown, given)


def seen_codes(model, view, num_samples, seed, batch_size, conditions):
    """Codes of the prior `(num_samples, latent_dim)`, the logits that a `ClassifierView` gives, and the conditions."""
    check_at_least(10, num_samples=num_samples)
    check_at_least(1, batch_size=batch_size)
    for each in model.conditions:
        if isinstance(each, ClassCondition) and conditions.get(each.name) is None:
            raise ValueError(
                f"Expected {each.name}, one class for all images: by default, each image has another, which decides "
                f"what the classifier sees. Received: {each.name}=None"
            )
    z = sample(model, num_samples, seed)
    given = conditions_of(model, num_samples, conditions, seed)
    parts = in_batches(model, "codes", model.images_from_codes, batch_size, z, **given)
    found = [ops.convert_to_numpy(view.logits(ops.convert_to_tensor(images))) for images in parts]
    return z, np.concatenate(found), given


def boundary(z, shown, conditions):
    """The normal of the plane between the codes that are `shown` and the others, float32 of length 1.

    Raises:
        ValueError: If a condition of few values says which codes are shown, so that codes do not.
    """
    from sklearn.linear_model import LogisticRegression

    for name, values in conditions.items():
        if _decides(values, shown):
            raise ValueError(
                f"Expected {name}, one class for all images. Received: several, which decide what the classifier sees"
            )
    normal = LogisticRegression(class_weight="balanced", max_iter=1000).fit(z, shown).coef_[0]
    return (normal / np.linalg.norm(normal)).astype("float32")


def _decides(values, shown):
    """Whether values of few kinds leave less than a tenth of the uncertainty about which codes are shown."""
    kinds, kind = np.unique(values, axis=0, return_inverse=True)
    if not 1 < len(kinds) <= len(shown) / LEAST:
        return False
    kind = kind.reshape(-1)
    share = (np.bincount(kind, shown) / np.bincount(kind))[kind]
    return np.minimum(share, 1.0 - share).mean() < 0.1 * min(shown.mean(), 1.0 - shown.mean())


def first_layer_directions(model, num=8, method="sefa", num_samples=2000, seed=0):
    """Directions of the first layer of the network that makes images, found without images and without labels.

    Args:
        model: A model with codes, whose network begins with a dense layer on the code.
        num: Number of directions, 1..latent_dim.
        method: `"sefa"`: those that the weights of the layer stretch most, in closed form (the authors' code first
            brings the weights of each unit to length 1, which is left out here); `"ganspace"`: those along which the
            features after its activation vary most over the prior, by a principal component analysis and a regression.
        num_samples: Codes of the analysis of `"ganspace"`, at least 10.
        seed: Seed of these codes.

    Returns:
        `Directions`: `vectors` `(num, latent_dim)` of length 1, and `eigenvalues`, of the matrix of the weights or
        variances of the activations. Those of `"sefa"` are orthogonal.

    Raises:
        ValueError: If an argument is out of its range, or the network has no such layer.

    References:
        Shen and Zhou, 2021, https://arxiv.org/abs/2007.06600, equation 6 (SeFa); Haerkoenen et al., 2020,
        https://arxiv.org/abs/2004.02546, section 2.2 (GANSpace).

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> keras_genzoo.latent.first_layer_directions(model, num=2).vectors.shape
    (2, 4)
    """
    check_movable(model)
    check_at_least(1, num=num)
    check_at_least(10, num_samples=num_samples)
    if num > model.latent_dim:
        raise ValueError(f"Expected num of at most latent_dim={model.latent_dim}. Received: num={num}")
    if method not in ("sefa", "ganspace"):
        raise ValueError(f"Expected method to be 'sefa' or 'ganspace'. Received: method={method!r}")
    if method == "ganspace" and num >= num_samples:
        raise ValueError(f"Expected num_samples above num={num}. Received: num_samples={num_samples}")
    if method == "sefa":
        kernel = _first_kernel(model)  # (latent_dim, units)
        eigenvalues, columns = np.linalg.eigh(kernel @ kernel.T)
        order = np.argsort(-eigenvalues, kind="stable")[:num]
        return Directions(_signed(columns.T[order]), np.maximum(eigenvalues[order], 0.0))
    z = sample(model, num_samples, seed)
    activations = _first_features(model, z, conditions_of(model, num_samples, {}, seed)).astype("float64")
    coordinates, variances = _principal_coordinates(activations, num)
    found = np.linalg.lstsq(coordinates, (z - z.mean(axis=0)).astype("float64"), rcond=None)[0]
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return Directions(_signed(found / np.maximum(lengths, 1e-12)), variances)


def _principal_coordinates(features, num):
    """The `num` leading principal coordinates of rows, each of variance 1, and the variances of the components."""
    features = features - features.mean(axis=0)
    samples, units = features.shape
    fewer = samples < units  # both products have the same eigenvalues, and the smaller one is much faster
    values, vectors = np.linalg.eigh((features @ features.T if fewer else features.T @ features) / samples)
    order = np.argsort(-values, kind="stable")[:num]
    values, vectors = np.maximum(values[order], 0.0), vectors[:, order]
    if fewer:
        return vectors * np.sqrt(samples), values
    return features @ vectors / np.sqrt(np.maximum(values, 1e-12)), values


def _first_dense(model):
    """The number, among the layers of the network that makes images, of a dense layer that the code goes into."""
    for number, layer in enumerate(model.generator_network.layers):
        if isinstance(getattr(layer, "layer", layer), keras.layers.Dense):  # in a wrapper, such as a normalization
            if layer.input.shape[-1] >= model.latent_dim:
                return number
            break
        if layer.weights:
            break
    raise ValueError(f"Expected a network that begins with a dense layer on the code. Received: {model.model_name}")


def _first_kernel(model):
    """Weights of the first dense layer on the code, `(latent_dim, units)`."""
    layer = model.generator_network.layers[_first_dense(model)]
    kernel = ops.convert_to_numpy(getattr(layer, "layer", layer).kernel)
    return kernel[: model.latent_dim].astype("float64")  # conditions follow the code


def _first_features(model, z, conditions):
    """What the first dense layer on the code gives after its activation, `(n, units)`."""
    network = model.generator_network
    dense, *others = network.layers[_first_dense(model) :]
    own = (
        getattr(getattr(dense, "layer", dense), "activation", keras.activations.linear) is not keras.activations.linear
    )
    kinds = (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.Activation)
    last = dense if own else next(layer for layer in others if isinstance(layer, kinds))
    first = keras.Model(network.inputs, last.output)
    given = {name: tf.convert_to_tensor(values) for name, values in conditions.items()}
    features = first(Record(z=tf.convert_to_tensor(z), **given).feed(network), training=False)
    return np.asarray(ops.cast(ops.reshape(features, (len(z), -1)), "float32"))


def _signed(vectors):
    """Rows whose element of largest magnitude is positive, float32."""
    largest = vectors[np.arange(len(vectors)), np.argmax(np.abs(vectors), axis=1)]
    return (vectors * np.sign(largest)[:, None]).astype("float32")


def walk(model, z, direction, distances):
    """Codes along a direction, on the shell of the prior.

    Args:
        model: A model with codes.
        z: Codes `(n, latent_dim)`.
        direction: `(latent_dim,)`.
        distances: Steps along it `(steps,)`, in units of z, standard deviations of a normal prior; 0 is `z`.

    Returns:
        float32 NumPy array `(n, steps, latent_dim)`.

    Raises:
        ValueError: If the codes or the direction have another length than the model's, or the direction is zero.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("dcgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> keras_genzoo.latent.walk(model, keras_genzoo.latent.sample(model, 2), [1, 0, 0, 0], [-1, 0, 1]).shape
    (2, 3, 4)
    """
    check_movable(model)
    z, direction = check_codes(model, z), check_direction(model, direction)
    distances = np.asarray(distances, "float32").reshape(-1)
    if not len(distances) or not np.isfinite(distances).all():
        raise ValueError(f"Expected distances as finite numbers, at least one. Received: {distances.tolist()}")
    moved = z[:, None] + distances[:, None] * direction  # (n, steps, latent_dim)
    like = np.broadcast_to(z[:, None], moved.shape)
    return ops.convert_to_numpy(on_shell(model, moved, like)).astype("float32")


def entanglement(model, directions, names=tuple(MEASURES), distance=1.0, num_samples=500, seed=0, batch_size=100):
    """How much of each measure of an image moves along each direction, in standard deviations over the prior.

    A direction is disentangled where one measure moves and the others stay.

    Args:
        model: A model with codes, of images.
        directions: `(directions, latent_dim)`, or one `(latent_dim,)`.
        names: Names of measures: see `keras_genzoo.latent.measure`.
        distance: Length of the step, in units of z: see `walk`. A number other than 0.
        num_samples: Codes from the prior, at least 2.
        seed: Seed of the codes.
        batch_size: Images in one pass, at least 1.

    Returns:
        Tuple of an array `(directions, names)`, mean absolute changes, and an array `(directions,)`: the share of all
        change that is not of the measure that moves most, in [0, 1): 0 is disentangled.

    Raises:
        ValueError: If an argument is out of its range, or a direction is zero.
    """
    check_at_least(2, num_samples=num_samples)
    check_measures(names)
    if not is_number(distance) or not 0.0 < abs(distance) < np.inf:
        raise ValueError(f"Expected distance as a number other than 0. Received: distance={distance!r}")
    model.values.check_images("measures of images")
    rows = enumerate(check_codes(model, directions, "directions"))
    directions = [check_direction(model, row, f"direction {number}") for number, row in rows]
    z = sample(model, num_samples, seed)
    given = conditions_of(model, num_samples, {}, seed)

    def of_codes(z, **conditions):
        return measured(model.images_from_codes(z, **conditions), names)

    def of(codes):
        key = f"measures {' '.join(names)}"
        return np.concatenate(in_batches(model, key, of_codes, batch_size, codes, **given))

    first = of(z)
    spread = first.std(axis=0) + 1e-9
    moved = [np.abs(of(walk(model, z, each, [distance])[:, 0]) - first).mean(axis=0) / spread for each in directions]
    changes = np.stack(moved)
    total = changes.sum(axis=1)
    return changes, np.where(total > 0, 1.0 - changes.max(axis=1) / np.maximum(total, 1e-12), 0.0)
