"""Editing by the gradients of a classifier: codes move until an image shows what is asked for, and little else changes.

Only codes move, never weights. The gradient of a classifier's loss says how a code must change; a penalty holds
measures of the image, or other outputs of the classifier, which would change along with the wanted one where they occur
together in the data; and after each step, codes return to where the prior has its mass.
"""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo.latent.classifier_checks import check_gradient
from keras_genzoo.latent.classifier_view import ClassifierView
from keras_genzoo.latent.codes import (
    check_codes,
    check_movable,
    check_smooth,
    conditions_of,
    decode,
    on_shell,
    prior_scale,
    sample,
)
from keras_genzoo.latent.measures import MEASURES, measured
from keras_genzoo.utils.checks import check_at_least, is_number
from keras_genzoo.utils.text import counted

BETA_1, BETA_2, EPSILON = 0.9, 0.99, 1e-8
NEARBY = 0.5  # standard deviation of what is added to a code for the second attempt, in those of the prior
CANDIDATES = 32  # draws of the prior, of which the best one begins the last attempt
SPREAD_SAMPLES = 200


class Edited(NamedTuple):
    """Codes before and after an edit, and what it did.

    Fields:
        z: float32 `(n, latent_dim)`: the codes after the edit.
        images: The images of these codes, as `keras_genzoo.latent.decode` gives them.
        before: Dict of float32 arrays `(n,)` by feature: `"target"`, the probability that the classifier gives to what
            was asked for, and each one that was held.
        after: The same after the edit.
        reached: Booleans `(n,)`: whether the probability is at least the confidence that was asked for.
    """

    z: np.ndarray
    images: np.ndarray
    before: dict
    after: dict
    reached: np.ndarray

    def __repr__(self):
        return f"<Edited: {counted(len(self.z), 'codes')}, {self.reached.mean():.1%} reached>"

    def table(self):
        """Mean of each feature before and after, and the mean distance between the two: a list of rows.

        Returns:
            List of tuples `(feature, before, after, mean absolute change)`.
        """
        return [
            (name, float(first.mean()), float(self.after[name].mean()), float(np.abs(self.after[name] - first).mean()))
            for name, first in self.before.items()
        ]


def edit(
    model,
    classifier,
    z,
    target,
    hold=("slant", "brightness"),
    hold_weight=None,
    confidence=0.9,
    steps=200,
    learning_rate=0.1,
    from_logits=True,
    exclusive=True,
    batch_size=100,
    **conditions,
):
    """Moves codes so that a classifier sees `target` in their images.

    Args:
        model: A model with codes.
        classifier: A model of the zoo (`classifier`), or a Keras model or function, from float images in [0, 1],
            `(n, height, width, channels)`, to outputs `(n, outputs)`, of TensorFlow operations that have a gradient.
        z: Codes `(n, latent_dim)`, for example of `keras_genzoo.latent.sample`.
        target: Number of the output that is asked for, one for all codes or one each, `(n,)`.
        hold: What is to stay: names of measures (see `keras_genzoo.latent.measure`), or `"outputs"` for all other
            outputs of a classifier of independent features. An empty list holds nothing.
        hold_weight: Weight of the penalty: the mean squared change of what is held, in standard deviations over the
            prior; `None` for 1.
        confidence: Probability of the target that is asked for, in (0, 1). The classifier's loss ends half-way from it
            to 1; from there on, a code moves only to regain what is held.
        steps: Steps of Adam, at least 1. Codes that miss the confidence have two more attempts, from a code nearby,
            and from the best of 32 draws of the prior.
        learning_rate: Length of the first step of each element, in standard deviations of the prior; it falls to zero
            along a cosine.
        from_logits: Whether the classifier gives logits; `False` for probabilities.
        exclusive: Whether one of the outputs is true, as of classes (softmax); `False` for independent features, each
            true or not (sigmoid).
        batch_size: Codes that move at once, at least 1.
        **conditions: As for `generate`.

    Returns:
        `Edited`.

    Raises:
        ValueError: If an argument is out of its range, or codes, classifier and model do not fit each other.

    Example:

    >>> import keras_genzoo
    >>> from keras_genzoo import latent
    >>> model = keras_genzoo.build("dcgan", weights="mnist")
    >>> classifier = keras_genzoo.build("classifier", weights="mnist")
    >>> edited = latent.edit(model, classifier, latent.sample(model, 4), target=3, steps=50)
    >>> edited.images.shape, sorted(edited.before)
    ((4, 28, 28, 1), ['brightness', 'slant', 'target'])
    """
    check_movable(model)
    check_smooth(model)
    z = check_codes(model, z)
    check_at_least(1, steps=steps, batch_size=batch_size)
    hold = _check_hold(hold, exclusive)
    hold_weight = _check_numbers(hold, hold_weight, confidence, learning_rate)
    view = ClassifierView(model, classifier, from_logits, exclusive)
    check_gradient(view)
    target = view.targets(target, len(z))
    given = conditions_of(model, len(z), conditions)
    mover = Mover(model, view, hold, float(hold_weight), float(confidence), float(learning_rate))
    mover.measure_spread(target, given, batch_size)
    before = mover.features(z, target, given, batch_size)
    moved = mover.moved(z, z, target, given, steps, batch_size)
    after = mover.features(moved, target, given, batch_size)
    for begin in (_nearby, _best_draws):  # some get stuck
        missed = np.flatnonzero(after["target"] < confidence)
        if len(missed):
            _try_again(mover, missed, z, target, given, steps, batch_size, begin, moved, after)
    images = decode(model, moved, batch_size, **given)
    features = [mover.named(each) for each in (before, after)]
    return Edited(moved, images, *features, after["target"] >= confidence)


