"""Directions to all classes that a classifier sees."""

import warnings

import numpy as np

from keras_genzoo.latent.classifier_view import ClassifierView
from keras_genzoo.latent.codes import check_movable
from keras_genzoo.latent.finding import LEAST, boundary, seen_codes


def class_directions(model, classifier, num_samples=2000, seed=0, from_logits=True, batch_size=100, **conditions):
    """`find_direction` for each class of a classifier, from the same codes.

    Args:
        model: A model with codes.
        classifier: As for `keras_genzoo.latent.edit`, of classes that exclude each other.
        num_samples: Codes that are labelled, at least 10.
        seed: Seed of the codes.
        from_logits: As for `edit`.
        batch_size: Images in one pass, at least 1.
        **conditions: As for `find_direction`: of a model with classes, one class for all codes.

    Returns:
        Dict of directions `(latent_dim,)` by the name of the class, or its number where the classifier knows no names.
        A class that fewer than 10 codes show, or all but fewer than 10, is left out with a warning.

    Raises:
        ValueError: If an argument is out of its range, no class is left, or a model's own classes decide what is seen.
    """
    check_movable(model)
    view = ClassifierView(model, classifier, from_logits)
    z, logits, given = seen_codes(model, view, num_samples, seed, batch_size, conditions)
    counts = np.bincount(logits.argmax(axis=-1), minlength=view.num_outputs)
    names = getattr(classifier, "class_names", None) or [str(number) for number in range(view.num_outputs)]
    left = [number for number, count in enumerate(counts) if min(count, num_samples - count) >= LEAST]
    if not left:
        raise ValueError(
            f"Expected at least {LEAST} of {num_samples} codes on both sides of a class. Received: {counts.tolist()} "
            "codes that show each class"
        )
    if len(left) < len(counts):
        rare = ", ".join(str(names[number]) for number in range(len(counts)) if number not in left)
        warnings.warn(
            f"No direction to {rare}: fewer than {LEAST} of {num_samples} codes are on one side", stacklevel=2
        )
    return {str(names[number]): boundary(z, logits.argmax(axis=-1) == number, given) for number in left}
