"""Between classes: mixtures of them as weights, paths through several, and the images along such a path."""

import numpy as np

from keras_genzoo.families.class_weights import checked_for_generation
from keras_genzoo.families.conditions import ClassCondition
from keras_genzoo.latent.codes import check_has_codes, conditions_of, decode, sample
from keras_genzoo.utils.checks import check_at_least, check_flag, is_number


def class_weights(model, weights, num=1, name=None):
    """A mixture of classes for some images, as `generate`, `decode` and `latent.decode` take it in place of labels.

    Args:
        model: A model with classes.
        weights: Dict of weights by class, number or name: `{3: 0.5, 8: 0.5}` is halfway between a 3 and an 8. They are
            at least 0, and 1 together.
        num: Number of images, at least 1.
        name: Name of the condition; `None` for `labels`, or the first condition that is a class.

    Returns:
        float32 NumPy array `(num, num_classes)`.

    Raises:
        ValueError: If the model has no such classes, or the weights do not fit.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("cgan", image_shape=(8, 8, 1), latent_dim=4, base_filters=4)
    >>> between = keras_genzoo.latent.class_weights(model, {3: 0.5, 8: 0.5}, num=2)
    >>> model.generate(2, seed=0, labels=between).shape
    (2, 8, 8, 1)
    """
    check_at_least(1, num=num)
    condition = class_condition(model, name)
    if not isinstance(weights, dict) or not weights or not all(is_number(each) for each in weights.values()):
        raise ValueError(
            f"Expected weights as a dict of numbers by class, such as {{0: 0.5, 1: 0.5}}. Received: {weights!r}"
        )
    numbers = condition.check(list(weights), len(weights))
    if len(set(numbers.tolist())) < len(numbers):
        raise ValueError(f"Expected each class once. Received: {weights!r}")
    row = np.zeros(condition.num_classes, "float32")
    row[numbers] = list(weights.values())
    return checked_for_generation(condition, np.tile(row, (num, 1)), num)


def class_path(model, classes, steps=16, closed=False, name=None):
    """Mixtures along a path through classes, in even steps from each to the next.

    Args:
        model: A model with classes.
        classes: Numbers or names of at least two classes.
        steps: Mixtures from each class up to the next one, at least 1.
        closed: Whether the path returns to its beginning, for a clip that repeats.
        name: As for `class_weights`.

    Returns:
        float32 NumPy array `(mixtures, num_classes)`: `(n - 1) * steps + 1` of them, or `n * steps` of a closed path,
        which leaves out the first class at its end.

    Raises:
        ValueError: If the model has no such classes, or there are fewer than two.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("cgan", image_shape=(8, 8, 1), num_classes=3, base_filters=4)
    >>> keras_genzoo.latent.class_path(model, [0, 2], steps=2).tolist()
    [[1.0, 0.0, 0.0], [0.5, 0.0, 0.5], [0.0, 0.0, 1.0]]
    """
    check_at_least(1, steps=steps)
    check_flag(closed=closed)
    condition = class_condition(model, name)
    numbers = condition.check(classes, None)
    if len(numbers) < 2:
        raise ValueError(f"Expected at least two {condition.name} to go through. Received: {len(numbers)}")
    points = np.eye(condition.num_classes, dtype="float32")[numbers]
    starts, ends = (points, np.roll(points, -1, axis=0)) if closed else (points[:-1], points[1:])
    part = np.linspace(0.0, 1.0, steps, endpoint=False, dtype="float32")[None, :, None]
    mixtures = (starts[:, None] * (1.0 - part) + ends[:, None] * part).reshape(-1, condition.num_classes)
    return mixtures if closed else np.concatenate([mixtures, points[-1:]])


def interpolate_classes(
    model, classes, num=1, steps=8, seed=0, start=0, closed=False, name=None, batch_size=64, **conditions
):
    """Images on the way through classes: each row has one code, and so one style where the model separates the two.

    Args:
        model: A model with codes and classes, such as `cgan`, `cvae` or `infogan`.
        classes: Numbers or names of at least two classes.
        num: Number of rows, at least 1: row i has code `start + i` of the collection `seed`.
        steps: Images from each class to the next one, both included, at least 2.
        seed: Integer: see `generate`.
        start: Index of the first code, at least 0.
        closed: As for `class_path`.
        name: As for `class_weights`.
        batch_size: Images in one pass through the network, at least 1.
        **conditions: Other conditions, as for `generate`: one value for each row.

    Returns:
        uint8 NumPy array `(num, images, height, width, channels)`.

    Raises:
        ValueError: If the model has no codes or classes, or an argument is out of its range.

    Example:

    >>> import keras_genzoo
    >>> model = keras_genzoo.build("cvae", image_shape=(8, 8, 1), latent_dim=2, base_filters=4)
    >>> keras_genzoo.latent.interpolate_classes(model, [3, 8], num=2, steps=5).shape
    (2, 5, 8, 8, 1)
    """
    check_has_codes(model)
    check_at_least(2, steps=steps)
    mixtures = class_path(model, classes, steps - 1, closed, name)
    chosen, codes = class_condition(model, name).name, sample(model, num, seed, start)
    if chosen in conditions:
        raise ValueError(f"Expected no {chosen}: each row goes through classes. Received: {chosen} as well")
    others = conditions_of(model, num, conditions, seed, start)
    given = {key: np.repeat(values, len(mixtures), axis=0) for key, values in others.items() if key != chosen}
    given[chosen] = np.tile(mixtures, (num, 1))
    images = decode(model, np.repeat(codes, len(mixtures), axis=0), batch_size, **given)
    return images.reshape(num, len(mixtures), *model.image_shape)


def class_condition(model, name=None):
    """The condition of a model that is a class: that of a name, or `labels`, or the first one.

    Raises:
        ValueError: If the model has none.
    """
    known = {each.name: each for each in getattr(model, "conditions", ()) if isinstance(each, ClassCondition)}
    if name is None and known:
        name = "labels" if "labels" in known else next(iter(known))
    if name not in known:
        takes = f"which takes {', '.join(known)}" if known else "which takes none"
        wanted = "classes" if name is None else f"classes {name!r}"
        raise ValueError(f"Expected a model that takes {wanted}. Received: {type(model).__name__}, {takes}")
    return known[name]