def _nearby(mover, z, target, conditions, batch_size):
    """Codes near those of `z`, to begin an attempt with."""
    noise = np.random.default_rng(1).standard_normal((1, z.shape[1]), "float32")  # equal codes move alike
    return ops.convert_to_numpy(on_shell(mover.model, z + NEARBY * mover.scale * noise, z))


def _best_draws(mover, z, target, conditions, batch_size):
    """For each code of `z`, the draw of the prior with the least loss, to begin an attempt with."""
    goal = mover.features(z, target, conditions, batch_size)["held"]
    draws, rows = sample(mover.model, CANDIDATES, seed=1), np.repeat(np.arange(len(z)), CANDIDATES)
    given = {key: each[rows] for key, each in conditions.items()}
    found = mover.features(np.tile(draws, (len(z), 1)), target[rows], given, batch_size)
    log_probability = np.log(np.maximum(found["target"], np.float32(1e-30)))
    losses = np.asarray(mover.losses(log_probability, found["held"], goal[rows], mover.spread))
    return draws[losses.reshape(len(z), CANDIDATES).argmin(axis=1)]


def _try_again(mover, missed, z, target, conditions, steps, batch_size, beginning, moved, after):
    """Moves some codes once more, from another beginning, and keeps what is better in `moved` and `after`."""
    given = {key: each[missed] for key, each in conditions.items()}
    begin = beginning(mover, z[missed], target[missed], given, batch_size)
    again = mover.moved(begin, z[missed], target[missed], given, steps, batch_size)
    found = mover.features(again, target[missed], given, batch_size)
    better = found["target"] > after["target"][missed]
    moved[missed[better]] = again[better]
    for key, values in after.items():
        values[missed[better]] = found[key][better]


