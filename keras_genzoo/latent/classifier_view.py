"""Classifiers of any kind, as edits and directions see them."""

import re

import keras
import numpy as np
from keras import ops

from keras_genzoo.latent.classifier_checks import check_kind, check_outputs, check_range, check_takes, probes
from keras_genzoo.utils.checks import check_flag
from keras_genzoo.utils.text import counted

_COLOUR = re.compile(r"\x1b\[\d+m")


class ClassifierView:
    """A classifier as the edits see it: from float images in [0, 1] to logits.

    Args:
        model: The model whose images it sees.
        classifier: See `edit`.
        from_logits: See `edit`.
        exclusive: See `edit`.
    """

    def __init__(self, model, classifier, from_logits=True, exclusive=True):
        check_flag(from_logits=from_logits, exclusive=exclusive)
        model.values.check_images("edits by a classifier")
        check_takes(model, classifier)
        self.classifier, self.from_logits, self.exclusive = classifier, from_logits, exclusive
        self.images = probes(model)
        outputs = ops.convert_to_numpy(self._tried(self.images))
        check_outputs(outputs, len(self.images), exclusive)
        self.num_outputs = int(outputs.shape[1])
        check_kind(self, self.images, outputs)
        check_range(self, self.images[4:])  # those of the model

    def _tried(self, images):
        """Outputs of the first call, which fails with one sentence."""
        try:
            given = self.classifier(ops.convert_to_tensor(images))
        except Exception as error:  # a classifier may be any function
            raise ValueError(
                f"Expected a classifier of float images {images.shape[1:]}. Received: one that fails for them "
                f"({type(error).__name__}: {_reason(error)})"
            ) from error
        return _one_tensor(given)

    def outputs(self, images):
        """What the classifier gives for float images in [0, 1], float32 `(n, outputs)`."""
        return _one_tensor(self.classifier(images))

    def logits(self, images):
        """Tensor `(n, outputs)` for float images in [0, 1]."""
        outputs = self.outputs(images)
        if self.from_logits:
            return outputs
        logs = ops.log(ops.maximum(outputs, 1e-30))
        return logs if self.exclusive else logs - ops.log(ops.maximum(1.0 - outputs, 1e-6))

    def log_probability(self, logits, target):
        """Logarithm of the probability of the targets, `(n,)`."""
        if self.exclusive:
            return -keras.losses.sparse_categorical_crossentropy(target, logits, from_logits=True)
        return -ops.softplus(-ops.take_along_axis(logits, target[:, None], axis=-1)[:, 0])

    def targets(self, target, num):
        """Targets as int32 `(num,)`."""
        values = np.asarray(target)
        if values.dtype.kind not in "iu" or values.ndim > 1 or (values.ndim and len(values) != num):
            raise ValueError(
                f"Expected target as an integer, or one for each of {counted(num, 'codes')}. "
                f"Received: target={target!r}"
            )
        if values.min() < 0 or values.max() >= self.num_outputs:
            raise ValueError(f"Expected target in 0..{self.num_outputs - 1}. Received: target={target!r}")
        return np.broadcast_to(values, (num,)).astype("int32")


def _reason(error):
    """The line of an error that says what is wrong, without what Keras says of the place, and its colours."""
    lines = [_COLOUR.sub("", line).strip() for line in str(error).splitlines()]
    return next((line for line in lines if line and not line.startswith("Exception encountered")), "")


def _one_tensor(given):
    """The outputs of a classifier among all that it gives: `logits` in a dict, or what is given alone."""
    outputs = given
    if isinstance(given, dict):
        outputs = next(iter(given.values())) if len(given) == 1 else given.get("logits", given)
    if not hasattr(outputs, "shape"):
        kind = type(given).__name__ + (f" of {', '.join(map(repr, given))}" if isinstance(given, dict) else "")
        raise ValueError(f"Expected a classifier that gives one tensor. Received: a {kind}")
    return ops.cast(outputs, "float32")
