"""Classifiers of any kind, as edits and directions see them."""

import keras
import numpy as np
from keras import ops

from keras_genzoo.utils.checks import check_flag


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
        if not callable(classifier):
            raise ValueError(f"Expected a classifier of images. Received: {type(classifier).__name__}")
        self.classifier, self.from_logits, self.exclusive = classifier, from_logits, exclusive
        shape = getattr(classifier, "image_shape", None) or getattr(classifier, "input_shape", (None,))
        if not isinstance(shape, tuple):
            raise ValueError(f"Expected a classifier of images alone. Received: one of several inputs, {shape!r}")
        shape = shape if hasattr(classifier, "image_shape") else shape[1:]
        wanted = model.image_shape if shape else ()
        if len(shape) != len(wanted) or any(h not in (None, w) for h, w in zip(shape, wanted, strict=True)):
            raise ValueError(
                f"Expected a classifier of images of shape {model.image_shape}. Received: one of shape {tuple(shape)}"
            )
        noise = np.random.default_rng(0).random((4, *model.image_shape), dtype="float32")
        noise[:2] = np.arange(2)[:, None, None, None]  # a dark image and a light one
        outputs = self._outputs(noise)
        if len(outputs.shape) != 2 or outputs.shape[0] != 4 or outputs.shape[1] < (2 if exclusive else 1):
            least = "at least 2 classes" if exclusive else "features"
            raise ValueError(
                f"Expected a classifier that gives (n, outputs), {least}. Received: {tuple(outputs.shape)}"
            )
        self.num_outputs = int(outputs.shape[1])
        self._check_kind(ops.convert_to_numpy(outputs))

    def _outputs(self, images):
        outputs = self.classifier(images)
        if isinstance(outputs, dict):
            outputs = outputs.get("logits", next(iter(outputs.values())))
        if not hasattr(outputs, "shape"):
            raise ValueError(f"Expected a classifier that gives one tensor. Received: a {type(outputs).__name__}")
        return ops.cast(outputs, "float32")

    def _check_kind(self, outputs):
        inside = ((outputs >= 0.0) & (outputs <= 1.0)).all()
        sums = np.allclose(outputs.sum(axis=-1), 1.0, atol=1e-2)
        if self.from_logits and inside and (sums or not self.exclusive):
            of_classes = " with the sum 1" * self.exclusive
            raise ValueError(
                f"Expected logits, or from_logits=False. Received: outputs in 0..1{of_classes}, of probabilities"
            )
        if not self.from_logits and not (inside and (sums or not self.exclusive)):
            wanted = "probabilities in 0..1" + " with the sum 1" * self.exclusive
            raise ValueError(
                f"Expected {wanted}, or from_logits=True. Received: values {outputs.min():g}..{outputs.max():g}"
            )

    def logits(self, images):
        """Tensor `(n, outputs)` for float images in [0, 1]."""
        outputs = self._outputs(images)
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
                f"Expected target as an integer, or one for each of {num} codes. Received: target={target!r}"
            )
        if values.min() < 0 or values.max() >= self.num_outputs:
            raise ValueError(f"Expected target in 0..{self.num_outputs - 1}. Received: target={target!r}")
        return np.broadcast_to(values, (num,)).astype("int32")
