"""What can be told of a classifier from its outputs: whether it takes images in 0..1, and gives what it is said to."""

import numpy as np
import tensorflow as tf
from keras import ops

from keras_genzoo.families.base import ZooModel
from keras_genzoo.latent.codes import decode, sample

FAR = 1e4  # pixels that take every unbounded output out of 0..1
ROUNDING = 1e-6  # of probabilities
# Of logits of probabilities: beyond, float32 knows them too coarsely.
EXCLUSIVE_LIMIT, INDEPENDENT_LIMIT = 60.0, 11.0


def probes(model):
    """Images that a classifier is tried on, float32 in [0, 1]: a dark one, a light one, noise, and eight of a model."""
    noise = np.random.default_rng(0).random((4, *model.image_shape), dtype="float32")
    noise[:2] = np.arange(2)[:, None, None, None]
    return np.concatenate([noise, decode(model, sample(model, 8)) / np.float32(255)])


def check_takes(model, classifier):
    """Raises `ValueError` unless a classifier, as far as its type and its inputs say, takes the images of a model."""
    if not callable(classifier):
        raise ValueError(f"Expected a classifier of images. Received: {type(classifier).__name__}")
    if isinstance(classifier, ZooModel) and (
        not hasattr(classifier, "predict_labels") or hasattr(classifier, "generate")
    ):
        raise ValueError(f"Expected a classifier of images. Received: a {classifier.model_name}")
    own = getattr(classifier, "image_shape", None)
    shape = tuple(own) if own else getattr(classifier, "input_shape", (None,))
    if not isinstance(shape, tuple):
        raise ValueError(f"Expected a classifier of images alone. Received: one of several inputs, {shape!r}")
    shape = shape if own else shape[1:]
    wanted = model.image_shape if shape else ()
    if len(shape) != len(wanted) or any(h not in (None, w) for h, w in zip(shape, wanted, strict=True)):
        raise ValueError(
            f"Expected a classifier of images of shape {model.image_shape}. Received: one of shape {tuple(shape)}"
        )


def check_outputs(outputs, num, exclusive):
    """Raises `ValueError` unless outputs are finite, for each of `num` images, and of at least two classes."""
    if len(outputs.shape) != 2 or outputs.shape[0] != num or outputs.shape[1] < (2 if exclusive else 1):
        least = "at least 2 classes" if exclusive else "features"
        raise ValueError(f"Expected a classifier that gives (n, outputs), {least}. Received: {tuple(outputs.shape)}")
    wrong = int((~np.isfinite(outputs).all(axis=-1)).sum())
    if wrong:
        raise ValueError(f"Expected finite outputs of the classifier. Received: others for {wrong} of {num} images")


def check_kind(view, images, outputs):
    """Raises `ValueError` if outputs are no logits where logits are said to be given, or no probabilities."""
    inside = not _outside(outputs)
    sums = outputs.sum(axis=-1)
    one = np.allclose(sums, 1.0, atol=1e-2)
    if view.from_logits:
        if isinstance(view.classifier, ZooModel) or not inside:
            return
        far = _beyond(view.outputs, [FAR * images, -FAR * images])
        # Logits of a few images, or that never change, may be in 0..1; for images of any size, only probabilities are,
        # and those of features come near to 0 or 1 there, if the classifier does not clip or normalize its images.
        seen = outputs if far is None else np.concatenate([outputs, *far])
        if _outside(seen):
            return
        if not (view.exclusive and one):
            bounded = far is not None and np.minimum(far, 1.0 - far).min() < 0.01
            if not bounded or np.ptp(seen, axis=0).max() < 0.1:
                return
        of_classes, given = " with the sum 1" * (view.exclusive and one), "from_logits=False"
        given += ", exclusive=False" * (view.exclusive and not one)
        raise ValueError(f"Expected logits, or {given}. Received: outputs in 0..1{of_classes}, of probabilities")
    if inside and view.exclusive and not one:
        raise ValueError(
            "Expected probabilities with the sum 1, or exclusive=False for independent features. "
            f"Received: sums of {sums.min():g} to {sums.max():g}"
        )
    if not inside:
        wanted = "probabilities in 0..1" + " with the sum 1" * view.exclusive
        raise ValueError(
            f"Expected {wanted}, or from_logits=True. Received: values {outputs.min():g}..{outputs.max():g}"
        )


def _outside(outputs):
    """Whether some outputs are outside of 0..1; those that are not finite tell nothing."""
    return bool(((outputs < -ROUNDING) | (outputs > 1.0 + ROUNDING)).any())


def _beyond(function, parts):
    """What a function gives for images out of their range, as an array; `None` from one that refuses them."""
    try:
        return np.stack([ops.convert_to_numpy(function(ops.convert_to_tensor(part))) for part in parts])
    except Exception:  # a classifier may be any function
        return None


def check_range(view, images):
    """Raises `ValueError` if a classifier surely takes images in 0..255: those in 0..1 are all black to it.

    Such a classifier gives images in 0..1 what it gives a black one, and tells images in 0..255 apart. So may an
    untrained one that takes 0..1; but far out of its range, a network is linear in the scale of its images, or gives
    the same for all scales, while a classifier in its range is neither.
    """
    logits = _beyond(view.logits, [images * np.float32(scale) for scale in (0.0, 1.0, 127.5, 255.0)])
    if logits is None or not np.isfinite(logits).all():
        return
    limit = np.inf if view.from_logits else EXCLUSIVE_LIMIT if view.exclusive else INDEPENDENT_LIMIT
    logits = logits[:, (np.abs(logits) < limit).all(axis=(0, 2))]
    if logits.shape[1] < 2:
        return
    if view.exclusive:
        logits = logits - logits.mean(axis=-1, keepdims=True)
    black, own, _, bytes_ = ops.convert_to_numpy(ops.softmax(logits) if view.exclusive else ops.sigmoid(logits))
    blind = np.abs(own - black).max() < 0.05 and np.ptp(bytes_, axis=0).max() > 0.5
    half, whole = logits[2:] - logits[0]
    size = np.linalg.norm(whole)
    linear, same = np.linalg.norm(whole - 2.0 * half) < 0.05 * size, np.linalg.norm(whole - half) < 0.15 * size
    if blind and not linear and not same:
        raise ValueError(
            "Expected a classifier of images in 0..1, such as lambda images: classifier(255.0 * images). Received: one "
            "of images in 0..255, which sees those in 0..1 as black"
        )


def check_gradient(view):
    """Raises `ValueError` unless the logits of a `ClassifierView` have a gradient with respect to its images."""
    images = tf.constant(view.images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = tf.convert_to_tensor(view.logits(images))
    # Of a sum with weights: without them, that of two opposite logits would be 0.
    gradient = tape.gradient(logits, images, tf.random.stateless_normal(logits.shape, (0, 0)))
    if gradient is None or (np.ptp(logits, axis=0).any() and not np.any(gradient)):
        found = "without a gradient" if gradient is None else "whose gradient is 0, though its outputs differ"
        raise ValueError(
            "Expected a classifier of TensorFlow operations whose outputs have a gradient with respect to the images. "
            f"Received: one {found}"
        )