class Mover:
    """Moves codes by Adam; what is held, and how, is fixed."""

    def __init__(self, model, view, hold, hold_weight, confidence, learning_rate):
        self.model, self.view, self.hold = model, view, hold
        self.measures = [name for name in hold if name != "outputs"]
        self.scale = prior_scale(model)
        self.hold_weight, self.learning_rate = hold_weight, learning_rate * self.scale
        self.goal = float(np.log(0.5 + 0.5 * confidence))  # of the log-probability: half-way to certainty
        self.spread = None
        # Of their own, and not kept with the model: a classifier may be any function.
        self.run_seen, self.run_step = (tf.function(each, reduce_retracing=True) for each in (self.seen, self.step))

    def held(self, images, logits, target):
        """What is to stay, `(n, features)`."""
        parts = [measured(images, self.measures)] if self.measures else []
        if "outputs" in self.hold:
            others = 1.0 - ops.one_hot(target, self.view.num_outputs, dtype="float32")
            parts.append(ops.sigmoid(logits) * others)
        return ops.concatenate(parts, axis=-1) if parts else ops.zeros((ops.shape(images)[0], 1))

    def seen(self, z, target, conditions):
        """Log-probability of the targets and what is held, of codes."""
        images = self.model.images_from_codes(z, **conditions)
        logits = self.view.logits(images)
        return self.view.log_probability(logits, target), self.held(images, logits, target)

    def measure_spread(self, target, conditions, batch_size):
        """Sets the standard deviations of what is held over the prior, and at least a hundredth."""
        z = sample(self.model, SPREAD_SAMPLES)
        rows = np.arange(SPREAD_SAMPLES) % len(target)
        given = {key: values[rows] for key, values in conditions.items()}
        self.spread = np.maximum(self.features(z, target[rows], given, batch_size)["held"].std(axis=0), 0.01)

    def features(self, z, target, conditions, batch_size):
        """Dict of `target`, probabilities `(n,)`, and `held` `(n, features)`."""
        found = []
        for first in range(0, len(z), batch_size):
            part = slice(first, first + batch_size)
            given = {key: tf.constant(each[part]) for key, each in conditions.items()}
            found.append([np.asarray(x) for x in self.run_seen(tf.constant(z[part]), tf.constant(target[part]), given)])
        log_probability, held = (np.concatenate(column) for column in zip(*found, strict=True))
        return {"target": np.exp(log_probability), "held": held}

    def named(self, features):
        """The same with one entry for each measure."""
        found = {"target": features["target"]}
        found |= {name: features["held"][:, number] for number, name in enumerate(self.measures)}
        if "outputs" in self.hold:
            others = features["held"][:, len(self.measures) :]
            found |= {f"output {number}": others[:, number] for number in range(others.shape[1])}
        return found

    def moved(self, begin, z, target, conditions, steps, batch_size):
        """Codes after steps from `begin` that hold what the images of `z` show: float32 array of the shape of `z`."""
        spread, parts = tf.constant(self.spread, tf.float32), []
        for first in range(0, len(z), batch_size):
            part = slice(first, first + batch_size)
            start, wanted = tf.constant(z[part]), tf.constant(target[part])
            given = {key: tf.constant(each[part]) for key, each in conditions.items()}
            _, goal = self.run_seen(start, wanted, given)
            state = [tf.constant(begin[part]), tf.zeros_like(start), tf.zeros_like(start)]
            for number in range(steps):
                share = tf.constant(0.5 + 0.5 * math.cos(math.pi * number / steps), tf.float32)
                state = self.run_step(*state, tf.constant(number + 1.0), share, start, wanted, goal, spread, given)
            parts.append(np.asarray(state[0]))
        return np.concatenate(parts)

    def losses(self, log_probability, held, goal, spread):
        """What each code is to minimize, `(n,)`: the log-probability that is missing, and the change of the held."""
        change = ops.mean(ops.square((held - goal) / spread), axis=-1)
        return ops.relu(self.goal - log_probability) + self.hold_weight * change

    def step(self, z, mean, square, number, share, start, target, goal, spread, conditions):
        """One step of Adam, of a share of the learning rate, and back to the shell of the prior."""
        with tf.GradientTape() as tape:
            tape.watch(z)
            log_probability, held = self.seen(z, target, conditions)
            loss = ops.sum(self.losses(log_probability, held, goal, spread))
        gradient = tape.gradient(loss, z)
        mean = BETA_1 * mean + (1.0 - BETA_1) * gradient
        square = BETA_2 * square + (1.0 - BETA_2) * ops.square(gradient)
        scale = ops.sqrt(square / (1.0 - BETA_2**number)) + EPSILON
        z = z - share * self.learning_rate * mean / (1.0 - BETA_1**number) / scale
        return on_shell(self.model, z, start), mean, square


def _check_hold(hold, exclusive):
    if not isinstance(hold, (list, tuple)) or not all(isinstance(name, str) for name in hold):
        raise ValueError(f"Expected hold as a list of names. Received: hold={hold!r}")
    known = (*MEASURES, "outputs")
    for name in hold:
        if name not in known:
            raise ValueError(f"Expected hold of {', '.join(map(repr, known))}. Received: {name!r}")
    if "outputs" in hold and exclusive:
        raise ValueError(
            "Expected no 'outputs' in hold where one class excludes the others; exclusive=False is for independent "
            "features. Received: exclusive=True"
        )
    if len(set(hold)) < len(hold):
        raise ValueError(f"Expected each name of hold once. Received: hold={hold!r}")
    return tuple(hold)


def _check_numbers(hold, hold_weight, confidence, learning_rate):
    """The weight of what is held."""
    if hold_weight is not None and not hold:
        raise ValueError(f"Expected no hold_weight: hold is empty. Received: hold_weight={hold_weight!r}")
    hold_weight = 1.0 if hold_weight is None else hold_weight
    if not is_number(hold_weight) or not 0.0 <= hold_weight < np.inf:
        raise ValueError(f"Expected hold_weight of at least 0. Received: hold_weight={hold_weight!r}")
    if not is_number(confidence) or not 0.0 < confidence < 1.0:
        raise ValueError(f"Expected confidence in (0, 1). Received: confidence={confidence!r}")
    if not is_number(learning_rate) or not 0.0 < learning_rate < np.inf:
        raise ValueError(f"Expected learning_rate above 0. Received: learning_rate={learning_rate!r}")
    return hold_weight
