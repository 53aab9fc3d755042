"""Conditions of `generate` on the command line: `--labels cat,dog` and `--condition name=value`."""

import numpy as np

from keras_genzoo.utils.text import nearest


def read_conditions(model, labels=None, settings=None):
    """Values of conditions from the texts of a command line.

    Args:
        model: The model, which declares its conditions.
        labels: Value of the condition `labels`; `None` if it is not given.
        settings: List of texts `name=value`; `None` if there are none. The value of a class condition is one class or
            several, separated by commas, each by number or name. The value of a real condition is one number, or all
            numbers of an image, separated by commas.

    Returns:
        Dict of arrays by name. Image i takes row `i % len(array)`.

    Raises:
        ValueError: If the model has no such condition, or a value does not fit it.
    """
    texts = [("labels", labels)] if labels is not None else []
    for setting in settings or []:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise ValueError(f"Expected a condition as name=value. Received: {setting!r}")
        texts.append((name, value))
    known = {condition.name: condition for condition in model.conditions}
    found = {}
    for name, text in texts:
        if name not in known:
            hint = nearest(name, known) if known else "it takes none."
            raise ValueError(f"Expected a condition of {model.model_name}; {hint} Received: {name}={text}")
        if name in found:
            raise ValueError(f"Expected each condition once. Received: {name} twice")
        found[name] = _values(known[name], text)
    return found


def check_used(conditions, num):
    """Raises `ValueError` if a condition has values that none of the first `num` images takes."""
    for name, values in conditions.items():
        if len(values) > num:
            raise ValueError(f"Expected at most {num} of {name}, one per image. Received: {len(values)}")


def rows_of(conditions, start, num):
    """Values for images `start` to `start + num - 1`: dict of arrays by name, as `generate` takes them."""
    rows = np.arange(start, start + num)
    return {name: values[rows % len(values)] for name, values in conditions.items()}


def columns_of(conditions):
    """Columns of a grid in which images of one class stand in one column, at most 20; `None` without classes."""
    counts = [len(values) for values in conditions.values() if values.ndim == 1]
    if not counts or counts[0] > 20:
        return None
    return counts[0] * max(1, 8 // counts[0])


def _values(condition, text):
    """Checked values of a condition, one row per image."""
    if not hasattr(condition, "num_classes"):
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            raise ValueError(
                f"Expected numbers for {condition.name}, separated by commas. Received: {text!r}"
            ) from None
        return condition.check(numbers, 1)
    whole = text in (condition.class_names or ())  # a name may have a comma in it
    return condition.check([text] if whole else [part.strip() for part in text.split(",")])
